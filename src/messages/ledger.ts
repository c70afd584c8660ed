import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FRAME_HEARTBEAT } from "../amqp/spec/constants.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import type { FrameListener, ObservedDirection } from "../connection/observers.ts";
import type { InspectionEvent } from "../inspection/event.ts";
import { identityOf } from "../inspection/identity.ts";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import type { StreamEnd } from "../net/connection-observer.ts";
import { ConnectionLedger } from "./connection-ledger.ts";
import type { LostMessages } from "./incident-losses.ts";
import type { ConnectionFacts, LedgerContext, LedgerPart } from "./ledger-context.ts";
import type { CallFacts } from "./ledger-sink.ts";
import type { Message, MessageConnection } from "./message.ts";
import { MessageBudget } from "./message-budget.ts";
import { PublishMatches } from "./publish-matches.ts";
import { TextCache } from "./text-cache.ts";

export interface LedgerOptions {
  part?: LedgerPart;
  budget?: MessageBudget;
  /** False for connections whose messages matter to nobody. */
  follows?: (connection: MessageConnection) => boolean;
  /** Called with each connection when it is over. */
  emitConnection?: (connection: ConnectionFacts) => void;
  /** Called with each synchronous method when it is answered. */
  emitCall?: (call: CallFacts) => void;
  /** Called with the connections that must be read again from their beginning, by a ledger from the break on. */
  suspend?: (connection: MessageConnection) => void;
}

/**
 * The life line of every message: publishes with the broker's answer, deliveries with the client's settlement. It is
 * the listener of an engine's frames and a sink of its events, and reports each message once, when its outcome is
 * known.
 */
export class Ledger implements FrameListener {
  readonly wantsMessages = false;
  readonly budget: MessageBudget;
  readonly #context: LedgerContext;
  readonly #follows: (connection: MessageConnection) => boolean;
  /** By the engine's number, and open ones by connection: an encrypted connection has no number of AMQP's. */
  readonly #connections: (ConnectionLedger | undefined)[] = [];
  readonly #open = new Map<InspectedConnection, { readonly ledger: ConnectionLedger; readonly number: number }>();
  /** Lost messages of closed connections. */
  readonly #lost = new Map<InspectedConnection, LostMessages>();

  constructor(emit: (message: Message) => void, options: LedgerOptions = {}) {
    const { part = "all", budget = new MessageBudget(), suspend = () => {} } = options;
    const { emitConnection = () => {}, emitCall = () => {} } = options;
    this.budget = budget;
    this.#follows = options.follows ?? (() => true);
    const matches = part === "from-break" ? null : new PublishMatches();
    this.#context = { part, budget, texts: new TextCache(), matches, emit, emitConnection, emitCall, suspend };
  }

  /** `shownNumber`: the connection's number in reports, if that is not the engine's number. */
  take(event: InspectionEvent, shownNumber?: number): void {
    const { connection } = event;
    if (event.kind === "connection-opened") {
      const { number } = event;
      const named = { number: shownNumber ?? number, inspected: connection };
      if (!this.#follows(named)) return;
      const ledger = new ConnectionLedger(named, this.#context);
      this.#connections[number] = ledger;
      this.#open.set(connection, { ledger, number });
      return;
    }
    const open = this.#open.get(connection);
    if (open === undefined) return;
    const { ledger, number } = open;
    if (event.kind === "connection-closed") {
      ledger.phases.conclude(connection);
      ledger.conclude();
      this.#connections[number] = undefined;
      this.#open.delete(connection);
      if (!ledger.losses.lost.isEmpty) this.#lost.set(connection, ledger.losses.lost);
    } else if (event.kind === "incident-opened" && event.incident.side === connection.amqp.client) {
      ledger.losses.opened(identityOf(event.incident));
    } else if (event.kind === "finding" && event.final && event.incident.side === connection.amqp.client) {
      const { streamOffset, envelope, severity, rule } = event.incident;
      const diagnosis = connection.diagnosis(event.incident);
      // Even without an explanation, an error costs what the broker does not read because of it.
      if (diagnosis === null && severity !== "error" && rule !== "channel-state") return;
      const { identity } = event;
      ledger.losses.add({ identity, streamOffset, breaksFrame: envelope !== null, diagnosis });
    }
  }

  /** The messages that the incidents of a closed connection cost, reported once; null for none. */
  takeLost(connection: InspectedConnection): LostMessages | null {
    const lost = this.#lost.get(connection) ?? null;
    this.#lost.delete(connection);
    return lost;
  }

  message(from: ObservedDirection, whole: WholeMessage, bytes: Uint8Array, base: number): void {
    this.#connections[from.connection]?.message(from, whole, bytes, base);
  }

  // oxlint-disable-next-line max-params -- hot path: once for every frame, as FrameListener has it
  frame(from: ObservedDirection, type: number, channel: number, bytes: Uint8Array, start: number, size: number): void {
    if (from.isGuess) return;
    const ledger = this.#connections[from.connection];
    if (type === FRAME_HEARTBEAT) ledger?.phases.heartbeats.take(from.isClient, from.scanner.frameMoment());
    ledger?.frame(from, type, channel, bytes, start, size);
  }

  hiddenFrame(from: ObservedDirection, type: number, channel: number, size: number): void {
    if (from.isGuess) return;
    this.#connections[from.connection]?.hidden(from, type, channel, size);
  }

  missed(from: ObservedDirection): void {
    this.#connections[from.connection]?.missed(from);
  }

  boundaryFound(): void {}

  /** What was sent so far was not read. */
  guessRefuted(from: ObservedDirection): void {
    this.missed(from);
  }

  brokenEnvelope(from: ObservedDirection, fault: EnvelopeFault): void {
    this.#connections[from.connection]?.broken(from, fault);
  }

  ended(from: ObservedDirection, reason: StreamEnd): void {
    this.#connections[from.connection]?.ended(reason);
  }
}
