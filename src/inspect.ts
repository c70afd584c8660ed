/** Inspects captures: reads files, has them inspected, and makes a report of what was found. */
import type { CaptureReading } from "./capture/capture-reading.ts";
import { canReadAgain, randomSeed } from "./capture/capture-source.ts";
import type { InputError } from "./capture/input-error.ts";
import type { PacketRecord } from "./capture/packet-record.ts";
import { MAX_STEPS } from "./forensics/untangle/untangle.ts";
import { BrokenConnections, type PacketRange } from "./inspection/broken-connections.ts";
import { CaptureInspection, type CaptureInspectionOptions } from "./inspection/capture-inspection.ts";
import type { InspectionEvent } from "./inspection/event.ts";
import { Ledger } from "./messages/ledger.ts";
import type { ConnectionFacts, LedgerPart } from "./messages/ledger-context.ts";
import type { CallFacts } from "./messages/ledger-sink.ts";
import type { Message, MessageConnection } from "./messages/message.ts";
import type { TcpConnection } from "./net/tcp-connection.ts";
import { readAll } from "./read-all.ts";
import { buildReport } from "./report/build-report.ts";
import { MessageOutput, type MessageReaders } from "./report/message-output.ts";
import { merge } from "./report/partial/merge.ts";
import { type InputPart, NO_TRAFFIC, type PartialResult } from "./report/partial/partial-result.ts";
import { PartialSink } from "./report/partial/partial-sink.ts";
import { shortenRepeatedKinds } from "./report/partial/same-kind.ts";
import type { Report } from "./report/report.ts";
import { KeyLog } from "./tls/key-log.ts";
import { nodeCrypto } from "./tls/node-crypto.ts";
import type { TlsKeys } from "./tls/tls-session.ts";

/** If messages are read, they take the place of `listener`. */
export interface InspectOptions extends Omit<CaptureInspectionOptions, "only" | "keys" | "steps">, MessageReaders {
  /** Texts of TLS key logs (NSS's format). Those that pcapng files carry are always used. */
  keyLogs?: readonly string[];
  /** Channels that are asked for: each connection of the report then has `channels`, those with frames. */
  channels?: readonly number[] | undefined;
  /** Explain what breaks by the octets around it. Default: true. */
  explain?: boolean;
  /**
   * Called for every AMQP connection when it is recognised, before its first frame: c`number`. `clientKnown` is false
   * if it begins in mid-stream: then the client's end is a guess until a method was seen that only one end sends.
   */
  onConnection?: (number: number, tcp: TcpConnection, clientKnown: boolean) => void;
  /** Called before further readings explain broken connections: with their number. */
  onExplaining?: (connections: number) => void;
  /** Called in the first reading when something is found: before the report, and before anything is explained. */
  onFinding?: () => void;
  /** Called with what was thrown when ghostframe itself fails on a connection: the report stays valid, with a note. */
  onFailure?: (error: unknown) => void;
  /** Ends reading early; the report covers what was read until then. */
  signal?: AbortSignal;
  /**
   * Octets read of the present file, and its size if it has one. Reading waits for a promise that it returns.
   */
  onProgress?: (path: string, octetsRead: number, totalOctets: number | null) => unknown;
}

/**
 * Reads captures, in the order given, as one timeline if time does not run backwards between them (a ring of files from
 * dumpcap), and reports what is corrupt in them. A file that cannot be read has an `error` in the report's inputs; the
 * others are still inspected.
 */
export async function inspect(paths: readonly string[], options: InspectOptions = {}): Promise<Report> {
  const messages = new MessageOutput(options);
  const report = buildReport(await inspectInto(paths, options, messages));
  messages.finish(report.findings);
  return report;
}

/**
 * The same, as a result that can be merged with others.
 *
 * Captures are read twice if something is corrupt: the first reading keeps no octets and finds which connections are
 * broken, the second keeps their octets and explains them; very many connections need a few more readings. From
 * standard input, recent octets are kept from the beginning.
 */
export async function inspectPart(paths: readonly string[], options: InspectOptions = {}): Promise<PartialResult> {
  const messages = new MessageOutput(options);
  const part = await inspectInto(paths, options, messages);
  messages.finish([]);
  return part;
}

async function inspectInto(
  paths: readonly string[],
  options: InspectOptions,
  messages: MessageOutput,
): Promise<PartialResult> {
  const again = await Promise.all(paths.map(canReadAgain));
  const rereadable = again.every(Boolean);
  const keys: TlsKeys = { log: new KeyLog(), crypto: nodeCrypto };
  for (const text of options.keyLogs ?? []) keys.log.add(text);
  const explains = options.explain !== false;
  const broken = new BrokenConnections();
  const rereads = explains && rereadable;
  const ledger = ledgerOf(messages, rereads ? "until-break" : "all", broken);
  const settings = { ...options, keys, explain: explains && !rereadable };
  const firstReading = () => readAll(paths, new Inspection(settings, { broken, ledger }), options);
  return rereads ? explained(paths, { ...options, keys }, firstReading, { broken, messages }) : firstReading();
}

/** The ledger that reports messages; null if messages are not needed. */
function ledgerOf(messages: MessageOutput, part: LedgerPart, broken: BrokenConnections): Ledger | null {
  if (!messages.isWanted) return null;
  const suspend = ({ number, inspected }: MessageConnection): void => broken.suspend(inspected.carrier.first, number);
  const emitConnection = (connection: ConnectionFacts): void => messages.takeConnection(connection);
  const emitCall = (call: CallFacts): void => messages.takeCall(call);
  const follows = (connection: MessageConnection): boolean => messages.follows(connection);
  return new Ledger(message => messages.take(message), { part, follows, suspend, emitConnection, emitCall });
}

/**
 * The result of the first reading, with explanations from reading the captures again, and again if too much breaks at a
 * time. Nothing is kept for what a later reading finds: very many connections may be broken.
 */
async function explained(
  paths: readonly string[],
  options: InspectOptions & CaptureInspectionOptions,
  firstReading: () => Promise<PartialResult>,
  { broken, messages }: { broken: BrokenConnections; messages: MessageOutput },
): Promise<PartialResult> {
  const isStopped = (): boolean => options.signal?.aborted === true;
  let result = await firstReading();
  if (isStopped() || !(broken.remain || broken.someSuspended)) return result;
  const { inputs } = result;
  const { listener: _, onConnection: __, onFinding: ___, ...rest } = options;
  const steps = { steps: MAX_STEPS };
  const only = (tcp: TcpConnection, hasRoom: boolean): boolean => broken.wants(tcp, hasRoom && steps.steps > 0);
  const closedForFrames = (tcp: TcpConnection): boolean => broken.wasClosed(tcp);
  const limits = inputs.map(({ file }) => file.packets);
  const all = limits.map(to => ({ from: 0, to }));
  if (broken.waiting > 0) options.onExplaining?.(broken.waiting);
  let ranges: readonly PacketRange[] = broken.ranges(limits);
  let isNarrow = ranges.some(({ from, to }, i) => from > 0 || to < limits[i]!);
  for (let reading = 0; reading < MAX_READINGS && broken.remain; reading++) {
    broken.beginReading();
    const ledger = ledgerOfRest(messages, broken);
    const inspection = new Inspection({ ...rest, explain: true, steps, only, closedForFrames }, { broken, ledger });
    const part = await readAll(paths, inspection, options, ranges);
    // A reading that was stopped, or in which a file is gone, has less than the first.
    const lacks = ({ file: { error, packets } }: InputPart, i: number): boolean =>
      packets < ranges[i]!.to && error !== inputs[i]!.file.error;
    if (isStopped() || part.inputs.some(lacks)) break;
    if (isNarrow && broken.waiting > 0) {
      ranges = all;
      isNarrow = false;
      broken.lookAgain();
    }
    const merged = merge([result, ofConnections(part, inputs)]);
    result = { ...merged, connections: shortenRepeatedKinds(merged.connections) };
  }
  if (broken.someSuspended && !isStopped()) {
    const ledger = ledgerOf(messages, "from-break", broken);
    const left = new Inspection({ ...rest, only: tcp => broken.isSuspended(tcp.first) }, { broken, ledger });
    await readAll(paths, left, options, all);
  }
  const connections = result.connections.map(each =>
    broken.holds(each.first) ? { ...each, unexplained: true as const } : each,
  );
  return { ...result, connections };
}

/** The rest of the messages is reported with the finding that cost them, to any reader of messages. */
function ledgerOfRest(messages: MessageOutput, broken: BrokenConnections): Ledger {
  // Messages that the first reading has reported completely are not reported again, even if a trusted guess now shows
  // more.
  const isRest = ({ inspected }: MessageConnection): boolean => broken.wasSuspended(inspected.carrier.first);
  const emit = (message: Message): void => {
    if (isRest(message.connection)) messages.take(message);
  };
  const emitCall = (call: CallFacts): void => {
    if (isRest(call.connection)) messages.takeCall(call);
  };
  return new Ledger(emit, { part: "from-break", emitCall });
}

/** What a second reading adds to the first one's result: facts on connections. */
function ofConnections({ connections }: PartialResult, inputs: readonly InputPart[]): PartialResult {
  return { inputs: inputs.map(input => ({ ...input, traffic: NO_TRAFFIC })), connections };
}

/** Readings that explain what a first one found broken. */
const MAX_READINGS = 16;

/** The inspection of one or more captures, for their readers: it gets packet records, and touches no file. */
export class Inspection {
  readonly #broken: BrokenConnections | null;
  readonly #onConnection: InspectOptions["onConnection"];
  readonly #onFailure: InspectOptions["onFailure"];
  readonly #onFinding: InspectOptions["onFinding"];
  readonly #captures: CaptureInspection;
  readonly #keys: TlsKeys | null;
  readonly #sink: PartialSink;
  readonly #ledger: Ledger | null;

  /** `broken` gets the connections in which an error is found. */
  constructor(
    { onConnection, onFailure, onFinding, ...options }: InspectOptions & CaptureInspectionOptions = {},
    { broken = null, ledger = null }: { broken?: BrokenConnections | null; ledger?: Ledger | null } = {},
  ) {
    this.#broken = broken;
    this.#ledger = ledger;
    this.#onConnection = onConnection;
    this.#onFailure = onFailure;
    this.#onFinding = onFinding;
    this.#keys = options.keys ?? null;
    this.#sink = new PartialSink([...(options.ports ?? []), ...(options.decodeAs ?? [])], options.channels);
    const listener = this.#ledger ?? options.listener ?? null;
    this.#captures = new CaptureInspection({ seed: randomSeed(), ...options, listener }, event => this.#take(event));
  }

  /** The text of a key log that a capture carries. */
  secrets(keyLog: string): void {
    this.#keys?.log.add(keyLog);
  }

  beginInput(): void {
    this.#captures.beginInput();
  }

  packet(record: PacketRecord): void {
    this.#captures.packet(record);
  }

  endInput(path: string, reading: CaptureReading): void {
    this.#captures.endInput(path, reading);
  }

  /** A file from which nothing could be read. */
  failInput(path: string, error: InputError): void {
    this.#captures.failInput(path, error);
  }

  /** The timeline is over. Returns what was found. */
  finish(): PartialResult {
    const steps = this.finishing();
    while (steps.next().done !== true);
    return this.result();
  }

  /** The same in steps; `result` has the findings after the last of them. */
  finishing(): Generator<void, void> {
    return this.#captures.finishing();
  }

  result(): PartialResult {
    return this.#sink.result(this.#captures.inputs);
  }

  #take(event: InspectionEvent<TcpConnection>): void {
    const { carrier, sawBeginning } = event.connection;
    if (event.kind === "connection-opened") this.#onConnection?.(event.number, carrier, sawBeginning);
    if (event.kind === "uninspected" && event.why === "failed") this.#onFailure?.(event.error);
    if (event.kind === "finding") this.#onFinding?.();
    if (event.kind === "finding") this.#broken?.take(event.connection, event.incident);
    if (event.kind === "connection-closed") this.#broken?.over(carrier);
    this.#ledger?.take(event, this.#broken?.number(carrier));
    const lost = event.kind === "connection-closed" ? this.#ledger?.takeLost(event.connection) : null;
    this.#sink.take(event, lost ?? null);
  }
}
