/** What tshark says of a capture, as far as an AMQP inspector can be held to it. */
import { spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { startCommand } from "./command.ts";

/** Whether tshark can be run. CI must have it: there, a missing one is a failure and no reason to skip. */
export function hasTshark(): boolean {
  const found = spawnSync("tshark", ["--version"]).status === 0;
  if (found) return true;
  if (process.env.CI) throw new Error("tshark is not installed, and CI may not go without its oracle");
  process.stderr.write(
    "\nSKIPPED: test/oracle/tshark.test.ts – tshark is not installed (Debian: apt install tshark)\n\n",
  );
  return false;
}

export interface OraclePacket {
  /** Seconds since the epoch, nine digits behind the point. */
  time: string;
  captured: number;
  original: number;
}

/** One direction of one TCP connection. */
export class OracleStream {
  /** Captured payload octets, each place of the stream counted once. */
  octets = 0;
  /** Lowest offset first, no two overlap. */
  readonly #pieces: { start: number; bytes: Buffer }[] = [];

  /** Takes a segment; what is there already stays, as a receiver keeps what came first. */
  take(start: number, bytes: Buffer): void {
    let at = start;
    let rest = bytes;
    for (let i = 0; rest.length > 0 && i <= this.#pieces.length; i++) {
      const next = this.#pieces[i];
      const room = next === undefined ? rest.length : Math.max(0, Math.min(rest.length, next.start - at));
      if (room > 0) {
        this.#pieces.splice(i++, 0, { start: at, bytes: rest.subarray(0, room) });
        this.octets += room;
      }
      if (next === undefined) return;
      const behind = next.start + next.bytes.length;
      if (behind <= at) continue;
      rest = rest.subarray(Math.min(rest.length, behind - at));
      at = Math.max(at, behind);
    }
  }

  /** All of it, or null where octets are missing. */
  whole(): Buffer | null {
    let at = 0;
    for (const piece of this.#pieces) {
      if (piece.start !== at) return null;
      at += piece.bytes.length;
    }
    return Buffer.concat(this.#pieces.map(piece => piece.bytes));
  }
}

export interface OracleConnection {
  /** Ports of the end whose packet came first, and of the other one. */
  ports: readonly [number, number];
  streams: readonly [OracleStream, OracleStream];
  /** Frames by type, methods by "class.method". */
  counts: Map<string, number>;
}

export interface Oracle {
  packets: OraclePacket[];
  connections: OracleConnection[];
}

const FIELDS = [
  "frame.time_epoch",
  "frame.cap_len",
  "frame.len",
  "tcp.stream",
  "tcp.srcport",
  "tcp.dstport",
  "tcp.seq",
  "tcp.payload",
  "amqp.type",
  "amqp.method.class",
  "amqp.method.method",
] as const;

/** Runs tshark over a capture, with AMQP on these ports; `more` are options of tshark. */
export async function askTshark(
  path: string,
  amqpPorts: readonly number[],
  more: readonly string[] = [],
): Promise<Oracle> {
  // Wireshark leaves segments alone that arrive out of order, unless it is asked.
  const options = ["-n", "-r", path, "-T", "fields", "-o", "tcp.reassemble_out_of_order:TRUE"];
  const dissectors = amqpPorts.flatMap(port => ["-d", `tcp.port==${port},amqp`]);
  const fields = FIELDS.flatMap(field => ["-e", field]);
  const child = startCommand("tshark", [...options, ...more, ...dissectors, ...fields]);
  child.stdin.end();
  child.stderr.resume();
  const packets: OraclePacket[] = [];
  const connections: OracleConnection[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [time, captured, original, stream, source, destination, sequence, payload, types, classes, methods] =
      line.split("\t") as string[];
    packets.push({ time: time!, captured: Number(captured), original: Number(original) });
    if (stream === undefined || stream === "") continue;
    const ports = [Number(source), Number(destination)] as const;
    connections[Number(stream)] ??= {
      ports,
      streams: [new OracleStream(), new OracleStream()],
      counts: new Map(),
    };
    const connection = connections[Number(stream)]!;
    const side = ports[0] === connection.ports[0] ? 0 : 1;
    // Relative sequence numbers count the SYN, or what stands in its place.
    if (payload) connection.streams[side].take(Number(sequence) - 1, Buffer.from(payload, "hex"));
    for (const type of list(types)) count(connection.counts, `type ${type}`);
    const methodIds = list(methods);
    for (const [i, classId] of list(classes).entries()) count(connection.counts, `${classId}.${methodIds[i]}`);
  }
  return { packets, connections };
}

function list(field: string | undefined): string[] {
  return field ? field.split(",") : [];
}

export function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
