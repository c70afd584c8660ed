import { grouped } from "../../bytes/grouped.ts";
import { capital } from "../../bytes/words.ts";
import type { AmqpConnection } from "../../connection/amqp-connection.ts";
import type { Discretion } from "../../connection/discretion.ts";
import { unreadFrames } from "../../connection/unread-frames.ts";
import type { CaptureInput, PacketFailures } from "../../inspection/capture-inspection.ts";
import type { FindingMade, InspectionEvent, Position } from "../../inspection/event.ts";
import { problemOf } from "../../inspection/failure.ts";
import type { InspectedConnection } from "../../inspection/inspected-connection.ts";
import type { LostMessages } from "../../messages/incident-losses.ts";
import { AMQP_PORTS } from "../../net/layers/protocol-numbers.ts";
import { type Place, placeAt } from "../../net/place.ts";
import type { TcpConnection } from "../../net/tcp-connection.ts";
import { fingerprint } from "../fingerprint.ts";
import { connectionRecord } from "./connection-record.ts";
import { fileFinding, findingOf, findingPart, plainFinding } from "./finding-part.ts";
import { addLeftAlone } from "./left-alone.ts";
import { lostMessage } from "./lost-message.ts";
import { compareOrder } from "./merge.ts";
import type { ConnectionPart, FileFacts, FindingPart, InputPart, LeftAlone, PartialResult } from "./partial-result.ts";
import { KindsSeen, shortenRepeatedKinds } from "./same-kind.ts";

/** Octets of the shortest frame. Fewer of them are a keep-alive's, and no sign of an unreadable connection. */
const SHORTEST_FRAME = 8;

/** After this many new findings, those that are reported in full are chosen anew. */
const FRESH = 256;

/** Channels of a connection that are listed: as many as RabbitMQ allows by default, and channel 0. */
const MAX_CHANNELS = 2_048;

/** A connection whose findings are gathered until it is over. */
interface Gathered {
  recognised: Position;
  findings: FindingMade<TcpConnection>[];
  /** What ended its inspection, if that was an error of our own. */
  failure: { message: string; at: Place } | null;
}

/** Makes a partial result of the events of captures: the sink that a report is written from. */
export class PartialSink {
  readonly #open = new Map<InspectedConnection<TcpConnection>, Gathered>();
  #connections: ConnectionPart[] = [];
  readonly #kinds = new KindsSeen();
  /** Findings that came since those of one kind were searched for. */
  #fresh = 0;
  /** Connections left alone, of each input. */
  readonly #leftAlone: LeftAlone[][] = [];
  readonly #isAmqpPort: (port: number) => boolean;
  readonly #channels: readonly number[] | null;

  /** `amqpPorts`: ports on which AMQP is expected besides its own. `channels`: those asked for; null for none. */
  constructor(amqpPorts: readonly number[] = [], channels: readonly number[] | null = null) {
    this.#channels = channels;
    this.#isAmqpPort = port => AMQP_PORTS.includes(port) || amqpPorts.includes(port);
  }

  /** `lost`: the messages that the incidents of a connection cost, given when it is closed. */
  take(event: InspectionEvent<TcpConnection>, lost: LostMessages | null = null): void {
    const { connection } = event;
    switch (event.kind) {
      case "connection-opened":
        this.#open.set(connection, { recognised: event.at, findings: [], failure: null });
        return;
      case "finding":
        if (event.final) this.#open.get(connection)?.findings.push(event);
        return;
      case "connection-closed": {
        const gathered = this.#open.get(connection);
        if (gathered !== undefined)
          this.#keep(this.#withChannels(connectionPart(connection, gathered, lost), connection));
        this.#open.delete(connection);
        this.#readInPart(connection);
        return;
      }
      case "uninspected": {
        const gathered = this.#open.get(connection);
        if (event.why === "left-alone") this.#leave(connection);
        else if (event.why === "failed" && gathered !== undefined) {
          gathered.failure = { message: event.message, at: placeAt(connection.carrier.last, null) };
        }
        return;
      }
      case "incident-opened":
        return;
    }
  }

  #withChannels(part: ConnectionPart, { amqp }: InspectedConnection<TcpConnection>): ConnectionPart {
    if (this.#channels === null) return part;
    const channels = usedChannels(amqp.directions, this.#channels);
    return { ...part, counts: { ...part.counts, channels } };
  }

  #keep(part: ConnectionPart): void {
    this.#connections.push(part.findings.length === 0 ? part : compact(this.#kinds.shortened(part)));
    this.#fresh += part.findings.length;
    if (this.#fresh < FRESH) return;
    this.#fresh = 0;
    this.#connections = shortenRepeatedKinds(this.#connections.sort(compareOrder));
  }

  #leave({ carrier, amqp, preludes }: InspectedConnection<TcpConnection>): void {
    const { protocol, midStream, gaps } = amqp;
    // A load balancer that checks whether the broker is there may send a PROXY header and no more.
    const before = preludes.reduce((octets, prelude) => octets + prelude.octets, 0);
    const few = carrier.octets(0) + carrier.octets(1) - before < SHORTEST_FRAME;
    // If octets were sent and none captured, their protocol is not known.
    const silent = few && gaps[0].count + gaps[1].count === 0;
    const isCut = midStream && gaps[0].cut + gaps[1].cut > 0;
    if (protocol === null && !isCut && (silent || !this.#onAmqpPort(carrier))) return;
    this.#count(carrier, protocol ?? (isCut ? "segments cut" : midStream || few ? null : "another protocol"));
  }

  /** It was read, but perhaps not all of it. */
  #readInPart({ carrier, amqp, tls }: InspectedConnection<TcpConnection>): void {
    // Records of TLS that were not decrypted have no frames to read.
    if (tls !== null && !tls.decrypted) return;
    const why = unreadFrames(amqp);
    if (why !== null) this.#count(carrier, why === "cut" ? "frames cut" : "boundary refuted");
    else if (amqp.directions.some(({ isCutShort }) => isCutShort)) this.#count(carrier, "unfinished");
  }

  #count(carrier: TcpConnection, protocol: LeftAlone["protocol"]): void {
    const { input } = carrier.last;
    const counts = this.#leftAlone[input] ?? [];
    this.#leftAlone[input] = counts;
    const onAmqpPort = this.#onAmqpPort(carrier);
    addLeftAlone(counts, { protocol, onAmqpPort, connections: 1, ports: [carrier.port(1)] });
  }

  #onAmqpPort(carrier: TcpConnection): boolean {
    return this.#isAmqpPort(carrier.port(0)) || this.#isAmqpPort(carrier.port(1));
  }

  /** The result, after the timeline is over. */
  result(inputs: readonly CaptureInput[]): PartialResult {
    return {
      inputs: inputs.map((input, i) => inputPart(input, i, this.#leftAlone[i] ?? [])),
      connections: this.#connections,
    };
  }
}

/** The same data in half the memory: a text that was put together keeps its pieces until it is read. */
function compact(part: ConnectionPart): ConnectionPart {
  return JSON.parse(JSON.stringify(part));
}

function connectionPart(
  connection: InspectedConnection<TcpConnection>,
  gathered: Gathered,
  lost: LostMessages | null,
): ConnectionPart {
  const { carrier, explains } = connection;
  const { discretion } = connection.amqp;
  // Live events may have masked before.
  const maskedBefore = discretion.masked;
  const record = connectionRecord(connection);
  const { start, end, ended, midStream, frames, octets, gaps, tls, tunnels, preludes, injectedReset } = record;
  const { client, server, clientProperties, user, virtualHost, negotiated, verdict, broker } = record;
  const ends = ([0, 1] as const).map(side => `${carrier.address(side)} ${carrier.port(side)}`);
  const findings = withFingerprints(withFailure(gathered)).map(part => withLost(part, lost, discretion));
  const masked = discretion.masked - maskedBefore;
  return {
    key: `${carrier.first.packet} ${start} ${ends.join(" ")}`,
    first: placeAt(carrier.first, null),
    recognised: gathered.recognised,
    explained: explains,
    counts: {
      start,
      end,
      ended,
      midStream,
      frames,
      octets,
      gaps,
      ...(injectedReset === undefined ? {} : { injectedReset }),
      ...(tls === undefined ? {} : { tls }),
      ...(tunnels === undefined ? {} : { tunnels }),
      ...(preludes === undefined ? {} : { preludes }),
    },
    details: {
      client,
      server,
      clientProperties,
      ...(user === undefined ? {} : { user }),
      ...(virtualHost === undefined ? {} : { virtualHost }),
      negotiated,
      verdict,
      ...(broker === undefined ? {} : { broker }),
    },
    findings,
    ...(masked === 0 ? {} : { masked }),
    ...(connection.unexplained ? { unexplained: true } : {}),
  };
}

/** Channel 0, which is the connection's own, and those with frames of either side, rising: the lowest, and any of `asked`. */
function usedChannels(directions: AmqpConnection["directions"], asked: readonly number[]): number[] {
  const used = [...new Set([0, ...directions.flatMap(each => each.channels.used)])].sort((a, b) => a - b);
  return used.filter((channel, i) => i < MAX_CHANNELS || asked.includes(channel));
}

/** With their fingerprints: that of a close by the broker depends on what led to it. */
function withFingerprints(findings: readonly FindingPart[]): FindingPart[] {
  const whole = (part: FindingPart) => findingOf(part, { id: "", connection: null, cause: undefined });
  return findings.map(part => {
    const cause = findings.find(({ identity }) => identity === part.cause);
    return { ...part, group: fingerprint(whole(part), cause && whole(cause)) };
  });
}

/** A finding with the messages that its incident cost. */
function withLost(part: FindingPart, lost: LostMessages | null, discretion: Discretion): FindingPart {
  const fates = lost?.of(part.identity);
  if (lost === null || fates === undefined || fates.size === 0) return part;
  const own = lost.listed.filter(({ incident }) => incident === part.identity);
  const count = [...fates.values()].reduce((sum, each) => sum + each, 0);
  // The list may be incomplete.
  const counts = own.length === count ? {} : { lostCount: count, lostFates: Object.fromEntries(fates) };
  return { ...part, finding: { ...part.finding, lost: own.map(each => lostMessage(each, discretion)), ...counts } };
}

/** The findings, and what ended the inspection if that failed: it may fail on a finding's diagnosis. */
function withFailure(gathered: Gathered): FindingPart[] {
  const findings = gathered.findings.map(findingPart);
  const { failure } = gathered;
  if (failure === null) return findings;
  return [...findings, plainFinding("internal-error", `${capital(failure.message)}.`, failure.at)];
}

function inputPart(input: CaptureInput, index: number, leftAlone: LeftAlone[]): InputPart {
  const { path, begin, counters, excluded } = input;
  const { resynchronisations, evictedConnections } = counters;
  return {
    position: index,
    path,
    begin,
    file: fileFacts(input),
    traffic: { excluded, leftAlone, resynchronisations, evictedConnections },
  };
}

/** How the note on a file begins that was read only in part, because Ctrl-C came. */
export const STOPPED = "Reading was stopped";

function fileFacts({ reading, error, failures, counters }: CaptureInput): FileFacts {
  const truncated = reading?.truncated ?? null;
  const packets = reading?.packets ?? 0;
  const findings =
    truncated === null ? [] : [fileFinding("file-truncated", capital(truncated.message), packets > 0 ? packets : null)];
  if (reading?.passedOver !== undefined) {
    findings.push({ ...fileFinding("unread", reading.passedOver, null), identity: "unread pcapng-blocks" });
  }
  if (reading?.stopped === true && reading.hasEnd === true) {
    const message = `${STOPPED} after ${grouped(reading.octets)} octets: what follows was not read.`;
    findings.push({ ...fileFinding("unread", message, packets > 0 ? packets : null), identity: "unread stopped" });
  }
  if (failures !== null) findings.push(fileFinding("internal-error", failuresSentence(failures), failures.packet));
  return {
    format: reading?.format ?? "unknown",
    packets,
    octets: reading?.octets ?? 0,
    notes: [...(reading?.notes ?? [])],
    error: error?.problem ?? null,
    unread: [...counters.unread],
    findings,
  };
}

function failuresSentence({ error, count }: PacketFailures): string {
  const others = count === 1 ? "" : `, and of ${grouped(count - 1)} more`;
  return `An internal error ended the reading of this packet${others}: ${problemOf(error)}.`;
}
