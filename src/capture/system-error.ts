/** What errors of the operating system mean, in words that a user can act on: the one place for them. */
import { printable } from "../bytes/printable.ts";

const OF_ANY: Readonly<Record<string, string>> = {
  ELOOP: "the path leads through too many symbolic links",
  ENAMETOOLONG: "the path is too long",
  EMFILE: "too many files are open: this process may open no more (ulimit -n)",
  ENFILE: "too many files are open on this machine",
  ENOMEM: "there is no memory left",
  EIO: "the device failed (EIO)",
  ENXIO: "there is no such device",
  EROFS: "the file system is read-only",
  ETXTBSY: "it is being run",
  EBUSY: "it is in use",
};

const MEANINGS = {
  read: {
    ...OF_ANY,
    ENOENT: "no such file",
    ENOTDIR: "no such file: a part of the path is not a directory",
    EISDIR: "is a directory",
    EACCES: "permission to read it is denied",
    EPERM: "permission to read it is denied",
  },
  write: {
    ...OF_ANY,
    ENOENT: "nothing can be made there",
    EACCES: "permission is denied",
    EPERM: "permission is denied",
    EISDIR: "it is a directory",
    ENOTDIR: "a part of the path is not a directory",
    EEXIST: "a part of the path is not a directory",
    ENOSPC: "there is no space left",
    EDQUOT: "the disk quota is used up",
    EFBIG: "the file would be too large",
    EBADF: "it is closed",
  },
  start: {
    ...OF_ANY,
    ENOENT: "no such command",
    EACCES: "it may not be executed",
    ENOEXEC: "it is no program of this system",
    E2BIG: "its arguments are too long",
    EAGAIN: "there are too many processes",
    ERR_INVALID_ARG_VALUE: "expected the name of a command",
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

/** What a code of errno (or of Node) means on reading, writing or starting something; null for an unknown code. */
export function meaningOf(code: string, doing: keyof typeof MEANINGS): string | null {
  const meanings: Readonly<Record<string, string>> = MEANINGS[doing];
  return Object.hasOwn(meanings, code) ? meanings[code]! : null;
}

/** The code of an error of the operating system or of Node: `ENOENT`. Empty where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The reason of a failed handshake, without the memory addresses and source lines of OpenSSL's own message. */
export function tlsReason(error: Error): string {
  const reason = "reason" in error && typeof error.reason === "string" ? error.reason : error.message;
  const code = codeOf(error);
  const text = printable(reason, 200);
  return code === "" || text.includes(code) ? text : `${text} (${code})`;
}

/** Codes of OpenSSL's and Node's errors of TLS: a record that is none, a certificate that is not trusted. */
const OF_TLS =
  /^(?:ERR_SSL|ERR_TLS|EPROTO$|CERT_|CRL_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|HOSTNAME_)/;

export function isOfTls(error: Error): boolean {
  return OF_TLS.test(codeOf(error));
}

/**
 * The sentence, without a full stop, for an unexpected error of the operating system, with the path that it names. Null
 * if the error is not the operating system's.
 */
export function systemSentence(error: unknown): string | null {
  const code = codeOf(error);
  if (!(error instanceof Error) || !("syscall" in error)) return null;
  if (error.syscall === "uv_cwd") return "the working directory is gone: change to another one";
  const meaning = meaningOf(code, error.syscall === "write" ? "write" : "read");
  const path = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return `${path}${meaning ?? error.message}`;
}
