/** Whether requested values of messages exist: a typing error prints nothing, just as a lost message does. */
import { grouped } from "../bytes/grouped.ts";
import { printable } from "../bytes/printable.ts";
import type { Message } from "../messages/message.ts";
import type { MessageFilterOptions } from "../messages/message-filter.ts";
import type { Report } from "../report/report.ts";
import { channelsOf, takesConnection } from "../report/selection.ts";
import { NearestName } from "./nearest-name.ts";

type ValuesOf = (message: Message) => readonly (string | null)[];

/** Options that name a part of a message, the word for it, and its value in a message. */
const NAMED: readonly [option: keyof MessageFilterOptions, what: string, valuesOf: ValuesOf][] = [
  ["messageId", "message id", ({ messageId }) => [messageId]],
  ["trace", "trace id", ({ traceId }) => [traceId]],
  [
    "follow",
    "message, correlation or trace id",
    ({ messageId, correlationId, traceId }) => [messageId, correlationId, traceId],
  ],
  ["exchange", "exchange", ({ exchange }) => [exchange]],
  ["routingKey", "routing key", ({ routingKey }) => [routingKey]],
  ["queue", "queue", ({ queue }) => [queue]],
];

interface Asked {
  value: string;
  what: string;
  valuesOf: ValuesOf;
  nearest: NearestName;
}

export class AskedValues {
  /** What was requested, and was not seen so far. */
  #unseen: Asked[];
  #messages = 0;
  readonly #options: MessageFilterOptions;

  constructor(options: MessageFilterOptions) {
    this.#options = options;
    this.#unseen = NAMED.flatMap(([option, what, valuesOf]) => {
      const wanted = options[option];
      const values = wanted === undefined ? [] : [wanted].flat();
      return values.map(each => ({ value: String(each), what, valuesOf, nearest: new NearestName(String(each)) }));
    });
  }

  /** A message of the input, shown or not. */
  see(message: Message): void {
    this.#messages++;
    if (this.#unseen.length === 0) return;
    this.#unseen = this.#unseen.filter(({ value, valuesOf, nearest }) => {
      const values = valuesOf(message);
      if (values.includes(value)) return false;
      for (const each of values) if (each !== null) nearest.see(each);
      return true;
    });
  }

  /**
   * A sentence for each value that no message has, each user and virtual host that no connection has, and each channel
   * without frames. Channels are known if the reading was asked for them.
   */
  absent(report: Report): string[] {
    const { connections } = report;
    const { user = [], vhost = [] } = this.#options;
    const among = this.#messages === 1 ? "the 1 message" : `${grouped(this.#messages)} messages`;
    return [
      ...this.#unseen.map(
        ({ value, what, nearest }) => `no message has the ${what} "${shown(value)}" among ${among}${hint(nearest)}`,
      ),
      ...absentOf(
        "user",
        user,
        connections.map(({ user }) => user),
      ),
      ...absentOf(
        "virtual host",
        vhost,
        connections.map(({ virtualHost }) => virtualHost),
      ),
      ...absentChannels(report, this.#options),
    ];
  }
}

/**
 * A sentence for each channel without a frame, of the connections that are asked for by themselves. A broken frame
 * counts, and so does a frame that was found in broken octets.
 */
export function absentChannels({ connections, findings }: Report, options: MessageFilterOptions): string[] {
  const { channel: wanted = [], connection: names } = options;
  const asked = connections.filter(each => takesConnection(each, options));
  // The names are not there: that is an error of its own.
  if (asked.length === 0 && connections.length > 0) return [];
  const ids = new Set(asked.map(({ id }) => id));
  const known = new Set(asked.flatMap(({ channels = [] }) => channels));
  for (const finding of findings) {
    if (ids.has(finding.connection ?? "")) for (const each of channelsOf(finding)) known.add(each);
  }
  const of = names === undefined ? "" : ` of ${names.map(shown).join(", ")}`;
  return wanted
    .filter(channel => !known.has(channel))
    .map(channel => {
      const nearest = new NearestName(String(channel));
      for (const each of known) nearest.see(String(each));
      return `no frame${of} was seen on channel ${channel}${hint(nearest)}`;
    });
}

function absentOf(what: string, wanted: readonly string[], known: readonly (string | undefined)[]): string[] {
  return wanted
    .filter(value => !known.includes(value))
    .map(value => {
      const nearest = new NearestName(value);
      for (const each of known) if (each !== undefined) nearest.see(each);
      return `no connection is of the ${what} "${shown(value)}" among ${grouped(known.length)}${hint(nearest)}`;
    });
}

function hint({ name }: NearestName): string {
  return name === null ? "" : `: the nearest is "${shown(name)}"`;
}

function shown(text: string): string {
  return printable(text, MAX_SHOWN);
}

const MAX_SHOWN = 100;
