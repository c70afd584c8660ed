/** `doctor`'s checks of this machine: Node, programs that capture and whether they may, /proc. Nothing is changed. */
import { execFile } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { printable } from "../bytes/printable.ts";

/** One line of the answer. */
export interface Check {
  state: "ok" | "warn" | "fail";
  /** What was checked: "node", "capture", the name of a file. */
  what: string;
  /** What was found, in one sentence without a full stop. */
  found: string;
  /** What to do; "" if there is nothing to do. */
  todo: string;
}

/** The questions to the machine, so that tests can answer. */
export interface Machine {
  platform: NodeJS.Platform;
  nodeVersion: string;
  /** The user's number; null if there is none. */
  uid: number | null;
  /** Where a program is; null if it is not in the path. */
  program: (name: string) => string | null;
  /** Text of a file; null if it cannot be read. */
  text: (path: string) => string | null;
  /** Whether a folder's entries can be listed. */
  lists: (path: string) => boolean;
  /** What a program prints; null if it cannot be run. */
  output: (program: string, args: readonly string[]) => Promise<string | null>;
}

const OLDEST_NODE = [20, 19] as const;
/** Bits of Linux's capabilities that capturing needs. */
const CAP_NET_RAW = 13n;
/** Milliseconds for a program's answer. */
const PROGRAM_TIMEOUT = 3000;

export async function machineChecks(machine: Machine): Promise<Check[]> {
  return [node(machine), ...(await capturing(machine)), ...proc(machine)];
}

function node({ nodeVersion }: Machine): Check {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  const [least, lesser] = OLDEST_NODE;
  const isOld = major < least || (major === least && minor < lesser);
  return isOld
    ? { state: "fail", what: "node", found: `Node ${nodeVersion}`, todo: `Use Node ${least}.${lesser} or later.` }
    : { state: "ok", what: "node", found: `Node ${nodeVersion}`, todo: "" };
}

async function capturing(machine: Machine): Promise<Check[]> {
  const { platform, uid } = machine;
  const found = ["dumpcap", "tcpdump"].flatMap(name => {
    const path = machine.program(name);
    return path === null ? [] : [{ name, path }];
  });
  if (found.length === 0) {
    const todo = "Install tcpdump or Wireshark, or capture with: ghostframe proxy --record DIR.";
    return [{ state: "warn", what: "capture", found: "neither dumpcap nor tcpdump is in the path", todo }];
  }
  const names = found.map(({ name }) => name).join(" and ");
  if (uid === 0) return [{ state: "ok", what: "capture", found: `${names}, as root`, todo: "" }];
  if (platform !== "linux") {
    const todo = "Capture as an administrator, or with Wireshark's own set-up.";
    return [{ state: "warn", what: "capture", found: `${names}; whether this user may capture is not known`, todo }];
  }
  if (hasNetRaw(machine)) return [{ state: "ok", what: "capture", found: `${names}, with CAP_NET_RAW`, todo: "" }];
  for (const { name, path } of found) {
    const said = await machine.output("getcap", [path]);
    if (said?.includes("cap_net_raw")) return [{ state: "ok", what: "capture", found: `${name}, which may`, todo: "" }];
  }
  const todo = `Capture with sudo, or once: sudo setcap cap_net_raw,cap_net_admin+ep ${found[0]!.path}`;
  return [{ state: "warn", what: "capture", found: `${names}, but this user may not capture`, todo }];
}

function hasNetRaw({ text }: Machine): boolean {
  const mask = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(text("/proc/self/status") ?? "")?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> CAP_NET_RAW) & 1n) === 1n;
}

/** The proxy searches there for sockets that several processes hold. */
function proc({ platform, uid, text, lists }: Machine): Check[] {
  const what = "/proc";
  if (platform !== "linux") {
    const found = "not Linux: the proxy cannot see which processes share a socket";
    return [{ state: "warn", what, found, todo: "Run the proxy on Linux where that matters." }];
  }
  if (text("/proc/net/tcp") === null) {
    return [{ state: "warn", what, found: "/proc/net/tcp cannot be read", todo: "Mount /proc where the proxy runs." }];
  }
  if (uid === 0 || lists("/proc/1/fd")) return [{ state: "ok", what, found: "readable, for all users", todo: "" }];
  const todo = "Run the proxy as root where clients of other users may share sockets.";
  return [{ state: "warn", what, found: "only this user's processes can be looked into", todo }];
}

export const thisMachine: Machine = {
  platform: process.platform,
  nodeVersion: process.version,
  uid: process.getuid?.() ?? null,
  program: name => {
    const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"].filter(
      folder => folder !== "",
    );
    const ending = process.platform === "win32" ? ".exe" : "";
    return folders.map(folder => join(folder, name + ending)).find(isProgram) ?? null;
  },
  text: path => attempt(() => readFileSync(path, "utf8")),
  lists: path => attempt(() => readdirSync(path)) !== null,
  output: (program, args) =>
    new Promise(resolve => {
      execFile(program, [...args], { timeout: PROGRAM_TIMEOUT }, (error, stdout) =>
        resolve(error === null ? printable(stdout, 400) : null),
      );
    }),
};

function isProgram(path: string): boolean {
  return attempt(() => accessSync(path, constants.X_OK)) !== null;
}

/** Null if it fails; "cannot be read" is an answer. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
