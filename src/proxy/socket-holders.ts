/**
 * Which processes of this host hold the client's end of a connection open (Linux). /proc/net/tcp and tcp6 have the
 * number of the client's socket; the links /proc/PID/fd/* show which processes have it open. If there is more than one,
 * the connection was inherited through fork, or passed on.
 *
 * What may not be read is skipped: only root sees the open files of other users' processes. Clients on other hosts, and
 * those in a container with its own network, are not found. Nothing here throws.
 */
import { type Dir, opendirSync, readlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { endianness, networkInterfaces } from "node:os";
import { setImmediate as pause } from "node:timers/promises";
import { printable } from "../bytes/printable.ts";
import type { Endpoint } from "../report/report.ts";
import { plainAddress } from "./address.ts";
import { openSocket } from "./proc-net-tcp.ts";

export interface Holder {
  pid: number;
  /** The process's name and, if it is clearly visible, its script: `ruby worker.rb`. No other arguments. */
  command: string;
}

/** A connection whose holders are searched for: see `RelayedConnection`. */
export interface HeldConnection {
  number: number;
  client: Endpoint;
  listener: Endpoint;
}

export interface ScanLimits {
  maxProcesses: number;
  /** Open files that are read, of all processes together. */
  maxFiles: number;
  /** Octets of /proc/net/tcp, and of tcp6. */
  maxTableOctets: number;
  milliseconds: number;
}

/** A scan that reaches a limit ends there: holders may be missing from its answer, but none is wrong. */
export const SCAN_LIMITS: ScanLimits = {
  maxProcesses: 8192,
  maxFiles: 200_000,
  maxTableOctets: 32 * 1024 * 1024,
  milliseconds: 2000,
};

/**
 * Milliseconds for which processes are searched without a pause. Links are read synchronously: through the thread pool
 * that took three times the processor time.
 */
const AT_ONCE = 2;
const PIECE_OCTETS = 64 * 1024;
/** Longer than any line of the tables, or what is worth knowing of a command line. */
const MAX_LINE_CHARACTERS = 4096;
const MAX_COMMAND_COLUMNS = 64;
/** Recognised by its ending, since an argument may be anything, a password included. */
const SCRIPT = /^(?!-)[^\s=@:]*\.(?:rb|ru|py|pyc|js|mjs|cjs|ts|php|phar|pl|sh|lua|exs|jar)$/i;

/** Finds the holders of sockets. One scan at a time. */
export class SocketHolders {
  #root: string;
  #limits: ScanLimits;
  #underWay: Promise<Map<number, Holder[]>> | null = null;
  /** Link texts of the sockets found, by connection; kept, because the kernel reads a large table to find one. */
  #known: ReadonlyMap<number, string> = new Map();

  /** @param root where the proc filesystem is mounted */
  constructor(root = "/proc", limits: Partial<ScanLimits> = {}) {
    this.#root = root;
    this.#limits = { ...SCAN_LIMITS, ...limits };
  }

  /**
   * The holders of each connection's client end, in the order of their pid; none if they could not be found. While a
   * scan is running, its answer is returned, which does not have connections that came later.
   */
  scan(connections: readonly HeldConnection[]): Promise<Map<number, Holder[]>> {
    if (this.#underWay !== null) return this.#underWay;
    const scan = new Scan(this.#root, this.#limits, this.#known);
    this.#underWay = scan.run(connections).finally(() => {
      this.#underWay = null;
      this.#known = scan.links;
    });
    return this.#underWay;
  }
}

class Scan {
  /** Link texts by the number of the connection: `socket:[1341547]`. */
  readonly links = new Map<number, string>();
  readonly #known: ReadonlyMap<number, string>;
  #root: string;
  #limits: ScanLimits;
  #deadline: number;
  #files = 0;
  /** When it paused last. */
  #paused = performance.now();

  constructor(root: string, limits: ScanLimits, known: ReadonlyMap<number, string>) {
    this.#known = known;
    this.#root = root;
    this.#limits = limits;
    this.#deadline = performance.now() + limits.milliseconds;
  }

  async run(connections: readonly HeldConnection[]): Promise<Map<number, Holder[]>> {
    const found = new Map<number, Holder[]>(connections.map(({ number }) => [number, []]));
    const local = localAddresses();
    const asked = new Map<string, number>();
    for (const { number, client, listener } of connections) {
      const link = this.#known.get(number);
      if (link !== undefined) this.links.set(number, link);
      else if (isLocal(client.address, local)) asked.set(key(client, listener), number);
    }
    for (const table of ["tcp", "tcp6"]) {
      if (asked.size > 0) await this.#readTable(`${this.#root}/net/${table}`, asked);
    }
    if (this.links.size > 0) await this.#searchProcesses(found);
    for (const holders of found.values()) holders.sort((a, b) => a.pid - b.pid);
    return found;
  }

  /** Finds sockets in one of the two tables, and takes them out of `asked`. */
  async #readTable(path: string, asked: Map<string, number>): Promise<void> {
    const littleEndian = endianness() === "LE";
    for await (const line of this.#lines(path)) {
      const socket = openSocket(line, littleEndian);
      if (socket === null) continue;
      const name = key(socket.local, socket.remote);
      const number = asked.get(name);
      if (number === undefined) continue;
      this.links.set(number, `socket:[${socket.inode}]`);
      asked.delete(name);
    }
  }

  async *#lines(path: string): AsyncGenerator<string> {
    let file: FileHandle | undefined;
    try {
      file = await open(path);
      const piece = new Uint8Array(PIECE_OCTETS);
      const text = new TextDecoder("latin1");
      let rest = "";
      for (let octets = 0; octets < this.#limits.maxTableOctets && !this.#isOver(); ) {
        const { bytesRead } = await file.read(piece, 0, PIECE_OCTETS);
        if (bytesRead === 0) break;
        octets += bytesRead;
        const lines = (rest + text.decode(piece.subarray(0, bytesRead))).split("\n");
        rest = lines.pop()!.slice(0, MAX_LINE_CHARACTERS);
        yield* lines;
      }
    } catch {
      // Not Linux, or no IPv6.
    } finally {
      await file?.close().catch(() => {});
    }
  }

  async #searchProcesses(found: Map<number, Holder[]>): Promise<void> {
    const links = new Map(Array.from(this.links, ([number, link]) => [link, number]));
    let processes = 0;
    for (const name of this.#names(this.#root)) {
      // Only processes are listed here. Their threads share the open files, and are below /proc/PID/task.
      if (!/^\d{1,10}$/.test(name)) continue;
      if (++processes > this.#limits.maxProcesses) return;
      if (this.#isLong()) await this.#pause();
      const held = await this.#heldBy(name, links);
      if (held.size === 0) continue;
      const holder = { pid: Number(name), command: await this.#command(name) };
      for (const number of held) found.get(number)?.push(holder);
    }
  }

  /** The connections whose client end this process holds. */
  async #heldBy(pid: string, links: ReadonlyMap<string, number>): Promise<Set<number>> {
    const held = new Set<number>();
    const folder = `${this.#root}/${pid}/fd`;
    for (const name of this.#names(folder)) {
      if (++this.#files > this.#limits.maxFiles) break;
      const number = links.get(target(`${folder}/${name}`));
      if (number !== undefined) held.add(number);
      if (this.#isLong()) await this.#pause();
    }
    return held;
  }

  #isLong(): boolean {
    return performance.now() - this.#paused > AT_ONCE;
  }

  /** Gives way to other work of the thread. */
  async #pause(): Promise<void> {
    await pause();
    this.#paused = performance.now();
  }

  /** The names in a folder, until the time is over; none if it may not be read, or is gone. */
  *#names(path: string): Generator<string> {
    let folder: Dir | undefined;
    try {
      folder = opendirSync(path, { bufferSize: 256 });
      for (let entry = folder.readSync(); entry !== null && !this.#isOver(); entry = folder.readSync()) {
        yield entry.name;
      }
    } catch {
      // Another user's process, or one that has ended.
    } finally {
      folder?.closeSync();
    }
  }

  async #command(pid: string): Promise<string> {
    const name = (await this.#beginning(`${pid}/comm`)).trimEnd();
    const [, script] = (await this.#beginning(`${pid}/cmdline`)).split("\0", 3);
    const shown = script !== undefined && SCRIPT.test(script) ? [name, script.split("/").at(-1)] : [name];
    return printable(shown.join(" "), MAX_COMMAND_COLUMNS);
  }

  /** The first octets of a small file, as text. */
  async #beginning(path: string): Promise<string> {
    let file: FileHandle | undefined;
    try {
      file = await open(`${this.#root}/${path}`);
      const octets = new Uint8Array(MAX_LINE_CHARACTERS);
      const { bytesRead } = await file.read(octets, 0, octets.length);
      return new TextDecoder().decode(octets.subarray(0, bytesRead));
    } catch {
      return "";
    } finally {
      await file?.close().catch(() => {});
    }
  }

  #isOver(): boolean {
    return performance.now() > this.#deadline;
  }
}

/** Where a link leads; "" when it is gone. */
function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

function key(client: Endpoint, listener: Endpoint): string {
  return `${plainAddress(client.address)} ${client.port} ${plainAddress(listener.address)} ${listener.port}`;
}

function localAddresses(): Set<string> {
  try {
    const interfaces = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? []);
    return new Set(interfaces.map(({ address }) => plainAddress(address)));
  } catch {
    return new Set();
  }
}

/** All of 127.0.0.0/8 is this host; the interfaces list only one address of it. */
function isLocal(address: string, local: ReadonlySet<string>): boolean {
  const plain = plainAddress(address);
  return plain.startsWith("127.") || plain === "::1" || local.has(plain);
}
