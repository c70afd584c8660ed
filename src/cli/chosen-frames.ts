/** The frames of messages and connections chosen by properties that are known only after all was read once. */
import type { ObservedDirection } from "../connection/observers.ts";
import { type InspectOptions, inspect } from "../inspect.ts";
import type { Message } from "../messages/message.ts";
import { choosesMessages, isPlain, type MessageFilterOptions } from "../messages/message-filter.ts";
import type { Report } from "../report/report.ts";
import { takesConnection } from "../report/selection.ts";
import { AskedValues } from "./asked-values.ts";
import { UsageError } from "./usage-error.ts";

/** Messages whose frames are remembered. */
const MAX_CHOSEN = 1 << 20;

/** Stretches of one direction's stream, of one channel: each from its first octet to the one behind its last. */
interface Stretches {
  readonly spans: (readonly [from: number, to: number])[];
  /** The first that is not before the frames seen so far, which come in the order of the stream. */
  next: number;
}

export class ChosenFrames {
  /** A sentence for each requested value that nothing has. */
  absent: readonly string[] = [];
  readonly #byMessage: boolean;
  readonly #connections = new Set<number>();
  /** By connection, side and channel. */
  readonly #stretches = new Map<string, Stretches>();
  #count = 0;

  private constructor(options: MessageFilterOptions) {
    this.#byMessage = choosesMessages(options);
  }

  /** Reads the captures. Throws a UsageError if more is chosen than can be remembered. */
  static async read(
    paths: readonly string[],
    captures: InspectOptions,
    options: MessageFilterOptions,
  ): Promise<ChosenFrames> {
    const chosen = new ChosenFrames(options);
    const asked = new AskedValues(options);
    const onMessageFacts = (message: Message): void => chosen.#add(message);
    const readers = { messages: options, onMessageFacts, onAnyMessage: (message: Message) => asked.see(message) };
    const { channel: channels } = options;
    const report = await inspect(paths, { ...captures, channels, explain: false, ...readers });
    chosen.#conclude(report, options);
    chosen.absent = asked.absent(report);
    return chosen;
  }

  /** Whether connection c`number` has some of them. */
  takesConnection(number: number): boolean {
    return this.#connections.has(number);
  }

  /** Whether a frame that begins where the direction's scanner stands is one of them. */
  takes({ connection, side, scanner }: ObservedDirection, channel: number): boolean {
    if (!this.#byMessage) return this.#connections.has(connection);
    const stretches = this.#stretches.get(`${connection} ${side} ${channel}`);
    if (stretches === undefined) return false;
    const { spans } = stretches;
    while (stretches.next < spans.length && spans[stretches.next]![1] <= scanner.frameOffset) stretches.next++;
    const span = spans[stretches.next];
    return span !== undefined && span[0] <= scanner.frameOffset;
  }

  #add({ operation, connection, channel, streamOffset, endOffset }: Message): void {
    if (!this.#byMessage) return;
    if (++this.#count > MAX_CHOSEN) throw new UsageError(`more than ${MAX_CHOSEN} messages are chosen: choose fewer`);
    const { client } = connection.inspected.amqp;
    const key = `${connection.number} ${operation === "publish" ? client : 1 - client} ${channel}`;
    const stretches = this.#stretches.get(key) ?? { spans: [], next: 0 };
    // If a message did not come whole, its first frame is known.
    stretches.spans.push([streamOffset, Math.max(endOffset, streamOffset + 1)]);
    this.#stretches.set(key, stretches);
  }

  #conclude({ connections }: Report, options: MessageFilterOptions): void {
    for (const [key, { spans }] of this.#stretches) {
      spans.sort(([one], [other]) => one - other);
      this.#connections.add(Number(key.split(" ")[0]));
    }
    if (this.#byMessage) return;
    for (const connection of connections) {
      if (takesConnection(connection, options)) this.#connections.add(Number(connection.id.slice(1)));
    }
  }
}

/** Whether the choice needs all to be read: all but numbers and addresses of connections, channels and times. */
export function choosesByContent(options: MessageFilterOptions): boolean {
  const { connection, user, vhost } = options;
  const byName = connection?.some(name => !isPlain(name)) === true;
  return byName || user !== undefined || vhost !== undefined || choosesMessages(options);
}
