import { AUTO, type BrokerChoice } from "../broker/versions.ts";
import type { CaptureReading } from "../capture/capture-reading.ts";
import type { InputError } from "../capture/input-error.ts";
import type { PacketRecord } from "../capture/packet-record.ts";
import type { FrameListener } from "../connection/observers.ts";
import type { StepBudget } from "../forensics/untangle/step-budget.ts";
import type { ConnectionObserver } from "../net/connection-observer.ts";
import { type ConnectionShard, isInShard } from "../net/connection-shard.ts";
import { AMQP_PORTS } from "../net/layers/protocol-numbers.ts";
import { isoTime } from "../net/place.ts";
import { TcpAssembler } from "../net/tcp-assembler.ts";
import type { TcpConnection } from "../net/tcp-connection.ts";
import { TcpCounters } from "../net/tcp-limits.ts";
import type { TlsKeys } from "../tls/tls-session.ts";
import type { ConnectionInspection } from "./connection-inspection.ts";
import { Engine } from "./engine.ts";
import type { InspectionSink } from "./event.ts";

export interface CaptureInspectionOptions {
  /** Only connections that use one of these ports, at either end. */
  ports?: readonly number[];
  /** Ports on which every connection is taken as AMQP. */
  decodeAs?: readonly number[];
  /** UDP ports that are taken as VXLAN's, besides those that are known, or whose packets show it. */
  vxlanPorts?: readonly number[];
  /** The broker whose verdict is predicted; by default the one that names itself in connection.start. */
  broker?: BrokerChoice;
  /** Keep octets, and explain with them what breaks. */
  explain?: boolean;
  /** Secrets of TLS sessions; null if nothing is to be decrypted. */
  keys?: TlsKeys | null;
  /** Sees every frame as it is read. */
  listener?: FrameListener | null;
  /** Gets the octets of a connection beside AMQP, as EngineSetting.tap. */
  tap?: (tcp: TcpConnection) => ConnectionObserver | null;
  /** Start of the hash of end points: a random number, so that nobody can craft connections that share one chain. */
  seed?: number;
  /** Steps that explaining may take, over several inspections. */
  steps?: StepBudget;
  /** Only the connections of this part. */
  shard?: ConnectionShard;
  /** Only the connections for which this is true; `hasRoom`: the open ones leave room to explain it. */
  only?: (tcp: TcpConnection, hasRoom: boolean) => boolean;
  /** Whether an earlier reading has shown that the broker closed a connection for its frames. */
  closedForFrames?: (tcp: TcpConnection) => boolean;
}

/** What is known of one capture besides its connections. */
export interface CaptureInput {
  path: string;
  /** Time of its first packet, ISO 8601; null where it has none. */
  begin: string | null;
  /** null if nothing of the file could be read. */
  reading: CaptureReading | null;
  error: InputError | null;
  counters: TcpCounters;
  /** TCP connections on other ports than those asked for. */
  excluded: number;
  /** Packets on which ghostframe itself failed; null if there are none. */
  failures: PacketFailures | null;
}

export interface PacketFailures {
  /** What the first failure threw, and its packet. */
  error: unknown;
  packet: number;
  count: number;
}

/** With more open connections than this there is no room to explain another. */
const MAX_EXPLAINED = 1024;

/**
 * The inspection of one or more captures, in the order given: packet records → TCP streams → the engine. It gets packet
 * records, and reads no file.
 */
export class CaptureInspection {
  readonly inputs: CaptureInput[] = [];
  /** How far the timeline was read. */
  readonly #position = { input: 0, packet: 0 };
  readonly #options: CaptureInspectionOptions;
  readonly #assembler: TcpAssembler;
  readonly #engine: Engine<TcpConnection>;
  /** Connections that may be AMQP, or are. */
  readonly #connections = new Map<TcpConnection, ConnectionInspection<TcpConnection>>();
  #excluded = 0;
  #begin: string | null = null;
  /** The first error of our own on a packet of the present input, outside any connection, and how many there were. */
  #failures: PacketFailures | null = null;
  #lastSeconds = -1;
  #lastNanoseconds = 0;

  constructor(options: CaptureInspectionOptions, sink: InspectionSink<TcpConnection>) {
    const { broker = AUTO, explain = false, listener = null, seed = 0, keys = null } = options;
    this.#options = options;
    this.#assembler = new TcpAssembler(tcp => this.#open(tcp), {}, seed, options.vxlanPorts);
    this.#assembler.onForgotten = tcp => this.#over(tcp);
    this.#engine = new Engine<TcpConnection>({
      broker,
      moment: this.#assembler.moment,
      position: this.#position,
      predicts: true,
      explains: explain,
      listener,
      readsTls: true,
      keys,
      tap: options.tap,
      ...(options.steps === undefined ? {} : { steps: options.steps }),
      sink: event => {
        sink(event);
        if (event.kind !== "uninspected" || !event.connection.givenUp) return;
        if (event.why === "failed") event.connection.carrier.observer = null;
        else this.#forget(event.connection.carrier);
      },
    });
  }

  beginInput(): void {
    this.#assembler.input = this.inputs.length;
    this.#assembler.counters = new TcpCounters();
    this.#excluded = 0;
    this.#begin = null;
    this.#failures = null;
  }

  packet(record: PacketRecord): void {
    const { seconds, nanoseconds } = record;
    this.#position.input = this.#assembler.input;
    this.#position.packet = record.number;
    if (this.#begin === null) {
      this.#begin = isoTime(record);
      const earlier =
        seconds < this.#lastSeconds || (seconds === this.#lastSeconds && nanoseconds < this.#lastNanoseconds);
      // Not the next file of a ring: another capture, with its own connections.
      if (earlier) this.#assembler.finish();
    }
    this.#lastSeconds = seconds;
    this.#lastNanoseconds = nanoseconds;
    try {
      this.#assembler.packet(record);
    } catch (error) {
      this.#failures ??= { error, packet: record.number, count: 0 };
      this.#failures.count++;
    }
  }

  endInput(path: string, reading: CaptureReading): void {
    this.#file(path, reading, reading.error);
  }

  /** A file from which nothing could be read. */
  failInput(path: string, error: InputError): void {
    this.#file(path, null, error);
  }

  /** The timeline is over: reports the resulting findings, connection by connection. */
  *finishing(): Generator<void, void> {
    this.#position.packet = Number.MAX_SAFE_INTEGER;
    yield* this.#assembler.finishing();
  }

  /** No more packets of it can come: reports the resulting findings. Only what the sink keeps of it stays. */
  #over(tcp: TcpConnection): void {
    const connection = this.#connections.get(tcp);
    if (connection === undefined) return;
    this.#connections.delete(tcp);
    if (connection.failed) connection.close();
    if (connection.givenUp) return;
    connection.finish();
    if (connection.recognised) connection.close();
    else if (!connection.givenUp) connection.leave();
  }

  /** Its octets are not needed any more. */
  #forget(tcp: TcpConnection): void {
    tcp.observer = null;
    this.#connections.delete(tcp);
  }

  #file(path: string, reading: CaptureReading | null, error: InputError | null): void {
    const input = { path, begin: this.#begin, reading, error, failures: this.#failures };
    this.inputs.push({ ...input, counters: this.#assembler.counters, excluded: this.#excluded });
  }

  #open(tcp: TcpConnection): ConnectionObserver | null {
    const { ports, decodeAs = [], only, shard } = this.#options;
    if (shard !== undefined && !isInShard(tcp, shard)) return null;
    const uses = (port: number) => tcp.port(0) === port || tcp.port(1) === port;
    if (only?.(tcp, this.#connections.size < MAX_EXPLAINED && this.#engine.hasRoom) === false) return null;
    const forced = decodeAs.some(uses);
    if (ports !== undefined && !forced && !ports.some(uses)) {
      this.#excluded++;
      return null;
    }
    const connection = this.#engine.connection(tcp, {
      sawBeginning: tcp.sawSyn,
      forced,
      expected: ports?.some(uses) === true || AMQP_PORTS.includes(tcp.port(1)),
      closedForFrames: this.#options.closedForFrames?.(tcp) === true,
    });
    this.#connections.set(tcp, connection);
    return connection;
  }
}
