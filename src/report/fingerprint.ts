/**
 * A finding's fingerprint: it stays the same when the same program makes the same mistake again and is recorded again.
 * A baseline uses it to accept findings.
 *
 * It is made of facts, in this order, and hashed:
 *
 *   1. the version of this list;
 *   2. the rule;
 *   3. the direction;
 *   4. what is broken: the type of the frame that was torn, and whether it was completed; where no frame was torn, the
 *      type of the frame that the finding names;
 *   5. channel roles: whether the frame's channel is channel 0, and whether those who wrote into it were on the same
 *      channel, on another one, or on channel 0;
 *   6. the kind of the diagnosis, what it has parts of (torn frames, missing octets, …), the protocols of foreign
 *      octets, and whether there was one writer or were several;
 *   7. the queues and exchanges that the incident's messages go to, or that the broker's reply text names;
 *   8. the specification's own words in the finding's sentence: methods, arguments, reply codes, protocols;
 *   9. of a close by the broker, the fingerprint of the finding that led to it.
 *
 * Left out is what differs in a second recording: offsets, sizes, times, packets, ports, addresses, ids, numbers of
 * channels, how many frames were broken, names that a program made up for this one run. The sentence itself is left out
 * as well, so that it can be reworded. If you change the list, or how a fact is made, increase FINGERPRINT_VERSION:
 * baselines of another version are refused.
 */
import { METHODS } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD } from "../amqp/spec/constants.ts";
import { fnv1a64 } from "./fnv.ts";
import type { Finding } from "./report.ts";

export const FINGERPRINT_VERSION = 1;

/** Hexadecimal, 16 digits; `cause` is the finding that led to this one, or its fingerprint, if it is known. */
export function fingerprint(finding: Finding, cause?: Finding | string): string {
  return fnv1a64(JSON.stringify([FINGERPRINT_VERSION, ...fingerprintFacts(finding, cause)]));
}

export type Fact = string | readonly string[];

/** The facts of the fingerprint, from the rule on. */
export function fingerprintFacts(finding: Finding, cause?: Finding | string): Fact[] {
  const { rule, direction } = finding;
  return [
    rule,
    direction ?? "",
    brokenFrame(finding),
    channelRoles(finding),
    explanation(finding),
    distinct([...destinations(finding), ...namedResources(finding)]),
    rule === "broker-close" ? [replyCode(finding.message)] : specificationWords(finding.message),
    rule === "broker-close" && cause !== undefined ? ofCause(cause) : "",
  ];
}

function ofCause(cause: Finding | string): string {
  return typeof cause === "string" ? cause : fingerprint(cause);
}

/** A corrupt header may have any type: the type of the torn frame is more reliable. */
function brokenFrame({ frame, diagnosis }: Finding): string {
  const torn = diagnosis?.torn[0];
  if (torn !== undefined) return `${typeName(torn.type)}${torn.complete ? "" : ", never completed"}`;
  return frame === null ? "" : typeName(frame.type);
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [FRAME_METHOD]: "method",
  [FRAME_HEADER]: "header",
  [FRAME_BODY]: "body",
  [FRAME_HEARTBEAT]: "heartbeat",
};

function typeName(type: number): string {
  return TYPE_NAMES[type] ?? "unknown type";
}

function channelRoles({ frame, diagnosis }: Finding): string[] {
  const broken = diagnosis?.torn[0]?.channel;
  if (broken === undefined || diagnosis === undefined) {
    return frame === null || !(frame.type in TYPE_NAMES) ? [] : [frame.channel === 0 ? "channel 0" : "a channel"];
  }
  const writer = diagnosis.torn[0]?.writer;
  const others = diagnosis.writers.filter(({ name }) => name !== writer).flatMap(({ channels }) => channels);
  const roles = others.map(channel => {
    if (channel === broken) return "written into on the same channel";
    return channel === 0 ? "written into on channel 0" : "written into on another channel";
  });
  return [broken === 0 ? "channel 0" : "a channel", ...distinct(roles)];
}

const PARTS = ["torn", "replayed", "missing", "overwritten", "foreign", "unexplained"] as const;

/** Only which parts exist: their number differs in a second recording. */
function explanation({ diagnosis }: Finding): string[] {
  if (diagnosis === undefined) return [];
  const parts = PARTS.filter(part => diagnosis[part].length > 0);
  const { length } = diagnosis.writers;
  const writers = length === 0 ? [] : [length === 1 ? "one writer" : "several writers"];
  return [diagnosis.kind, ...parts, ...distinct(diagnosis.foreign.map(({ protocol }) => protocol)), ...writers];
}

/**
 * The default exchange's routing keys are queues; those of other exchanges may be anything, and differ from message to
 * message.
 */
function destinations({ diagnosis }: Finding): string[] {
  const messages = diagnosis?.writers.flatMap(writer => writer.messages) ?? [];
  return messages.map(({ exchange, routingKey }) =>
    exchange === "" ? `queue ${lastingName(routingKey)}` : `exchange ${lastingName(exchange)}`,
  );
}

/** `no exchange 'no.such.exchange' in vhost '/'` */
function namedResources({ rule, message }: Finding): string[] {
  if (rule !== "broker-close") return [];
  return Array.from(message.matchAll(/\b(queue|exchange) '([^']*)'/g), ([, what, name]) => {
    return `${what} ${lastingName(name!)}`;
  });
}

/** `The broker closed channel 1: 404 NOT_FOUND - …`: the code. The text after it is free. */
function replyCode(message: string): string {
  return /: ([0-9]+) /.exec(message)?.[1] ?? "";
}

/** A name without the parts made up for one run: unique names of a server or a program, dates, process ids. */
export function lastingName(name: string): string {
  return name
    .replace(/^(amq\.gen|amq\.rabbitmq\.reply-to)\b.*$/, "$1…")
    .replace(/[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/gi, "…")
    .replace(/(?=[0-9a-f]*[0-9])[0-9a-f]{8,}/gi, "…")
    .replace(/[0-9]{4,}/g, "…");
}

const QUOTED = /“[^”]*”|"[^"]*"|'[^']*'|<<[\s\S]*?>>/g;
const WORD = /AMQP [0-9][0-9. -]*[0-9]|[A-Za-z][\w-]*(?:\.[\w-]+)*/g;

/** Protocols that a client may open with, as connection/protocol-header.ts names them. */
const PROTOCOLS = ["HTTP", "TLS", "SSH", "STOMP", "PROXY"];

const WORDS = new Set([...METHODS.map(({ name }) => name), ...PROTOCOLS]);

/** Methods, the argument or property that does not decode, protocols. Quotes in the message came from the wire. */
function specificationWords(message: string): string[] {
  const prose = message.replace(QUOTED, "").replaceAll("AMQP 0-9-1", "");
  const named = /\bargument ([a-z-]+) of |\bproperty ([a-z-]+)/i.exec(prose)?.slice(1) ?? [];
  const words = (prose.match(WORD) ?? []).filter(word => WORDS.has(word) || word.startsWith("AMQP "));
  return distinct([...words, ...named.filter(name => name !== undefined)]);
}

/** Each once, in alphabetical order. */
function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
