/**
 * A report's results on single packets, as comments: a finding at its first packet, with its explanation and the
 * broker's answer; each piece of a torn frame, and each message that the incident cost, where it begins.
 */
import { printable } from "../bytes/printable.ts";
import { plural } from "../bytes/words.ts";
import type { PacketComment } from "../capture/packet-comment.ts";
import type { Connection, Diagnosis, Finding, Message, Place, Report, Span, Writer } from "../report/report.ts";
import { brokerName, confidence, frameHeader, joined, messageName, traceOf, verdict } from "../report/text/wording.ts";

/** Comments of one packet; of more, only the number is given. */
const MAX_OF_PACKET = 32;
const TEXT_COLUMNS = 1200;
const NAME_COLUMNS = 80;

/** The comments of one capture, by number of the packet. */
export type CommentsOfInput = ReadonlyMap<number, readonly PacketComment[]>;

/**
 * The comments for each input of a report. `packetsBefore`: packets before an input's own in the file that is written;
 * packet numbers in comments count on from there.
 */
export function packetComments(report: Report, packetsBefore: readonly number[]): CommentsOfInput[] {
  const comments = new Comments(report, packetsBefore);
  const answered = new Set<string>();
  const connections = new Map(report.connections.map(connection => [connection.id, connection]));
  for (const finding of report.findings) {
    const connection = connections.get(finding.connection ?? "");
    const isFirst = finding.severity === "error" && connection !== undefined && !answered.has(connection.id);
    if (isFirst) answered.add(connection.id);
    comments.finding(finding, isFirst ? connection : undefined);
    if (finding.diagnosis !== undefined) comments.diagnosis(finding, finding.diagnosis);
  }
  return comments.byInput;
}

class Comments {
  readonly byInput: Map<number, PacketComment[]>[];
  readonly #packetsBefore: readonly number[];

  constructor({ inputs }: Report, packetsBefore: readonly number[]) {
    this.byInput = inputs.map(() => new Map());
    this.#packetsBefore = packetsBefore;
  }

  /** `connection`: the one that breaks here first; the broker's answer to it is added. */
  finding(finding: Finding, connection: Connection | undefined): void {
    const { rule, severity, message, diagnosis, cause, sameAs, frame } = finding;
    const parts = [`${rule} (${severity}): ${joined(message)}`];
    if (frame !== null && diagnosis === undefined) parts.push(`Frame: ${frameHeader(frame)}.`);
    if (diagnosis !== undefined) parts.push(`${diagnosis.summary} Confidence: ${confidence(diagnosis.confidence)}.`);
    if (sameAs !== undefined) parts.push(`The same kind as ${sameAs}.`);
    if (cause !== undefined) parts.push(`${cause} led to it.`);
    if (connection !== undefined) parts.push(...answer(connection));
    if (diagnosis !== undefined) parts.push(...traces(diagnosis));
    this.#add(placeOf(finding), finding, spanOf(finding), parts.join(" "));
  }

  diagnosis(finding: Finding, diagnosis: Diagnosis): void {
    for (const torn of diagnosis.torn) {
      const { at: ranges = [], spans, writer, complete } = torn;
      const first = this.#packet(ranges[0]?.from);
      for (const [i, range] of ranges.entries()) {
        const which = `piece ${i + 1} of ${spans.length}${complete ? "" : ", the last that was found,"} of the frame torn`;
        const where = i === 0 ? "here" : `in packet ${first}`;
        const text = `${which} ${where} (${frameHeader(torn)}): ${plural(spans[i]![1], "octet")} of writer ${writer}`;
        this.#add(range.from, finding, spans[i]!, text);
      }
    }
    for (const writer of diagnosis.writers) {
      for (const message of writer.messages) this.#message(finding, writer, message);
    }
    for (const { span, of, at, ofAt } of diagnosis.replayed) {
      const before = ofAt === undefined ? "" : ` in packet ${this.#packet(ofAt.from)}`;
      this.#add(
        at?.from,
        finding,
        span,
        `${plural(span[1], "octet")} that were sent${before} already, at offset ${of[0]}`,
      );
    }
    for (const { octets, streamOffset, at } of diagnosis.missing) {
      this.#add(at, finding, [streamOffset, 0], `${plural(octets, "octet")} of a frame were never written here`);
    }
    for (const { span, at } of diagnosis.overwritten) {
      this.#add(at?.from, finding, span, `${plural(span[1], "octet")} hold something else than they must`);
    }
    for (const { span, protocol, at } of diagnosis.foreign) {
      this.#add(at?.from, finding, span, `${plural(span[1], "octet")} of another protocol: ${protocol}`);
    }
    const { unexplained, unexplainedAt = [] } = diagnosis;
    for (const [i, range] of unexplainedAt.entries()) {
      const span = unexplained[i];
      if (span !== undefined) this.#add(range.from, finding, span, `${plural(span[1], "octet")} that nothing explains`);
    }
  }

  #message(finding: Finding, { name }: Writer, message: Message): void {
    const { fate, spans, at, exchange, routingKey, traceparent } = message;
    if (fate === "delivered") return;
    const lost = finding.lost?.find(({ streamOffset }) => streamOffset === spans[0]?.[0]);
    const trace = traceOf(traceparent);
    const to = `${exchange === "" ? "the default exchange" : `exchange "${exchange}"`}, routing key "${routingKey}"`;
    const own = `message ${messageName(message)} of writer ${name} begins here, to ${to}`;
    const traced = trace === null ? "" : `, trace ${trace.traceId}, span ${trace.spanId}`;
    this.#add(at?.[0]?.from, finding, spans[0] ?? [0, 0], `${own}${traced}: ${lost?.fate ?? fate}`);
  }

  #add(place: Place | undefined, finding: Finding, span: Span, text: string): void {
    if (place === undefined || place.packet === null) return;
    const packets = this.byInput[place.input];
    if (packets === undefined) return;
    const known = packets.get(place.packet) ?? [];
    packets.set(place.packet, known);
    if (known.length >= MAX_OF_PACKET) {
      known[MAX_OF_PACKET - 1] = {
        text: "ghostframe: more is found in this packet (ghostframe inspect --all)",
        data: "{}",
      };
      return;
    }
    const { id, rule, connection } = finding;
    const comment = {
      text: printable(`ghostframe ${id} ${text}`, TEXT_COLUMNS),
      data: JSON.stringify({ finding: id, rule, connection, span }),
    };
    if (!known.some(other => other.text === comment.text)) known.push(comment);
  }

  /** The packet's number in the file that is written. */
  #packet(place: Place | undefined): string {
    if (place === undefined || place.packet === null) return "of an unknown number";
    return String(place.packet + (this.#packetsBefore[place.input] ?? 0));
  }
}

function placeOf({ at, input, packets, time, streamOffset }: Finding): Place | undefined {
  return at?.from ?? (packets[0] === undefined ? undefined : { input, packet: packets[0], time, streamOffset });
}

function spanOf({ streamOffset, length }: Finding): Span {
  return [streamOffset ?? 0, length ?? 0];
}

/** The broker's answer, or the predicted one if that was not seen. */
function answer({ verdict: { observed, predicted } }: Connection): string[] {
  if (observed !== null) return [`The broker answered: ${verdict(observed)}.`];
  if (predicted === null) return [];
  return [`${brokerName(predicted.broker ?? "the broker")} would answer: ${verdict(predicted)}.`];
}

/** The traces of the messages that were torn, and of those that tore them. */
function traces({ torn, writers }: Diagnosis): string[] {
  const victims = new Set(torn.map(({ writer }) => writer));
  const tornTraces = new Set<string>();
  const otherTraces = new Set<string>();
  for (const { name, messages } of writers) {
    for (const { traceparent, fate } of messages) {
      const trace = traceOf(traceparent);
      if (trace !== null) (victims.has(name) && fate === "torn" ? tornTraces : otherTraces).add(trace.traceId);
    }
  }
  return [
    ...(tornTraces.size === 0 ? [] : [`Torn trace: ${listed(tornTraces)}.`]),
    ...(otherTraces.size === 0 ? [] : [`Traces of the octets inside: ${listed(otherTraces)}.`]),
  ];
}

/** Traces that are named. */
const MAX_TRACES = 4;

function listed(names: ReadonlySet<string>): string {
  const shown = [...names].slice(0, MAX_TRACES).map(name => printable(name, NAME_COLUMNS));
  return `${shown.join(", ")}${names.size > MAX_TRACES ? ` and ${names.size - MAX_TRACES} more` : ""}`;
}
