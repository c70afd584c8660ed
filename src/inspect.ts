/** Wires the layers for captures: packet records → TCP streams → AMQP connections → report. */

import { SEARCH_BUDGET, type SearchBudget } from "./amqp/frame-boundary-search.ts";
import { BrokerReader } from "./broker/broker-reader.ts";
import { BROKER_VERSIONS, type BrokerId, REFERENCE_BROKER } from "./broker/versions.ts";
import { grouped } from "./bytes/grouped.ts";
import { capital } from "./bytes/words.ts";
import type { CaptureReading } from "./capture/capture-reading.ts";
import { canReadAgain, randomSeed, readCapture } from "./capture/capture-source.ts";
import { InputError } from "./capture/input-error.ts";
import type { PacketRecord } from "./capture/packet-record.ts";
import { AmqpConnection } from "./connection/amqp-connection.ts";
import type { Direction } from "./connection/direction.ts";
import type { FrameListener } from "./connection/observers.ts";
import { DirectionForensics } from "./forensics/direction-forensics.ts";
import { WINDOW_BUDGET, type WindowBudget } from "./forensics/octet-window.ts";
import { MAX_STEPS, type StepBudget } from "./forensics/untangle.ts";
import { TcpAssembler } from "./net/tcp-assembler.ts";
import type { TcpConnection } from "./net/tcp-connection.ts";
import { TcpCounters } from "./net/tcp-limits.ts";
import { collectConnection, collectFindings, collectMismatch, type Draft, numbered, remark } from "./report/collect.ts";
import { type Connection, type Finding, type Input, REPORT_SCHEMA, type Report } from "./report/report.ts";
import { VERSION } from "./version.ts";

export interface InspectOptions {
  /** Only connections that use one of these ports, at either end. */
  ports?: readonly number[];
  /** Ports on which every connection is taken for AMQP. */
  decodeAs?: readonly number[];
  /** Whose verdict is predicted; RabbitMQ 3.10 where nothing is said. */
  broker?: BrokerId;
  /** Explain what breaks by the octets around it. True where nothing is said. */
  explain?: boolean;
  /** Sees every frame as it is read. */
  listener?: FrameListener | null;
  /**
   * Called for every AMQP connection when it is recognised, before its first frame: c`number`. `clientKnown`: its
   * beginning was seen, so that side 0 is the client; in mid-stream that is a guess.
   */
  onConnection?: (number: number, tcp: TcpConnection, clientKnown: boolean) => void;
  /** Ends reading early; the report says what was seen until then. */
  signal?: AbortSignal;
  /**
   * Octets read of the file now being read, and its size where it has one. Reading waits for a promise that it returns.
   */
  onProgress?: (path: string, octetsRead: number, totalOctets: number | null) => unknown;
}

/** The port IANA assigned to AMQP. A client that speaks something else there is worth naming. */
const AMQP_PORT = 5672;

/**
 * Reads captures, in the order given, as one timeline as long as time does not run backwards between them (a ring of
 * files from dumpcap), and reports what is corrupt in them. A file that cannot be read has an `error` in the report's
 * inputs; the others are inspected all the same.
 *
 * Captures are read twice where something is corrupt: the first reading keeps no octets and finds which connections are
 * broken, the second keeps theirs and explains them. Of standard input recent octets are kept from the beginning.
 */
export async function inspect(paths: readonly string[], options: InspectOptions = {}): Promise<Report> {
  const again = await Promise.all(paths.map(canReadAgain));
  const rereadable = again.every(Boolean);
  const explains = options.explain !== false;
  const inspection = new Inspection({ ...options, explain: explains && !rereadable });
  await readAll(paths, inspection, options);
  const recognised = inspection.finish();
  const broken = recognised.filter(({ amqp }) => amqp.directions.some(isBroken));
  if (explains && rereadable && broken.length > 0 && !isStopped(options)) {
    const only = new Map(broken.map(each => [keyOf(each.tcp), each]));
    const { listener: _, onConnection: __, ...rest } = options;
    const second = new Inspection({ ...rest, explain: true, only: tcp => only.has(keyOf(tcp)) });
    await readAll(paths, second, options, inspection.inputs);
    const explainedAll = second.finish();
    // A second reading that was stopped, or met a file that is gone, knows less than the first.
    const whole =
      options.signal?.aborted !== true && second.inputs.every(({ error }, i) => error === inspection.inputs[i]?.error);
    for (const explained of whole ? explainedAll : []) {
      const first = only.get(keyOf(explained.tcp));
      if (first === undefined) continue;
      explained.amqp.number = first.amqp.number;
      recognised[recognised.indexOf(first)] = explained;
    }
  }
  return inspection.report(recognised);
}

/** Reads all captures into an inspection; no further, where `limits` are given, than those say. */
async function readAll(
  paths: readonly string[],
  inspection: Inspection,
  { signal, onProgress }: InspectOptions,
  limits?: readonly Input[],
): Promise<void> {
  for (const [i, path] of paths.entries()) {
    if (signal?.aborted === true) return;
    const limit = limits?.[i]?.packets ?? Number.POSITIVE_INFINITY;
    inspection.beginInput();
    try {
      const reading = await readCapture(
        path,
        // A file that grows while it is read must not look different the second time.
        record => {
          if (record.number <= limit) inspection.packet(record);
        },
        { signal, onProgress: onProgress && ((read, total) => onProgress(path, read, total)) },
      );
      inspection.endInput(path, reading);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      inspection.failInput(path, error);
    }
  }
}

function isStopped({ signal }: InspectOptions): boolean {
  return signal?.aborted === true;
}

/** The same connection in two readings of the same captures begins with the same packet. */
function keyOf({ first }: TcpConnection): string {
  return `${first.input}:${first.packet}`;
}

function isBroken(direction: Direction): boolean {
  return direction.incidents.some(({ severity }) => severity === "error");
}

/** A connection that is AMQP, with who judged its client. */
export interface Recognised {
  amqp: AmqpConnection;
  tcp: TcpConnection;
  judge: BrokerReader;
}

export interface InspectionOptions extends InspectOptions {
  /** Only the connections for which this is true. */
  only?: (tcp: TcpConnection) => boolean;
}

/** The inspection of one or more captures. Fed with packet records, it touches no file. */
export class Inspection {
  readonly #options: InspectionOptions;
  readonly #assembler: TcpAssembler;
  readonly #budget: SearchBudget = { octets: 0, limit: SEARCH_BUDGET };
  readonly #steps: StepBudget = { steps: MAX_STEPS };
  readonly #windows: WindowBudget = { octets: 0, limit: WINDOW_BUDGET };
  readonly #watched = new Map<AmqpConnection, { tcp: TcpConnection; judge: BrokerReader }>();
  readonly inputs: Input[] = [];
  readonly #drafts: Draft[] = [];
  /** Connections left alone in the present input: how many, and on which ports of the server. */
  #leftAlone = new Map<string, { count: number; ports: Set<number> }>();
  #recognised = 0;
  /** Connections of the present input on other ports than those asked for. */
  #excluded = 0;
  #lastSeconds = -1;
  #lastNanoseconds = 0;
  #firstPacket = true;

  constructor(options: InspectionOptions = {}) {
    this.#options = options;
    this.#assembler = new TcpAssembler(tcp => this.#open(tcp), {}, randomSeed());
  }

  beginInput(): void {
    this.#assembler.input = this.inputs.length;
    this.#assembler.counters = new TcpCounters();
    this.#leftAlone = new Map();
    this.#excluded = 0;
    this.#firstPacket = true;
  }

  packet(record: PacketRecord): void {
    if (this.#firstPacket) {
      this.#firstPacket = false;
      const { seconds, nanoseconds } = record;
      const earlier =
        seconds < this.#lastSeconds || (seconds === this.#lastSeconds && nanoseconds < this.#lastNanoseconds);
      // Not the next file of a ring: another capture, with connections of its own.
      if (earlier) this.#assembler.finish();
    }
    this.#lastSeconds = record.seconds;
    this.#lastNanoseconds = record.nanoseconds;
    this.#assembler.packet(record);
  }

  endInput(path: string, reading: CaptureReading): void {
    const { format, packets, octets, truncated, error } = reading;
    const input: Input = { path, format, packets, octets, notes: [...reading.notes, ...this.#notes()] };
    if (error !== null) input.error = error.problem;
    if (truncated !== null) {
      const last = packets > 0 ? [packets, packets] : [];
      const about = { input: this.inputs.length, packets: last };
      this.#drafts.push(remark("file-truncated", capital(truncated.message), about));
    }
    this.inputs.push(input);
  }

  /** A file of which nothing could be read. */
  failInput(path: string, error: InputError): void {
    this.inputs.push({ path, format: "unknown", packets: 0, octets: 0, notes: [], error: error.problem });
  }

  /** The timeline is over. Returns the connections that are AMQP, in the order of their numbers. */
  finish(): Recognised[] {
    this.#leftAlone = new Map();
    this.#assembler.finish();
    this.inputs.at(-1)?.notes.push(...this.#leftAloneNotes());
    const recognised: Recognised[] = [];
    for (const [amqp, { tcp, judge }] of this.#watched) {
      if (amqp.state !== "amqp") continue;
      amqp.finish();
      recognised.push({ amqp, tcp, judge });
    }
    return recognised.sort((a, b) => a.amqp.number - b.amqp.number);
  }

  /** The report on the inputs read, with these connections. */
  report(recognised: readonly Recognised[]): Report {
    const { broker = REFERENCE_BROKER } = this.#options;
    const connections: Connection[] = [];
    const drafts = [...this.#drafts];
    for (const { amqp, tcp, judge } of recognised) {
      const id = `c${amqp.number}`;
      const connection = collectConnection(id, amqp, tcp, { broker, prediction: judge.prediction });
      connections.push(connection);
      const mismatch = collectMismatch(connection);
      if (mismatch !== null) drafts.push(mismatch);
      for (const draft of collectFindings(id, amqp)) drafts.push(draft);
    }
    const findings = numbered(drafts);
    const count = (severity: Finding["severity"]) => findings.filter(each => each.severity === severity).length;
    return {
      schema: REPORT_SCHEMA,
      tool: { name: "ghostframe", version: VERSION },
      inputs: this.inputs,
      connections,
      findings,
      summary: { errors: count("error"), warnings: count("warning"), notes: count("note") },
    };
  }

  #open(tcp: TcpConnection): AmqpConnection | null {
    const { ports, decodeAs = [], listener = null } = this.#options;
    const uses = (port: number) => tcp.port(0) === port || tcp.port(1) === port;
    if (this.#options.only?.(tcp) === false) return null;
    const forced = decodeAs.some(uses);
    if (ports !== undefined && !forced && !ports.some(uses)) {
      this.#excluded++;
      return null;
    }
    const version = BROKER_VERSIONS[this.#options.broker ?? REFERENCE_BROKER];
    const sawBeginning = tcp.sawSyn;
    const judge = new BrokerReader(version);
    const amqp: AmqpConnection = new AmqpConnection({
      judge,
      forensics:
        this.#options.explain === true ? () => new DirectionForensics(this.#budget, this.#windows, this.#steps) : null,
      initialFrameMax: version.initialFrameMax,
      sawBeginning,
      forced,
      expected: ports?.some(uses) === true || tcp.port(1) === AMQP_PORT,
      moment: this.#assembler.moment,
      budget: this.#budget,
      listener,
      incidents: null,
      recognised: () => {
        this.#recognised++;
        this.#options.onConnection?.(this.#recognised, tcp, sawBeginning);
        return this.#recognised;
      },
      leave: () => {
        tcp.observer = null;
        this.#watched.delete(amqp);
        this.#countLeftAlone(amqp, tcp);
      },
    });
    this.#watched.set(amqp, { tcp, judge });
    return amqp;
  }

  #countLeftAlone(amqp: AmqpConnection, tcp: TcpConnection): void {
    if (amqp.protocol === null) return;
    const counted = this.#leftAlone.get(amqp.protocol) ?? { count: 0, ports: new Set() };
    this.#leftAlone.set(amqp.protocol, counted);
    counted.count++;
    if (counted.ports.size < MAX_PORTS_NAMED) counted.ports.add(tcp.port(1));
  }

  #leftAloneNotes(): string[] {
    return Array.from(this.#leftAlone, ([protocol, { count, ports }]) => {
      const what = count === 1 ? `${protocol} connection was` : `${protocol} connections were`;
      const where = [...ports].sort((a, b) => a - b).join(", ");
      const more = ports.size === MAX_PORTS_NAMED ? ", …" : "";
      const why = protocol === "TLS" ? "its octets are encrypted" : "it is not AMQP 0-9-1";
      return `${grouped(count)} ${what} left alone (server port ${where}${more}): ${why}.`;
    });
  }

  #notes(): string[] {
    const counters = this.#assembler.counters;
    const notes = this.#leftAloneNotes();
    const say = (count: number, what: string) => {
      if (count > 0) notes.push(`${grouped(count)} ${what}.`);
    };
    for (const [linkType, count] of counters.unknownLinkTypes) {
      say(count, `packets of link type ${linkType} were not read: ghostframe does not know it`);
    }
    if (this.#excluded > 0) {
      const plural = this.#excluded === 1 ? "" : "s";
      notes.push(`${grouped(this.#excluded)} TCP connection${plural} on other ports left out.`);
    }
    say(counters.fragments, "IP fragments were left alone; they are not put together");
    say(counters.headersCut, "packets were cut by the snap length inside their headers");
    say(counters.malformed, "packets have headers that contradict themselves");
    say(
      counters.differingOverlaps,
      "TCP segments brought other octets for a place already filled; the first were kept",
    );
    say(counters.resynchronisations, "times a TCP stream went on at unrelated sequence numbers");
    say(counters.evictedConnections, "connections were given up because there are too many at a time");
    return notes;
  }
}

const MAX_PORTS_NAMED = 8;
