import type { SearchBudget } from "../amqp/frame-boundary-search.ts";
import type { Moment } from "../net/connection-observer.ts";
import type { FrameListener, IncidentListener, Predictor, StreamForensics } from "./observers.ts";

/** What an AMQP connection needs to know about the TCP connection that it observes. */
export interface ConnectionContext {
  /** The connection's first octets are in the capture. */
  sawBeginning: boolean;
  /** Take it as AMQP even if it does not look like it. */
  forced: boolean;
  /** AMQP is expected on its port, so that a client that speaks another protocol is reported. */
  expected: boolean;
  /** The broker is known to close it for its frames: a guessed boundary is taken as right. */
  closedForFrames: boolean;
  /** The shared moment of the sender of the octets. */
  moment: Moment;
  budget: SearchBudget;
  listener: FrameListener | null;
  /** Called with what is wrong, as it is found; null if the caller asks for it later. */
  incidents: IncidentListener | null;
  /** Keeps and explains the octets of each direction; null if a break must only be found, not explained. */
  forensics: readonly [StreamForensics, StreamForensics] | null;
  /** Judges what the client sends; null for no prediction. */
  predictor: Predictor | null;
  /** The frame-max in force for the client before tune-ok, as far as it is known before the server gives its name. */
  initialFrameMax: number;
  /**
   * Called with the product and version that the server gives in connection.start, "" for what it does not give;
   * returns the frame-max in force for the client before tune-ok.
   */
  serverNamed: (product: string, version: string) => number;
  /** Called when it turns out to be AMQP; gives the connection its number. */
  recognised: () => number;
  /** Called when the connection is left alone: no more of its octets are needed. */
  leave: () => void;
}
