/** Recovers the messages that broken connections lost: finds them, then reads their octets. */
import { Inspection, type InspectOptions, inspect } from "../inspect.ts";
import type { Message } from "../messages/message.ts";
import { readAll } from "../read-all.ts";
import type { Report } from "../report/report.ts";
import { KeyLog } from "../tls/key-log.ts";
import { nodeCrypto } from "../tls/node-crypto.ts";
import { Certainty } from "./certainty.ts";
import { LostOctets } from "./lost-octets.ts";
import { type LostPublish, lostPublish } from "./lost-publish.ts";
import type { MessageContent } from "./message-content.ts";

/** A message that was lost, and what was found of it. */
export interface RecoveredMessage {
  lost: LostPublish;
  /** null where none of it could be read. */
  content: MessageContent | null;
}

export interface RecoverOptions extends Omit<InspectOptions, "onMessageFacts" | "onProgress"> {
  /** Also messages that lack only the confirm: the broker may have them. */
  includeUnconfirmed: boolean;
  /** Octets read of the present file, and its size. */
  onProgress?: (path: string, octetsRead: number, totalOctets: number | null) => void;
}

export interface Recovery {
  report: Report;
  /** Publishes of which it is not known whether the broker accepted them: they are not recovered. */
  unknown: number;
  /** Messages that lack only the confirm, if they were not wanted. */
  unconfirmed: number;
}

/**
 * Reads captures, which must be files, and hands out each lost message when its last octet was read: those of one
 * connection in the order in which they were sent. Reading waits for what `take` returns.
 */
export async function recover(
  paths: readonly string[],
  options: RecoverOptions,
  take: (message: RecoveredMessage) => Promise<void>,
): Promise<Recovery> {
  const { includeUnconfirmed, ...inspecting } = options;
  const lost = new Map<string, LostPublish[]>();
  const counts = { unknown: 0, unconfirmed: 0 };
  const report = await inspect(paths, {
    ...inspecting,
    onMessageFacts: (message: Message, finding?: string) => {
      if (message.operation === "publish" && message.outcome === "unknown") counts.unknown++;
      const each = lostPublish(message, finding);
      if (each?.fate === "unconfirmed" && !includeUnconfirmed) counts.unconfirmed++;
      else if (each !== null) addTo(lost, placeOf(each.first), each);
    },
  });
  if (lost.size > 0 && options.signal?.aborted !== true) {
    const certainty = new Certainty(report);
    for (const [place, each] of lost)
      lost.set(
        place,
        each.map(publish => certainty.of(publish)),
      );
    await readLost(paths, options, report, lost, take);
  }
  return { report, ...counts };
}

async function readLost(
  paths: readonly string[],
  options: RecoverOptions,
  { inputs }: Report,
  lost: ReadonlyMap<string, readonly LostPublish[]>,
  take: (message: RecoveredMessage) => Promise<void>,
): Promise<void> {
  const { keyLogs = [], onProgress, signal, broker, decodeAs, ports, vxlanPorts } = options;
  const read: RecoveredMessage[] = [];
  const taps: LostOctets[] = [];
  const handOut = async (): Promise<void> => {
    for (const message of read.splice(0)) await take(message);
  };
  const keys = { log: new KeyLog(), crypto: nodeCrypto };
  for (const text of keyLogs) keys.log.add(text);
  const inspection = new Inspection({
    ...(broker === undefined ? {} : { broker }),
    ...(decodeAs === undefined ? {} : { decodeAs }),
    ...(ports === undefined ? {} : { ports }),
    ...(vxlanPorts === undefined ? {} : { vxlanPorts }),
    keys,
    explain: false,
    only: ({ first }) => lost.has(placeOf(first)),
    tap: ({ first }) => {
      const tap = new LostOctets(lost.get(placeOf(first))!, (each, content) => read.push({ lost: each, content }));
      taps.push(tap);
      return tap;
    },
  });
  const reading = {
    ...(signal === undefined ? {} : { signal }),
    onProgress: (path: string, octets: number, total: number | null) => {
      onProgress?.(path, octets, total);
      return read.length === 0 ? undefined : handOut();
    },
  };
  await readAll(
    paths,
    inspection,
    reading,
    inputs.map(({ packets }) => ({ from: 0, to: packets })),
  );
  if (signal?.aborted === true) return;
  for (const tap of taps) tap.finish();
  await handOut();
}

function placeOf({ input, packet }: { input: number; packet: number }): string {
  return `${input}:${packet}`;
}

function addTo<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
