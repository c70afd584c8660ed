/**
 * What an inspection tells. Events are cold: there is one where something begins, breaks or ends, and none for a frame.
 * A sink that wants one kind is a few lines:
 *
 *     const errors: InspectionSink = event => {
 *       if (event.kind === "finding" && event.final && event.incident.severity === "error") count++;
 *     };
 *
 * The events of a piece of octets leave when the whole piece was read: what broke is known better then. The objects in
 * an event live on: who wants to keep what they say now must copy it.
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

/** A connection turned out to be AMQP. Told before its first frame is looked at. */
export interface ConnectionOpened<By extends Carrier = Carrier> {
  kind: "connection-opened";
  connection: InspectedConnection<By>;
  /** Counts the connections of the engine from 1. */
  number: number;
  /** How far the timeline had been read by then: gives connections an order that does not depend on who inspects them. */
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
  /** False where the incident is not over: the finding comes again, and may say more then. */
  final: boolean;
}

/** The connection is over, and all its findings were told. */
export interface ConnectionClosed<By extends Carrier = Carrier> {
  kind: "connection-closed";
  connection: InspectedConnection<By>;
}

/** Octets of a connection go by that are not looked at. */
export interface Uninspected<By extends Carrier = Carrier> {
  kind: "uninspected";
  connection: InspectedConnection<By>;
  /**
   * `left-alone`: it is not AMQP 0-9-1. `failed`: an error of ghostframe's own. `lost`: its octets do not come any
   * more. `full`: it is inspected still, but no more incidents of one direction are told apart.
   */
  why: "left-alone" | "failed" | "lost" | "full";
  /** A sentence without its full stop. */
  message: string;
  /** What was thrown, where it failed; else null. */
  error: unknown;
}
