import type { BrokerRules } from "./broker-rules.ts";
import { type ConnectionState, NOT_JUDGED, STARTING } from "./connection-state.ts";
import { checkOpening } from "./protocol-opening.ts";
import { type PredictedReset, reset, SEQUEL } from "./verdict.ts";

/** The verdict on a client's first octets: judged when they come, and again when the rules are better known. */
export class OpeningVerdict {
  /** Null if they are accepted. */
  refusal: PredictedReset | null = null;
  readonly #rules: BrokerRules;
  readonly #connection: ConnectionState;
  #octets: Uint8Array | null = null;

  constructor(rules: BrokerRules, connection: ConnectionState) {
    this.#rules = rules;
    this.#connection = connection;
  }

  /** The first eight octets. */
  take(octets: Uint8Array): void {
    this.#octets = octets.slice();
    this.judge();
  }

  judge(): void {
    const connection = this.#connection;
    const octets = this.#octets;
    if (octets === null || (connection.now !== STARTING && connection.now !== NOT_JUDGED)) return;
    const opening = checkOpening(octets, this.#rules.row);
    this.refusal = null;
    connection.speaks08 = opening.kind === "amqp-0-8";
    connection.now = opening.kind === "amqp-0-9-1" || connection.speaks08 ? STARTING : NOT_JUDGED;
    if (opening.kind !== "refused") return;
    const { reason, answer } = opening;
    const log = ["closing AMQP connection <…> (…):", reason];
    this.refusal = reset(reason, octets.length, `${SEQUEL.refusal}: AMQP ${answer}`, log);
  }

  /** The server answered with a protocol header, as `0 0 9 1`; "" if it sent none: only some brokers do so. */
  answered(answer: string): void {
    const octets = this.#octets;
    if (octets === null || answer === "") return;
    this.#rules.saw(row => {
      const opening = checkOpening(octets, row);
      return opening.kind === "refused" && opening.answer === answer;
    });
    this.judge();
  }
}
