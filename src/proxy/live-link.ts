/**
 * The inspector's end of the live page: gathers what is new, and hands it to the thread that serves the page. It waits
 * for nothing, and keeps no more than its bounds while that thread does not take it.
 */
import type { MessagePort } from "node:worker_threads";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import type { Message } from "../messages/message.ts";
import type { LiveConnection, LiveFinding } from "../report/html/live-data.ts";
import { jsonLine } from "../report/json.ts";
import type { ConnectionEvent, FindingEvent } from "../report/live-event.ts";
import { messageJson } from "../report/message-record.ts";
import { connectionRecord } from "../report/partial/connection-record.ts";
import type { Connection } from "../report/report.ts";
import { FrameWatch } from "./frame-watch.ts";
import { KeptFindings } from "./kept-findings.ts";
import type { Inspected } from "./live-inspection.ts";
import type { ConnectionNews, Excerpt, FindingNews, InspectorNews, ToInspectorPort } from "./telemetry-protocol.ts";

/** Connections whose figures are sent in a second; if there are more, they take turns. */
const MAX_FIGURES = 500;
/** Messages that wait to be handed over, and messages that incidents cost; beyond this, only their number. */
const MAX_MESSAGES = 200;
const MAX_LOST = 2000;
/** Closed connections that wait to be handed over; beyond this, the oldest are dropped. */
const MAX_WAITING = 2000;
/** News that the other thread has not taken yet. */
const MAX_OUTSTANDING = 4;
/** Characters of a finding as JSON; in a longer one octets and diagnosis are left out. */
const MAX_FINDING = 256 * 1024;
/** Findings of one fingerprint that are sent whole. */
const FULL_OF_KIND = 16;
/** Fingerprints that are counted; beyond this, the oldest are forgotten. */
const MAX_KINDS = 1024;

export class LiveLink {
  readonly watch = new FrameWatch();
  readonly #open: () => Iterable<Inspected>;
  #port: MessagePort | null = null;
  #outstanding = 0;
  /** Sent again to a thread that begins anew. */
  readonly #findings = new KeptFindings();
  #newFindings = new Map<string, FindingNews>();
  #connections = new Map<string, ConnectionNews>();
  /** Connections that waited too long to be handed over. */
  #dropped = 0;
  #messages: string[] = [];
  #lost: string[] = [];
  #lostDropped = 0;
  #messageCount = 0;
  /** By fingerprint: findings that were sent whole. */
  readonly #kinds = new Map<string, Set<string>>();
  /** For open connections: findings that were sent, and why a connection is not inspected. */
  readonly #sent = new Map<string, { findings: Set<string>; uninspected?: string }>();
  /** For open connections: octets that were sent, and in whose turn that was. */
  #figures = new WeakMap<Inspected, { octets: number; turn: number }>();
  #turn = 0;

  /** `open`: connections that are open. */
  constructor(open: () => Iterable<Inspected>) {
    this.#open = open;
  }

  /** Another thread serves the page from now on: it gets what is known. */
  connect(port: MessagePort): void {
    this.#port = port;
    this.#outstanding = 0;
    this.#newFindings = new Map([...this.#findings.all].map(each => [each.id, each]));
    this.#figures = new WeakMap();
    this.watch.endAll();
    port.on("message", (message: ToInspectorPort) => this.#received(message));
  }

  /** Takes an event that was emitted for a connection. */
  connectionEvent(event: ConnectionEvent): void {
    const { id } = event.connection;
    const known = this.#sent.get(id) ?? { findings: new Set() };
    this.#sent.set(id, known);
    if (event.event === "finding") {
      known.findings.add(event.finding.id);
      this.#finding(event);
    } else if (event.event === "uninspected") known.uninspected = event.message;
    const isOpen = event.event !== "closed";
    this.#connection(event.connection, event.upstream, isOpen);
    if (!isOpen) this.#sent.delete(id);
  }

  /** A message whose outcome is known; `finding` cost it. */
  message(message: Message, finding: string | undefined): void {
    this.#messageCount++;
    if (finding === undefined) {
      if (this.#messages.length < MAX_MESSAGES) this.#messages.push(messageJson(message));
    } else if (this.#lost.length < MAX_LOST) this.#lost.push(messageJson(message, finding));
    else this.#lostDropped++;
  }

  /** A second has passed. */
  tick(): void {
    this.watch.tick();
    this.#turn++;
    const turnOf = (each: Inspected): number => this.#figures.get(each)?.turn ?? 0;
    const changed = [...this.#open()].filter(
      each => each.carrier.wasEmitted && this.#figures.get(each)?.octets !== octetsOf(each),
    );
    for (const inspected of changed.sort((a, b) => turnOf(a) - turnOf(b)).slice(0, MAX_FIGURES)) {
      const { id, upstream } = inspected.carrier;
      this.#figures.set(inspected, { octets: octetsOf(inspected), turn: this.#turn });
      this.#connection({ id, ...connectionRecord(inspected) }, upstream, true);
    }
    this.flush();
  }

  /** Hands over what is new. */
  flush(): void {
    const port = this.#port;
    if (port === null) return;
    const open = new Set<InspectedConnection>(this.#watchesOpen());
    for (const frames of this.watch.take(inspected => !open.has(inspected))) port.postMessage(frames);
    const isNew = this.#connections.size + this.#newFindings.size + this.#messages.length + this.#lost.length > 0;
    if (!isNew || this.#outstanding >= MAX_OUTSTANDING) return;
    this.#outstanding++;
    const news: InspectorNews = {
      kind: "news",
      connections: [...this.#connections.values()],
      findings: [...this.#newFindings.values()],
      messages: this.#messages,
      lost: this.#lost,
      frames: this.watch.frames,
      messageCount: this.#messageCount,
      dropped: this.#dropped,
      lostDropped: this.#lostDropped,
    };
    port.postMessage(news);
    this.#connections = new Map();
    this.#newFindings = new Map();
    this.#messages = [];
    this.#lost = [];
  }

  *#watchesOpen(): Iterable<Inspected> {
    if (this.watch.isIdle) return;
    for (const inspected of this.#open()) if (!inspected.givenUp) yield inspected;
  }

  #received(message: ToInspectorPort): void {
    if (message.kind === "news-taken") this.#outstanding--;
    else if (message.kind === "unwatch") this.watch.end(message.watch);
    else if (message.kind === "watch") {
      const { watch, connection, channel } = message;
      const found = [...this.#open()].find(({ carrier }) => carrier.id === connection);
      if (found !== undefined) this.watch.begin(watch, found, channel);
      else this.#port?.postMessage({ kind: "frames", watch, frames: [], omitted: 0, over: true });
    }
  }

  #connection(connection: Connection, upstream: ConnectionEvent["upstream"], isOpen: boolean): void {
    const { findings, uninspected } = this.#sent.get(connection.id) ?? { findings: new Set() };
    const record: LiveConnection = {
      ...connection,
      upstream,
      isOpen,
      found: findings.size,
      ...(uninspected === undefined ? {} : { uninspected }),
    };
    this.#connections.delete(connection.id);
    this.#connections.set(connection.id, { id: connection.id, isOpen, json: jsonLine(record) });
    if (this.#connections.size <= MAX_WAITING) return;
    for (const oldest of this.#connections.keys()) {
      this.#connections.delete(oldest);
      this.#dropped++;
      break;
    }
  }

  #finding({ finding, final, fingerprint = "", recording, connection }: FindingEvent): void {
    const excerpt = recording === undefined ? null : excerptOf(recording, finding.time ?? connection.end, connection);
    const kind = this.#kinds.get(fingerprint) ?? new Set();
    this.#kinds.set(fingerprint, kind);
    if (this.#kinds.size > MAX_KINDS) this.#kinds.delete([...this.#kinds.keys()][0]!);
    const isWhole = kind.has(finding.id) || kind.size < FULL_OF_KIND;
    if (isWhole) kind.add(finding.id);
    const whole: LiveFinding = { ...finding, final, isRecorded: excerpt !== null };
    let json = isWhole ? jsonLine(whole) : "";
    if (!isWhole || json.length > MAX_FINDING) {
      const { diagnosis: _, lost: __, places: ___, ...short } = whole;
      json = jsonLine({ ...short, octets: [], isShort: true } satisfies LiveFinding);
    }
    const news = { id: finding.id, connection: connection.id, json, excerpt };
    this.#findings.keep(news);
    this.#newFindings.set(finding.id, news);
  }
}

function octetsOf({ carrier }: Inspected): number {
  return carrier.octets(0) + carrier.octets(1);
}

function excerptOf(path: string, time: string, { client, server, start }: Connection): Excerpt {
  return { path, ends: [client, server], opened: microseconds(start), around: microseconds(time) };
}

/** Since the epoch, from a time with up to nine digits of fraction. */
function microseconds(time: string): number {
  const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? "";
  return Math.floor(Date.parse(time) / 1000) * 1e6 + Number(fraction.padEnd(6, "0").slice(0, 6));
}
