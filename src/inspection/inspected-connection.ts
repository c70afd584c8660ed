import type { BrokerRules } from "../broker/broker-rules.ts";
import type { Prediction } from "../broker/verdict.ts";
import type { AmqpConnection } from "../connection/amqp-connection.ts";
import type { Incident } from "../connection/incident.ts";
import type { Prelude } from "../connection/prelude.ts";
import type { Diagnosis } from "../forensics/diagnosis.ts";
import type { Moment, Side } from "../net/connection-observer.ts";
import type { Carrier } from "./carrier.ts";
import type { TlsFacts } from "./tls-facts.ts";

/** A connection as a sink of events sees it: what is known of it by now. */
export interface InspectedConnection<By extends Carrier = Carrier> {
  readonly carrier: By;
  /** The broker's rules by which the verdict is predicted. */
  readonly rules: BrokerRules;
  readonly amqp: AmqpConnection;
  /** Its first octets were seen. */
  readonly sawBeginning: boolean;
  /** Its octets are kept, to explain what breaks. */
  readonly explains: boolean;
  /** Something in it was not explained although its octets are kept: too much is broken. */
  readonly unexplained: boolean;
  /** What the broker will do about the client's octets; null if it continues, or nothing is predicted. */
  readonly prediction: Prediction | null;
  /** What stands in front of its protocol, in order. */
  readonly preludes: readonly Prelude[];
  /** What is known of its TLS; null if it does not use TLS. */
  readonly tls: TlsFacts | null;
  /** When the hellos of its TLS were seen: the client's, and the server's. */
  readonly hellos: readonly [Moment | null, Moment | null];
  /** It is not inspected any more. */
  readonly givenUp: boolean;
  /** Whole frames of one side, including those that untangling found. */
  frames(side: Side): number;
  /** Gaps in the octets of one side. */
  gaps(side: Side): number;
  /** What the octets of an incident are, if they could be explained. */
  diagnosis(incident: Incident): Diagnosis | null;
  /** Identity of the finding that led to this incident, or null; among the findings emitted so far. */
  cause(incident: Incident): string | null;
}
