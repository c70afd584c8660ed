/** The metrics: their names, units and descriptions. Those of messaging are OpenTelemetry's, by its conventions. */

export interface MetricDefinition {
  kind: "counter" | "gauge" | "histogram";
  /** UCUM: s, By, {message}. */
  unit: string;
  description: string;
}

export const METRICS = {
  "messaging.client.sent.messages": {
    kind: "counter",
    unit: "{message}",
    description: "Messages that clients published.",
  },
  "messaging.client.consumed.messages": {
    kind: "counter",
    unit: "{message}",
    description: "Messages that clients got, by delivery or by get.",
  },
  "messaging.client.operation.duration": {
    kind: "histogram",
    unit: "s",
    description: "Time from a publish to the broker's confirm or return.",
  },
  "messaging.process.duration": {
    kind: "histogram",
    unit: "s",
    description: "Time from a delivery to its acknowledgment or rejection.",
  },
  "ghostframe.messages": { kind: "counter", unit: "{message}", description: "Messages by what became of them." },
  "ghostframe.findings": { kind: "counter", unit: "{finding}", description: "Findings by rule and fingerprint." },
  "ghostframe.connections": {
    kind: "gauge",
    unit: "{connection}",
    description: "Open connections, healthy or broken.",
  },
  "ghostframe.connections.closed": {
    kind: "counter",
    unit: "{connection}",
    description: "Connections that are over, by how they ended.",
  },
  "ghostframe.connections.uninspected": {
    kind: "counter",
    unit: "{connection}",
    description: "Connections that were not inspected to their end.",
  },
  "ghostframe.connections.refused": {
    kind: "counter",
    unit: "{connection}",
    description: "Connections that could not be relayed.",
  },
  "ghostframe.frames": { kind: "counter", unit: "{frame}", description: "Whole frames, by direction." },
  "ghostframe.octets": { kind: "counter", unit: "By", description: "Octets of connections, by direction." },
  "ghostframe.verdicts": {
    kind: "counter",
    unit: "{connection}",
    description: "Closed connections by the verdict that was predicted, and the one that was observed.",
  },
  "ghostframe.tls.sessions": { kind: "counter", unit: "{session}", description: "TLS sessions, by version." },
  "ghostframe.inspector.behind": {
    kind: "gauge",
    unit: "By",
    description: "Octets that were relayed and are not inspected yet.",
  },
  "ghostframe.relay.octets": {
    kind: "counter",
    unit: "By",
    description: "Octets that came to the relay, inspected or not, by direction.",
  },
  "ghostframe.squeeze.pauses": {
    kind: "counter",
    unit: "{pause}",
    description: "Pauses in reading from clients, where they are read slowly.",
  },
  "ghostframe.recorder.state": {
    kind: "gauge",
    unit: "{recorder}",
    description: "1 for the state of the recorder, 0 for the other one.",
  },
  "ghostframe.recorder.lost": {
    kind: "counter",
    unit: "{packet}",
    description: "Packets that should have been recorded and could not be.",
  },
  "ghostframe.telemetry.dropped": {
    kind: "counter",
    unit: "{record}",
    description: "Records of telemetry that could not be sent.",
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** Upper bounds of a histogram's buckets, in seconds: those of the messaging conventions. */
export const BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
