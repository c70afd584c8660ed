/** An input that could not be read, or not to its end: our own failure, and not a finding about the traffic. */
export class InputError extends Error {
  override name = "InputError";
  /** The path as it was given; "standard input" for `-`. */
  readonly path: string;
  /** What is wrong, without the path. */
  readonly problem: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options);
    this.path = path;
    this.problem = problem;
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file: a part of the path is not a directory",
  EISDIR: "is a directory",
  EACCES: "permission to read it is denied",
  EPERM: "permission to read it is denied",
  ELOOP: "leads through too many symbolic links",
  ENAMETOOLONG: "the path is too long",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EIO: "the device failed while reading (EIO)",
};

/** Wraps an error of the operating system (or of Node) in words that a user can act on; `expected` is what was wanted. */
export function inputErrorOf(path: string, cause: unknown, expected = "a capture file"): InputError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const problem = PROBLEMS[code] ?? `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new InputError(path, code === "EISDIR" ? `${problem}, expected ${expected}` : problem, { cause });
}
