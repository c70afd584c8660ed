/**
 * What is seen in captures as tables, for databases that read columns: messages, frames, connections and findings, a row each.
 * A column has the name of its value in the NDJSON or JSON output; what is nested there has the names of both, joined. A
 * value that is not known is null.
 */
import type { ConnectionSummary } from "./connection-line.ts";
import type { FramesEvent } from "./frame-event.ts";
import type { MessageRecord } from "./message-record.ts";
import type { Finding, Verdict } from "./report.ts";

/** `time`: an ISO 8601 text, to nanoseconds. `integer`: up to 2 ** 53. `json`: an object, as text. */
export type ColumnType = "text" | "time" | "integer" | "number" | "boolean" | "json";

export interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  readonly of: (row: Row) => unknown;
}

export interface Table<Row> {
  readonly name: "messages" | "frames" | "connections" | "findings";
  /** Index of the capture that a row belongs to. */
  readonly input: (row: Row) => number;
  readonly columns: readonly Column<Row>[];
}

/** Columns of one type that are called as the values they hold. */
function named<Row>(type: ColumnType, ...names: readonly (keyof Row & string)[]): Column<Row>[] {
  return names.map(name => ({ name, type, of: row => row[name] }));
}

const PACKETS = [
  { name: "firstPacket", type: "integer", of: ({ packets }: { packets: readonly number[] }) => packets[0] },
  { name: "lastPacket", type: "integer", of: ({ packets }: { packets: readonly number[] }) => packets.at(-1) },
] as const;

export const MESSAGES: Table<MessageRecord> = {
  name: "messages",
  input: ({ input }) => input,
  columns: [
    ...named<MessageRecord>("time", "time"),
    ...named<MessageRecord>("text", "connection"),
    ...named<MessageRecord>("integer", "channel"),
    ...named<MessageRecord>("text", "operation", "exchange", "routingKey", "queue", "consumerTag"),
    ...named<MessageRecord>("integer", "deliveryTag", "publishNumber"),
    ...named<MessageRecord>("boolean", "redelivered"),
    ...named<MessageRecord>("text", "messageId", "correlationId", "replyTo", "appId"),
    ...named<MessageRecord>("integer", "size"),
    ...named<MessageRecord>("text", "outcome", "finding"),
    ...named<MessageRecord>("integer", "code"),
    ...named<MessageRecord>("json", "mayBeReturned"),
    ...named<MessageRecord>("number", "latency", "inBroker"),
    { name: "publishConnection", type: "text", of: ({ publish }) => publish?.connection },
    { name: "publishChannel", type: "integer", of: ({ publish }) => publish?.channel },
    { name: "publishStreamOffset", type: "integer", of: ({ publish }) => publish?.streamOffset },
    { name: "publishBy", type: "text", of: ({ publish }) => publish?.by },
    { name: "requestConnection", type: "text", of: ({ request }) => request?.connection },
    { name: "requestChannel", type: "integer", of: ({ request }) => request?.channel },
    { name: "requestStreamOffset", type: "integer", of: ({ request }) => request?.streamOffset },
    { name: "requestLatency", type: "number", of: ({ request }) => request?.latency },
    ...named<MessageRecord>("text", "traceId", "spanId"),
    ...named<MessageRecord>("integer", "streamOffset"),
    ...PACKETS,
  ],
};

/** An event of the octets of one direction. */
export type FrameRow = Exclude<FramesEvent, { event: "connection" | "endpoints" }>;

export const FRAMES: Table<FrameRow> = {
  name: "frames",
  input: ({ input }) => input,
  columns: [
    ...named<FrameRow>("time", "time"),
    ...named<FrameRow>("text", "event"),
    ...named<FrameRow>("integer", "packet"),
    ...named<FrameRow>("text", "connection", "direction"),
    ...named<FrameRow>("integer", "sender"),
    ...named<FrameRow>("integer", "streamOffset"),
    { name: "type", type: "text", of: row => (row.event === "frame" ? row.type : undefined) },
    { name: "channel", type: "integer", of: row => headerOf(row)?.channel },
    { name: "size", type: "integer", of: row => headerOf(row)?.size },
    { name: "method", type: "text", of: row => (row.event === "frame" ? row.method : undefined) },
    { name: "arguments", type: "json", of: row => (row.event === "frame" ? row.arguments : undefined) },
    { name: "bodySize", type: "integer", of: row => (row.event === "frame" ? row.bodySize : undefined) },
    { name: "properties", type: "json", of: row => (row.event === "frame" ? row.properties : undefined) },
    { name: "hidden", type: "boolean", of: row => (row.event === "frame" ? row.hidden : undefined) },
  ],
};

function headerOf(row: FrameRow): { channel: number; size: number } | undefined {
  return row.event === "frame" ? row : row.event === "broken-envelope" ? row.frame : undefined;
}

export const CONNECTIONS: Table<ConnectionSummary> = {
  name: "connections",
  input: ({ input }) => input,
  columns: [
    ...named<ConnectionSummary>("text", "id"),
    { name: "clientAddress", type: "text", of: ({ client }) => client.address },
    { name: "clientPort", type: "integer", of: ({ client }) => client.port },
    { name: "serverAddress", type: "text", of: ({ server }) => server.address },
    { name: "serverPort", type: "integer", of: ({ server }) => server.port },
    ...named<ConnectionSummary>("time", "start", "end"),
    ...named<ConnectionSummary>("text", "ended", "ending"),
    ...named<ConnectionSummary>("json", "injectedReset", "tunnels"),
    ...named<ConnectionSummary>("boolean", "midStream"),
    ...named<ConnectionSummary>("json", "clientProperties"),
    ...named<ConnectionSummary>("text", "user", "virtualHost"),
    { name: "frameMax", type: "integer", of: ({ negotiated }) => negotiated?.frameMax },
    { name: "channelMax", type: "integer", of: ({ negotiated }) => negotiated?.channelMax },
    { name: "heartbeat", type: "integer", of: ({ negotiated }) => negotiated?.heartbeat },
    ...(["frames", "octets", "gaps"] as const).flatMap(what => [
      {
        name: `${what}ClientToServer`,
        type: "integer",
        of: row => row[what].clientToServer,
      } as Column<ConnectionSummary>,
      {
        name: `${what}ServerToClient`,
        type: "integer",
        of: row => row[what].serverToClient,
      } as Column<ConnectionSummary>,
    ]),
    { name: "messagesPublished", type: "integer", of: ({ messages }) => messages.published },
    { name: "messagesDelivered", type: "integer", of: ({ messages }) => messages.delivered },
    { name: "predicted", type: "text", of: ({ verdict }) => wordsOf(verdict.predicted) },
    { name: "observed", type: "text", of: ({ verdict }) => wordsOf(verdict.observed) },
    { name: "brokerProduct", type: "text", of: ({ broker }) => broker?.product },
    { name: "brokerVersion", type: "text", of: ({ broker }) => broker?.version },
    { name: "tls", type: "json", of: ({ tls }) => tls },
    ...named<ConnectionSummary>("json", "phases"),
  ],
};

function wordsOf(verdict: Verdict | null): string | undefined {
  return verdict?.outcome === "close" ? `${verdict.code} ${verdict.text}` : verdict?.outcome;
}

export const FINDINGS: Table<Finding> = {
  name: "findings",
  input: ({ input }) => input,
  columns: [
    ...named<Finding>("text", "id", "rule", "severity"),
    ...named<Finding>("time", "time"),
    ...named<Finding>("text", "connection", "direction"),
    ...named<Finding>("integer", "streamOffset", "length"),
    ...PACKETS,
    ...named<Finding>("text", "message"),
    ...named<Finding>("integer", "faults"),
    ...named<Finding>("text", "cause", "group"),
    { name: "likelyCause", type: "json", of: ({ likelyCause }) => likelyCause },
    ...named<Finding>("text", "do"),
    { name: "diagnosisKind", type: "text", of: ({ diagnosis }) => diagnosis?.kind },
    { name: "diagnosisConfidence", type: "number", of: ({ diagnosis }) => diagnosis?.confidence },
    { name: "diagnosisTorn", type: "integer", of: ({ diagnosis }) => diagnosis?.torn.length },
    { name: "lostCount", type: "integer", of: ({ lost, lostCount }) => lostCount ?? lost?.length },
    ...named<Finding>("json", "lost"),
    ...named<Finding>("text", "sameAs"),
  ],
};
