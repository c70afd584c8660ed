import { jsonLine } from "./json.ts";
import type { MessageRecord } from "./message-record.ts";

/**
 * Microseconds that a mark lasts: marks of a thread must not overlap, and times differ by at least that much. So long
 * after 1970 a double has no finer steps.
 */
const MARK = 0.25;

/**
 * `messages --format perfetto`: the Trace Event format, in JSON, which ui.perfetto.dev and chrome://tracing open. A
 * connection is a process, a channel a thread with a mark a message; a span of its own lasts until the message is
 * settled. Arrows lead from a publish to its deliveries, if these are known.
 */
export class MessageTrace {
  readonly begin = '{"displayTimeUnit":"ns","traceEvents":[\n';
  readonly end = "\n]}\n";
  readonly #named = new Set<string>();
  #events = 0;

  /** The events of a message, with what separates them from those before. */
  event(record: MessageRecord): string {
    const { connection, channel, operation, outcome, latency } = record;
    const place = { pid: Number(connection.slice(1)), tid: channel };
    const ts = microseconds(record.time);
    const name = `${operation} ${record.exchange === "" ? record.routingKey : record.exchange}`;
    const { schema: _, time: __, ...args } = record;
    const events: object[] = [
      ...this.#names(connection, place),
      { ph: "X", name, cat: "message", ts, dur: MARK, ...place, args },
    ];
    const isPublish = operation === "publish";
    const from = isPublish ? record : record.publish;
    if (from !== undefined) {
      events.push({
        ph: isPublish ? "s" : "f",
        ...(isPublish ? {} : { bp: "e" }),
        name: "message",
        cat: "message",
        id: `${from.connection} ${from.channel} ${from.streamOffset}`,
        ts,
        ...place,
      });
    }
    if (latency !== undefined) {
      const span = {
        name: `channel ${channel}: ${operation}, ${outcome}`,
        cat: "settled",
        id: `${this.#events}`,
        ...place,
      };
      events.push({ ph: "b", ts, ...span }, { ph: "e", ts: ts + latency * 1e6, ...span });
    }
    const separator = this.#events === 0 ? "" : ",\n";
    this.#events += events.length;
    return separator + events.map(event => jsonLine(event)).join(",\n");
  }

  #names(connection: string, { pid, tid }: { pid: number; tid: number }): object[] {
    const names: object[] = [];
    if (!this.#named.has(connection)) names.push({ ph: "M", name: "process_name", pid, args: { name: connection } });
    this.#named.add(connection);
    const thread = `${connection} ${tid}`;
    if (!this.#named.has(thread)) {
      names.push({ ph: "M", name: "thread_name", pid, tid, args: { name: `channel ${tid}` } });
    }
    this.#named.add(thread);
    return names;
  }
}

/** Microseconds since the epoch of a time (ISO 8601, UTC): whole ones exactly, else to some hundred nanoseconds. */
function microseconds(time: string): number {
  const [whole = "", fraction = ""] = time.slice(0, -1).split(".");
  return Date.parse(`${whole}Z`) * 1000 + Number(fraction.padEnd(9, "0")) / 1000;
}
