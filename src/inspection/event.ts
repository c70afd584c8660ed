/**
 * The events of an inspection. They are rare: there is one where something begins, breaks or ends, and none for a
 * frame. A sink that wants one kind is a few lines:
 *
 *     const errors: InspectionSink = event => {
 *       if (event.kind === "finding" && event.final && event.incident.severity === "error") count++;
 *     };
 *
 * The events of a piece of octets are emitted after the whole piece was read: by then it is better known what broke.
 * The objects in an event change later: copy their values to keep them.
 */
import type { Incident } from "../connection/incident.ts";
import type { Carrier } from "./carrier.ts";
import type { InspectedConnection } from "./inspected-connection.ts";

export type InspectionEvent<By extends Carrier = Carrier> =
  | ConnectionOpened<By>
  | IncidentOpened<By>
  | FindingMade<By>
  | ConnectionClosed<By>
  | Uninspected<By>;

export type InspectionSink<By extends Carrier = Carrier> = (event: InspectionEvent<By>) => void;

/** A connection turned out to be AMQP. Emitted before its first frame is read. */
export interface ConnectionOpened<By extends Carrier = Carrier> {
  kind: "connection-opened";
  connection: InspectedConnection<By>;
  /** Counts the connections of the engine from 1. */
  number: number;
  /** How far the timeline was read by then: orders connections independently of which inspection has them. */
  at: Position;
}

/** A packet of an input. */
export interface Position {
  input: number;
  packet: number;
}

/** Something broke, and is still broken behind the piece of octets that showed it. A finding follows. */
export interface IncidentOpened<By extends Carrier = Carrier> {
  kind: "incident-opened";
  connection: InspectedConnection<By>;
  incident: Incident;
}

export interface FindingMade<By extends Carrier = Carrier> {
  kind: "finding";
  connection: InspectedConnection<By>;
  incident: Incident;
  /** The same for a provisional finding and the final one, and for no other finding of the connection. */
  identity: string;
  /** False if the incident is not over: the finding comes again, and may contain more then. */
  final: boolean;
}

/** The connection is over, and all its findings were emitted. */
export interface ConnectionClosed<By extends Carrier = Carrier> {
  kind: "connection-closed";
  connection: InspectedConnection<By>;
}

/** Octets of a connection pass without inspection. */
export interface Uninspected<By extends Carrier = Carrier> {
  kind: "uninspected";
  connection: InspectedConnection<By>;
  /**
   * `left-alone`: it is not AMQP 0-9-1. `failed`: an error of ghostframe's own. `lost`: its octets do not come any
   * more. `full`: it is still inspected, but new incidents of one direction are only counted.
   */
  why: "left-alone" | "failed" | "lost" | "full";
  /** A sentence without its full stop. */
  message: string;
  /** What was thrown, if it failed; else null. */
  error: unknown;
}
