/** What the live page shows: connections, findings and messages as they were reported, rates, and what changed. */
import type { LiveCounts, RateSample } from "../report/html/live-data.ts";
import { VERSION } from "../version.ts";
import { KeptFindings } from "./kept-findings.ts";
import type { ConnectionNews, FindingNews, InspectorNews, RelayState } from "./telemetry-protocol.ts";

/** Open connections that are listed, and closed ones; of the closed, those with a kept finding stay. */
const MAX_OPEN = 2000;
const MAX_CLOSED = 500;
/** The latest messages that are listed. */
const MAX_MESSAGES = 2000;
/** Messages that findings cost, which are listed. */
const MAX_LOST = 5000;
/** Seconds for which rates are kept. */
const MAX_RATES = 600;

/** What changed since it was last taken. */
interface Changes {
  connections: Set<string>;
  gone: string[];
  goneFindings: string[];
  findings: Set<string>;
  messages: string[];
  lost: string[];
  rates: RateSample[];
}

/** What an inspector counts from its beginning. */
interface Sums {
  frames: number;
  messages: number;
  dropped: number;
  lostDropped: number;
}

const NOTHING: Readonly<Sums> = { frames: 0, messages: 0, dropped: 0, lostDropped: 0 };

export class LiveState {
  readonly #began: string;
  readonly #connections = new Map<string, ConnectionNews>();
  /** Ids of those that are open, and of open ones that are not listed. */
  readonly #isOpen = new Set<string>();
  readonly #unlisted = new Set<string>();
  readonly #findings = new KeptFindings();
  #messages: string[] = [];
  readonly #lost: string[] = [];
  readonly #rates: RateSample[] = [];
  #changes = noChanges();
  #relay: RelayState | null = null;
  /** Sums of the second before, and of earlier inspectors. */
  #before = { octets: [0, 0] as readonly [number, number], frames: 0, messages: 0 };
  #inspected: Sums = NOTHING;
  #earlier: Sums = NOTHING;
  #findingCount = 0;
  #lostLeftOut = 0;
  #leftOut = 0;

  /** @param began since when, ISO 8601, UTC */
  constructor(began: string) {
    this.#began = began;
  }

  finding(id: string): FindingNews | undefined {
    return this.#findings.get(id);
  }

  news({ connections, findings, messages, lost, frames, messageCount, dropped, lostDropped }: InspectorNews): void {
    this.#inspected = { frames, messages: messageCount, dropped, lostDropped };
    const room = MAX_LOST - this.#lost.length;
    this.#lost.push(...lost.slice(0, room));
    this.#changes.lost.push(...lost.slice(0, room));
    this.#lostLeftOut += Math.max(0, lost.length - room);
    for (const finding of findings) this.#keepFinding(finding);
    for (const connection of connections) this.#keepConnection(connection);
    this.#prune();
    this.#messages.push(...messages);
    this.#messages = this.#messages.slice(-MAX_MESSAGES);
    this.#changes.messages = [...this.#changes.messages, ...messages].slice(-MAX_MESSAGES);
  }

  /** Another inspector begins: connections of the one before are not inspected any more. */
  inspectorBegan(): void {
    for (const id of this.#isOpen) this.#drop(id);
    this.#unlisted.clear();
    const sums = Object.keys(NOTHING).map(key => [key, this.#sum(key as keyof Sums)]);
    this.#earlier = Object.fromEntries(sums) as Sums;
    this.#inspected = NOTHING;
  }

  /** What the relay knows, once a second. @param time milliseconds since the epoch */
  relayed(state: RelayState, time: number): void {
    const { octets, frames, messages } = this.#before;
    const now = { octets: state.octets, frames: this.#sum("frames"), messages: this.#sum("messages") };
    const isFirst = this.#relay === null;
    this.#relay = state;
    this.#before = now;
    if (isFirst) return;
    const sample: RateSample = [
      time,
      state.open,
      Math.max(0, now.octets[0] - octets[0]),
      Math.max(0, now.octets[1] - octets[1]),
      Math.max(0, now.frames - frames),
      Math.max(0, now.messages - messages),
    ];
    this.#rates.push(sample);
    this.#rates.splice(0, this.#rates.length - MAX_RATES);
    this.#changes.rates.push(sample);
    this.#changes.rates.splice(0, this.#changes.rates.length - MAX_RATES);
  }

  /** LiveSnapshot, as JSON. */
  snapshot(): string {
    const head = `"version":${JSON.stringify(VERSION)},"began":"${this.#began}",`;
    return `{${head}${this.#json({
      connections: [...this.#connections.keys()],
      findings: Array.from(this.#findings.all, ({ id }) => id),
      messages: this.#messages,
      lost: this.#lost,
      rates: this.#rates,
      gone: [],
      goneFindings: [],
    })}}`;
  }

  /** LiveUpdate, as JSON, with the changes since the last call; null if there are none. */
  takeUpdate(): string | null {
    const { connections, findings, ...lists } = this.#changes;
    const count = Object.values(lists).reduce((sum, list) => sum + list.length, connections.size + findings.size);
    if (count === 0) return null;
    this.#changes = noChanges();
    return `{${this.#json({ connections, findings, ...lists })}}`;
  }

  #json(
    part: Omit<Changes, "connections" | "findings"> & { connections: Iterable<string>; findings: Iterable<string> },
  ) {
    const connections = Array.from(part.connections, id => this.#connections.get(id)?.json).filter(Boolean);
    const findings = Array.from(part.findings, id => this.#findings.get(id)?.json).filter(Boolean);
    const { messages, lost, rates, gone, goneFindings } = part;
    return `"connections":[${connections.join(",")}],"findings":[${findings.join(",")}],"messages":[${messages.join(",")}],"lost":[${lost.join(",")}],"rates":${JSON.stringify(rates)},"gone":${JSON.stringify(gone)},"goneFindings":${JSON.stringify(goneFindings)},"counts":${JSON.stringify(this.#counts)}`;
  }

  get #counts(): LiveCounts {
    const { open = 0, accepted = 0, refused = 0, uninspected = 0, behind = 0 } = this.#relay ?? {};
    const leftOut = this.#leftOut + this.#unlisted.size + this.#sum("dropped");
    const messages = this.#sum("messages");
    const lostLeftOut = this.#lostLeftOut + this.#sum("lostDropped");
    const findings = this.#findingCount;
    return { open, accepted, refused, uninspected, behind, findings, messages, leftOut, lostLeftOut };
  }

  #sum(key: keyof Sums): number {
    return this.#earlier[key] + this.#inspected[key];
  }

  #keepFinding(finding: FindingNews): void {
    if (this.#findings.get(finding.id) === undefined) this.#findingCount++;
    this.#changes.findings.add(finding.id);
    for (const id of this.#findings.keep(finding)) {
      this.#changes.findings.delete(id);
      this.#changes.goneFindings.push(id);
    }
  }

  #keepConnection(connection: ConnectionNews): void {
    const { id, isOpen } = connection;
    const isKnown = this.#connections.delete(id);
    if (isOpen && !isKnown && this.#isOpen.size >= MAX_OPEN) {
      this.#unlisted.add(id);
      return;
    }
    this.#unlisted.delete(id);
    this.#connections.set(id, connection);
    this.#changes.connections.add(id);
    if (isOpen) this.#isOpen.add(id);
    else this.#isOpen.delete(id);
  }

  /** The oldest closed connections are dropped, but not those with a kept finding. */
  #prune(): void {
    if (this.#connections.size - this.#isOpen.size <= MAX_CLOSED) return;
    const withFindings = new Set(Array.from(this.#findings.all, finding => finding.connection));
    const closed = [...this.#connections.values()].filter(({ id, isOpen }) => !isOpen && !withFindings.has(id));
    for (const { id } of closed.slice(0, Math.max(0, closed.length - MAX_CLOSED))) {
      this.#drop(id);
      this.#leftOut++;
    }
  }

  #drop(id: string): void {
    this.#connections.delete(id);
    this.#isOpen.delete(id);
    this.#changes.connections.delete(id);
    this.#changes.gone.push(id);
  }
}

function noChanges(): Changes {
  const lists = { gone: [], goneFindings: [], messages: [], lost: [], rates: [] };
  return { connections: new Set(), findings: new Set(), ...lists };
}
