/**
 * The rule registry: every rule ghostframe knows, the severity of a breach, the section of the AMQP 0-9-1
 * specification it rests on, and one line of help. Reports, `--help` and CI outputs all read this table.
 */
export type Severity = "error" | "warning" | "note";

interface Rule {
  severity: Severity;
  /** Section of the AMQP 0-9-1 specification; "" if the rule is not the specification's. */
  spec: string;
  help: string;
}

export const RULES = {
  "frame-too-large": {
    severity: "error",
    spec: "4.2.3",
    help: "A frame header claims more octets than frame-max allows: a corrupt header, or a genuine oversize.",
  },
  "frame-end": {
    severity: "error",
    spec: "4.2.3",
    help: "The octet behind a frame's payload is not the frame-end octet 0xCE.",
  },
  "frame-type": {
    severity: "error",
    spec: "4.2.3",
    help: "A frame of a type that AMQP 0-9-1 does not know.",
  },
  "frame-malformed": {
    severity: "error",
    spec: "4.2.4",
    help: "The arguments of a method, a content header or a field table do not decode.",
  },
  "content-order": {
    severity: "error",
    spec: "4.2.6",
    help: "Method, content header and content body of one channel do not come in this order.",
  },
  "content-overrun": {
    severity: "error",
    spec: "4.2.6",
    help: "A content body carries more octets than its content header announced.",
  },
  "channel-state": {
    severity: "error",
    spec: "1.5.2",
    help: "A frame on a channel that is not open, or one opened twice.",
  },
  "channel-zero": {
    severity: "error",
    spec: "4.2.3",
    help: "Content on channel 0, or a connection method on another channel.",
  },
  heartbeat: {
    severity: "error",
    spec: "4.2.7",
    help: "A heartbeat on a channel other than 0, or one with a payload.",
  },
  handshake: {
    severity: "error",
    spec: "2.2.4",
    help: "A wrong protocol header, a foreign protocol, or connection methods out of turn.",
  },
  "stalled-frame": {
    severity: "error",
    spec: "4.2.3",
    help: "The stream ends, or the connection dies, inside a frame.",
  },
  "shared-channel": {
    severity: "warning",
    spec: "4.2.6",
    help: "Several threads publish on one channel at a time: sooner or later their frames mix.",
  },
  "split-content": {
    severity: "warning",
    spec: "4.2.6",
    help: "Other channels' frames stand inside publishes of a library that writes each publish in one go.",
  },
  "shared-socket": {
    severity: "warning",
    spec: "",
    help: "More than one process holds the client's end of a connection: it was inherited through fork.",
  },
  "delivery-tag": {
    severity: "warning",
    spec: "1.8.3.13",
    help: "An acknowledgment of what was acknowledged before, was delivered on another channel, or needs none.",
  },
  unconfirmed: {
    severity: "warning",
    spec: "",
    help: "A channel or a connection ended while publishes awaited their confirm: it is not known whether the broker took them.",
  },
  unacknowledged: {
    severity: "note",
    spec: "1.8.3.13",
    help: "A consumer acknowledged none of many deliveries in a long time.",
  },
  "tls-record": {
    severity: "error",
    spec: "",
    help: "Records of TLS are torn, cut short or sent twice: several writers share one TLS session.",
  },
  "tls-shared-session": {
    severity: "error",
    spec: "",
    help: "Two writers encrypted with the same keys and record numbers: a TLS session was inherited through fork.",
  },
  "ended-abruptly": {
    severity: "note",
    spec: "1.4.2.7",
    help: "The connection ended without connection.close: who ended it, and what was left unfinished.",
  },
  "heartbeat-missed": {
    severity: "note",
    spec: "4.2.7",
    help: "One end was silent for two heartbeat intervals, then the other ended the connection.",
  },
  "consumer-cancelled": {
    severity: "note",
    spec: "",
    help: "The broker cancelled a consumer (basic.cancel): its queue was deleted, or is not available.",
  },
  "connection-blocked": {
    severity: "note",
    spec: "",
    help: "The broker blocked a publisher (connection.blocked): it ran low on memory or disk.",
  },
  "broker-close": {
    severity: "error",
    spec: "1.4.2.8",
    help: "connection.close or channel.close with an error code. As severe as the code says; a channel closed for a soft error is a note.",
  },
  "capture-gap": {
    severity: "note",
    spec: "",
    help: "Octets that were sent are missing from the capture.",
  },
  "snap-length": {
    severity: "note",
    spec: "",
    help: "Packets lack their end: a snap length cut it off, or their headers claim more than there was.",
  },
  "mid-stream": {
    severity: "note",
    spec: "",
    help: "The capture begins in the middle of the connection.",
  },
  "verdict-mismatch": {
    severity: "note",
    spec: "",
    help: "The broker did not end the connection as its octets let expect: another version, another broker, a middlebox.",
  },
  unread: {
    severity: "note",
    spec: "",
    help: "Packets or connections that may hold AMQP were not read, or in part: encrypted, compressed, cut, a changed copy, or of an unknown kind.",
  },
  "internal-error": {
    severity: "note",
    spec: "",
    help: "An error of ghostframe's own ended the inspection of a connection, or of a packet: the exit status is 2.",
  },
  "file-truncated": {
    severity: "note",
    spec: "",
    help: "The capture file ends inside a packet record.",
  },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof RULES;
