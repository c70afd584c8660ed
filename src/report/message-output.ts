import type { ConnectionFacts } from "../messages/ledger-context.ts";
import type { CallFacts } from "../messages/ledger-sink.ts";
import type { Message, MessageConnection } from "../messages/message.ts";
import { MessageFilter, type MessageFilterOptions } from "../messages/message-filter.ts";
import { type MessageRecord, messageJson, messageRecord } from "./message-record.ts";
import type { Report } from "./report.ts";

/** Messages that wait for the id of the finding that cost them; beyond this, the finding is left out. */
const MAX_WAITING = 10_000;

/** Receives every message when its outcome is known: publishes, deliveries, and what basic.get brought. */
export interface MessageReaders {
  onMessage?: (message: MessageRecord) => void;
  /** The same as JSON, a line without its line feed: quicker if that is all that is needed. */
  onMessageLine?: (line: string) => void;
  /** As the ledger keeps them: nothing is masked. `finding`: id of the finding that cost it. */
  onMessageFacts?: (message: Message, finding?: string) => void;
  /** Called with other facts on each connection, when it is over. */
  onConnectionFacts?: (connection: ConnectionFacts) => void;
  /** Called with each synchronous method of a channel when it is answered. */
  onCallFacts?: (call: CallFacts) => void;
  /** Called with every message of the input, as the ledger keeps it, wanted or not. */
  onAnyMessage?: (message: Message) => void;
  /** Only these. */
  messages?: MessageFilterOptions;
  /**
   * Connections that `messages` leaves out are not followed, which saves most of the time. Then a message's counterpart on
   * such a connection is unknown, too.
   */
  onlyTheirConnections?: boolean;
}

/** Hands messages out. Those that an incident cost wait for its id, which findings get when the report is made. */
export class MessageOutput {
  readonly #readers: MessageReaders;
  readonly #waiting: Message[] = [];

  readonly #filter: MessageFilter;

  constructor(readers: MessageReaders) {
    this.#readers = readers;
    this.#filter = new MessageFilter(readers.messages ?? {});
  }

  get isWanted(): boolean {
    const { onMessage, onMessageLine, onMessageFacts, onConnectionFacts, onCallFacts, onAnyMessage } = this.#readers;
    const readers = [onMessage, onMessageLine, onMessageFacts, onConnectionFacts, onCallFacts, onAnyMessage];
    return readers.some(each => each !== undefined);
  }

  /** Whether the messages of a connection matter, as far as is known of it before its first frame. */
  follows(connection: MessageConnection): boolean {
    return this.#readers.onlyTheirConnections !== true || this.#filter.mayTake(connection);
  }

  take(message: Message): void {
    this.#readers.onAnyMessage?.(message);
    if (!this.isWanted || !this.#filter.takes(message)) return;
    if (message.incident === null || this.#waiting.length >= MAX_WAITING) this.#write(message);
    else this.#waiting.push(message);
  }

  takeConnection(connection: ConnectionFacts): void {
    this.#readers.onConnectionFacts?.(connection);
  }

  takeCall(call: CallFacts): void {
    if (this.#readers.onCallFacts !== undefined && this.#filter.takesCall(call)) this.#readers.onCallFacts(call);
  }

  /** The report is made: emits the messages that waited for it. */
  finish(findings: Report["findings"]): void {
    const findingOf = findingsByIncident(findings);
    for (const message of this.#waiting.splice(0)) this.#write(message, findingOf(message));
  }

  #write(message: Message, finding?: string): void {
    this.#readers.onMessageFacts?.(message, finding);
    this.#readers.onMessage?.(messageRecord(message, finding));
    this.#readers.onMessageLine?.(messageJson(message, finding));
  }
}

/** For a message that an incident cost: the id of its finding, if the report has it. */
export function findingsByIncident(findings: Report["findings"]): (message: Message) => string | undefined {
  const ids = new Map(
    findings.map(({ id, connection, direction, rule, streamOffset }) => [
      `${connection} ${direction} ${rule} ${streamOffset}`,
      id,
    ]),
  );
  return ({ connection, incident }) => {
    const [rule, side, streamOffset] = incident?.split(" ") ?? [];
    const direction = side === String(connection.inspected.amqp.client) ? "client-to-server" : "server-to-client";
    return ids.get(`c${connection.number} ${direction} ${rule} ${streamOffset}`);
  };
}
