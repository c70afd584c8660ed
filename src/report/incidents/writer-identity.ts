/** A writer's own name: the header of its messages that names a thread, a process, a worker. */
import type { Writer } from "../report.ts";

export interface WriterIdentity {
  /** Name of the header. */
  header: string;
  /** Its values, in the order in which they appear; several if one letter stands for several. */
  names: string[];
}

/** Headers that name the writer, the most specific first. */
const IDENTIFYING = [/thread/i, /\bpid\b|process/i, /worker/i, /^task$|host/i];

/** Null if its messages do not show it. */
export function writerIdentity({ messages }: Pick<Writer, "messages">): WriterIdentity | null {
  const headers = messages.flatMap(message => Object.keys(message.headers));
  for (const pattern of IDENTIFYING) {
    const header = headers.find(name => pattern.test(name));
    if (header === undefined) continue;
    const values = messages.map(message => message.headers[header]).filter(value => value !== undefined);
    return { header, names: [...new Set(values)] };
  }
  return null;
}

/** Its one name; its letter if it has none, or several. */
export function writerName(writer: Pick<Writer, "name" | "messages">): string {
  const identity = writerIdentity(writer);
  return identity?.names.length === 1 ? identity.names[0]! : writer.name;
}
