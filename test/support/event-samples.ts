/** Events as the proxy tells them, for the tests of what is written of them. */

import type { EventWriting } from "../../src/report/event-writer.ts";
import {
  type ClosedEvent,
  type ConnectionEvent,
  EVENT_SCHEMA,
  type FaultEvent,
  type FindingEvent,
  type GuardedEvent,
  type LimitedEvent,
  type LiveEvent,
  type OpenedEvent,
  type ProxyCounters,
  type ProxyEvent,
  type RepeatedEvent,
  type TroubleEvent,
  type UninspectedEvent,
} from "../../src/report/live-event.ts";
import type { Connection, Finding } from "../../src/report/report.ts";
import { DEFAULT_FORMAT_OPTIONS } from "../../src/report/report-format.ts";
import { connection, hostile, tornFrame } from "./report-samples.ts";

/** Every event, as JSON. */
export const WRITE_ALL: EventWriting = {
  format: "ndjson",
  level: "debug",
  every: true,
  perMinute: 0,
  octets: true,
  options: DEFAULT_FORMAT_OPTIONS,
};

const TIME = "2026-11-21T18:19:51.905717Z";

function place(parts: Partial<Connection> = {}): Omit<OpenedEvent, "event"> {
  return {
    schema: EVENT_SCHEMA,
    time: TIME,
    connection: connection({ ended: "open", ...parts }),
    upstream: { address: "192.0.2.1", port: 5672 },
  };
}

/** What an event is besides its place, and what differs of its connection. */
type Parts<Event> = Partial<Omit<Event, "connection">> & { of?: Partial<Connection> };

export function opened({ of, ...parts }: Parts<OpenedEvent> = {}): OpenedEvent {
  return { ...place(of), event: "opened", ...parts };
}

export function fault({ of, ...parts }: Parts<FaultEvent> = {}): FaultEvent {
  return {
    ...place(of),
    event: "fault",
    rule: "frame-end",
    severity: "error",
    direction: "client-to-server",
    streamOffset: 162_315,
    message: "The body frame at offset 162315 must end with 0xce at offset 213065, where 0x61 (“a”) stands.",
    ...parts,
  };
}

export function found(finding: Finding, { of, ...parts }: Parts<FindingEvent> = {}): FindingEvent {
  return { ...place(of), event: "finding", final: true, finding, ...parts };
}

export function trouble({ of, ...parts }: Parts<TroubleEvent> = {}): TroubleEvent {
  const message = "192.0.2.1:5672 cannot be reached: nobody listens there (ECONNREFUSED)";
  return { ...place(of), event: "trouble", kind: "upstream-refused", message, ...parts };
}

export function uninspected({ of, ...parts }: Parts<UninspectedEvent> = {}): UninspectedEvent {
  return { ...place(of), event: "uninspected", message: "left alone: it is TLS", ...parts };
}

export function guarded({ of, ...parts }: Parts<GuardedEvent> = {}): GuardedEvent {
  return { ...place(of), event: "guarded", message: "A heartbeat came on channel 3.", ...parts };
}

export function closed({ of, ...parts }: Parts<ClosedEvent> = {}): ClosedEvent {
  const findings = { errors: 0, warnings: 0, notes: 0 };
  return { ...place({ ended: "fin", ...of }), event: "closed", findings, ...parts };
}

export function repeated(parts: Partial<RepeatedEvent> = {}): RepeatedEvent {
  return {
    schema: EVENT_SCHEMA,
    time: TIME,
    event: "repeated",
    fingerprint: "0123456789abcdef",
    finding: "f1",
    rule: "frame-end",
    severity: "error",
    message: "The body frame at offset 162315 must end with 0xce at offset 213065, where 0x61 (“a”) stands.",
    count: 212,
    more: 9,
    since: "2026-11-21T14:02:11.000000Z",
    client: "192.0.2.7",
    ...parts,
  };
}

export function limited(parts: Partial<LimitedEvent> = {}): LimitedEvent {
  const since = "2026-11-21T18:18:51.000000Z";
  return {
    schema: EVENT_SCHEMA,
    time: TIME,
    event: "limited",
    kind: "closed",
    count: 4711,
    addresses: 2,
    since,
    ...parts,
  };
}

export function proxyEvent(kind: ProxyEvent["kind"], message: string, counters?: ProxyCounters): ProxyEvent {
  const event = { schema: EVENT_SCHEMA, time: TIME, event: "proxy", kind, message } as const;
  return counters === undefined ? event : { ...event, counters };
}

export const NO_COUNTS: ProxyCounters = {
  connections: 0,
  uninspected: 0,
  refused: 0,
  errors: 0,
  warnings: 0,
  notes: 0,
  untold: 0,
};

/** A torn frame from the first word of it to the broker's last: live, nothing is in packets. */
export function tornLive(): ConnectionEvent[] {
  const { connections, findings } = tornFrame();
  const [torn, close] = findings.map(finding => ({ ...finding, packets: [] }));
  torn!.diagnosis!.torn[0]!.packets = [];
  const of = connections[0]!;
  const recording = "/var/tmp/amqp/ghostframe_00001_20261121181900.pcapng";
  return [fault({ of }), found(torn!, { of, recording }), found(close!, { of, recording })];
}

/** Every kind of event, with these strings wherever they come from somebody else. */
export function hostileEvents(text: string, other: string = text): LiveEvent[] {
  const { connections, findings } = hostile(text, other);
  const of = connections[0]!;
  const [torn, close] = findings;
  const upstream = { address: text, port: 5672 };
  return [
    proxyEvent("problem", text),
    opened({ of, upstream }),
    trouble({ of, kind: text, message: other }),
    uninspected({ of, message: text }),
    guarded({ of, message: other }),
    fault({ of, message: other }),
    found({ ...torn!, rule: "frame-end" }, { of, recording: text }),
    found({ ...close!, cause: other }, { of }),
    found({ ...close!, id: other, rule: "capture-gap", severity: "note" }, { of }),
    closed({ of: { ...of, ended: "rst" } }),
    repeated({ message: text, client: other, finding: text }),
    limited({ kind: text }),
  ];
}
