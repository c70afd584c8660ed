/** Events of connections that no inspector has: it is gone, or too far behind. */
import { type ConnectionEvent, EVENT_SCHEMA } from "../report/live-event.ts";
import type { RelayedConnection } from "./connection-tap.ts";

/** An event that needs no inspection. */
export type InspectionlessEvent =
  | { event: "uninspected" | "guarded"; message: string }
  | { event: "closed"; findings: { errors: number; warnings: number; notes: number } };

/** The event as it is emitted. Only the connection's addresses are known. `time`: ISO 8601, UTC. */
export function uninspectedEvent(
  what: InspectionlessEvent,
  { number, client, listener, upstream }: RelayedConnection,
  time: string,
): ConnectionEvent {
  const connection = {
    id: `c${number}`,
    input: 0,
    client,
    server: listener,
    start: time,
    end: time,
    ended: "open",
    midStream: false,
    clientProperties: {},
    negotiated: null,
    frames: NONE,
    octets: NONE,
    gaps: NONE,
    verdict: { predicted: null, observed: null },
  } as const;
  return { schema: EVENT_SCHEMA, time, connection, upstream, ...what };
}

const NONE = { clientToServer: 0, serverToClient: 0 };
