import type { SearchBudget } from "../amqp/frame-boundary-search.ts";
import type { BrokerChoice } from "../broker/versions.ts";
import type { FrameListener } from "../connection/observers.ts";
import type { WindowBudget } from "../forensics/octet-window.ts";
import type { StepBudget } from "../forensics/untangle/step-budget.ts";
import type { ConnectionObserver, Moment } from "../net/connection-observer.ts";
import type { ReuseBudget } from "../tls/key-stream-reuse.ts";
import type { OctetBudget } from "../tls/recent-octets.ts";
import type { TlsKeys } from "../tls/tls-session.ts";
import type { Carrier } from "./carrier.ts";
import type { InspectionSink, Position } from "./event.ts";

/** The settings of an engine. */
export interface EngineSetting<By extends Carrier = Carrier> {
  /** The broker whose verdict is predicted. */
  broker: BrokerChoice;
  /** The shared moment: when and where the octets now delivered were seen. */
  moment: Moment;
  /** How far the timeline has been read, if there is one: input and packet. */
  position?: Readonly<Position>;
  /** Predict what the broker does. */
  predicts: boolean;
  /** Keep recent octets, and explain with them what breaks. */
  explains: boolean;
  /** Octets that all searches for a frame boundary may keep together. */
  searchOctets?: number;
  /** Steps that untangling may take over all connections; else MAX_STEPS. */
  untanglingSteps?: number;
  /** Steps that untangling may take, if they are shared with other inspections. */
  steps?: StepBudget;
  /** Inspect the records of TLS. Without this, a connection that uses TLS is left alone. */
  readsTls?: boolean;
  /** Secrets of TLS sessions; null if nothing is to be decrypted. */
  keys?: TlsKeys | null;
  /** Sees every frame by itself, which is slower. */
  listener?: FrameListener | null;
  /** Gets the octets of a connection beside AMQP; those inside TLS are decrypted. null if they are not needed. */
  tap?: ((carrier: By) => ConnectionObserver | null) | undefined;
  sink: InspectionSink<By>;
}

/** Shared by the connections of an inspection, so that all of them together stay within bounds. */
export interface Budgets {
  readonly search: SearchBudget;
  readonly windows: WindowBudget;
  readonly steps: StepBudget;
  /** For what is remembered of TLS records. */
  readonly reuse: ReuseBudget;
  /** Octets of TLS directions that are kept to explain torn records. */
  readonly tlsOctets: OctetBudget;
}

/** What is known of a connection when its first octets come. */
export interface Beginning {
  /** They are its first ones. */
  sawBeginning: boolean;
  /** Take it as AMQP even if it does not look like it. */
  forced: boolean;
  /** AMQP is expected on its port. */
  expected: boolean;
  /** An earlier reading has shown that the broker closed it for its frames (`closedBehindGuess`). */
  closedForFrames?: boolean;
}
