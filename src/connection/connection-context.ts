import type { SearchBudget } from "../amqp/frame-boundary-search.ts";
import type { Moment } from "../net/connection-observer.ts";
import type { FrameListener, IncidentListener, Predictor, StreamForensics } from "./observers.ts";

/** What an AMQP connection is told of the TCP connection it observes. */
export interface ConnectionContext {
  /** The connection's first octets are in the capture. */
  sawBeginning: boolean;
  /** Take it for AMQP whatever it looks like. */
  forced: boolean;
  /** AMQP is expected on its port, so that a client that speaks something else is worth naming. */
  expected: boolean;
  /** The broker is known to close it for its frames: a boundary that has to be guessed is taken for right. */
  closedForFrames: boolean;
  /** The shared moment of whoever delivers. */
  moment: Moment;
  budget: SearchBudget;
  listener: FrameListener | null;
  /** Is told what is wrong, as it is found; null where it is asked for later. */
  incidents: IncidentListener | null;
  /** Keep and explain the octets of each direction; null where a break is only to be found, not explained. */
  forensics: readonly [StreamForensics, StreamForensics] | null;
  /** Judges what the client sends; null for no prediction. */
  predictor: Predictor | null;
  /** The frame-max in force for the client before tune-ok, as far as is known before the server has told who it is. */
  initialFrameMax: number;
  /**
   * Called with what the server says of itself in connection.start, its product and version, "" where it does not say;
   * returns the frame-max in force for the client before tune-ok.
   */
  serverNamed: (product: string, version: string) => number;
  /** Called when it turns out to be AMQP; gives the connection its number. */
  recognised: () => number;
  /** Called when the connection is left alone: no octets of it are wanted any more. */
  leave: () => void;
}
