/**
 * The relay's side of the inspector, which lives in a thread of its own: octets are written on a tape that it reads.
 * Whatever the inspector does, the relay never waits for it: where it falls behind by more than MAX_BEHIND, connections
 * go on uninspected, and where it dies another one takes the connections that come.
 */
import { Worker } from "node:worker_threads";
import type { Side } from "../net/connection-observer.ts";
import { eventWriter } from "../report/event-writer.ts";
import { EVENT_SCHEMA, type LiveEvent } from "../report/live-event.ts";
import type { Endpoint } from "../report/report.ts";
import { counted } from "../report/text/wording.ts";
import { isoTime } from "../report/time.ts";
import { BatchWriter } from "./batch-writer.ts";
import type { ConnectionTap, RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import type { FromInspector, InspectorData, InspectorSetting, ToInspector } from "./inspector-protocol.ts";
import {
  CLOSED,
  CONCLUDE,
  CONNECTED,
  DATA,
  ENDED_BY_FIN,
  ENDED_BY_RST,
  GUARDED,
  LOST,
  OPENED,
  REOPENED,
  TROUBLE,
} from "./octet-batch.ts";
import { type ToldEvent, type ToldFinding, toldEvent } from "./told-event.ts";
import { WallClock } from "./wall-clock.ts";

/** Octets of tape that the inspector may be behind: two seconds at the full speed of two processors leave fewer. */
const MAX_BEHIND = 256 << 20;
/** An inspector that died is replaced at once, unless so many died within this time; then after it. Milliseconds. */
const MAX_DEATHS = 3;
const DEATHS_WITHIN = 60_000;
/** An inspector that is behind and has read nothing for so long hangs. Milliseconds. */
const HANGS_AFTER = 30_000;
/** Milliseconds that the last one has for its conclusions. */
const CLOSE_WITHIN = 10_000;
/** Megabytes of heap that the inspector's thread may use: its octets are not in it. */
const MAX_HEAP = 1024;

export type NewThread = (data: InspectorData) => Worker;

export interface InspectorOptions extends InspectorSetting {
  tell: (event: ToldEvent) => void;
  problem: (message: string) => void;
  /** Another thread, in tests. */
  newThread?: NewThread | undefined;
  /** Another DEATHS_WITHIN, in tests. */
  deathsWithin?: number | undefined;
}

export class Inspector {
  /** Connections that went on uninspected because the inspector fell behind or died. */
  uninspected = 0;
  readonly #options: InspectorOptions;
  readonly #clock = new WallClock();
  readonly #taps = new Set<InspectorTap>();
  readonly #awaited = new Map<number, (finding: ToldFinding | null) => void>();
  readonly #write: (event: LiveEvent) => string;
  /** Null where the last one died and the next is not there yet. */
  #worker: Worker | null = null;
  #batches = this.#newBatches();
  /** When the last ones died, by the steady clock. */
  #deaths: number[] = [];
  #again: NodeJS.Timeout | null = null;
  #toldBehind = false;
  #nextFinding = 1;
  #closing: (() => void) | null = null;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#write = options.writing === null ? () => "" : eventWriter(options.writing);
    this.#start();
  }

  /** Whether there is an inspector to read the tape. */
  get listens(): boolean {
    return this.#worker !== null;
  }

  /** Follows one more connection. */
  follow(connection: RelayedConnection): ConnectionTap {
    const tap = new InspectorTap(connection, this);
    if (!this.listens || this.isBehind) {
      if (this.isBehind) this.#tellBehind();
      tap.goDeaf("the inspector is not there, or too far behind, to look at it");
      return tap;
    }
    this.#taps.add(tap);
    this.write(OPENED, 0, connection.number, encoded(connection));
    return tap;
  }

  /**
   * What broke in the client's octets, of which no more follow: its finding, or null where none is told in time.
   *
   * @param within milliseconds
   */
  conclude(number: number, within: number): Promise<ToldFinding | null> {
    return new Promise(resolve => {
      const timer = setTimeout(() => this.#answer(number, null), within);
      this.#awaited.set(number, finding => {
        clearTimeout(timer);
        resolve(finding);
      });
      this.write(CONCLUDE, 0, number, NOTHING);
      this.flush();
    });
  }

  /** The guard parted from a client. */
  guarded(number: number, reason: string): void {
    this.write(GUARDED, 0, number, encoded({ reason }));
  }

  /** Begins a new recording, with what comes from now on. */
  reopen(): void {
    this.write(REOPENED, 0, 0, NOTHING);
  }

  /** Whether the inspector is further behind than it may be. */
  get isBehind(): boolean {
    return this.#batches.unread > MAX_BEHIND;
  }

  /** A connection goes on uninspected because of that. */
  lost(): void {
    this.uninspected++;
    this.#tellBehind();
  }

  /** Tells an event that no inspector is there to tell. */
  tellAlone(what: AloneEvent, { client, listener, upstream }: RelayedConnection, number: number): void {
    this.#clock.read();
    const { seconds, microseconds } = this.#clock;
    const time = isoTime({ seconds, nanoseconds: microseconds * 1000, timeDigits: 6 });
    const connection = {
      id: `c${number}`,
      input: 0,
      client,
      server: listener,
      start: time,
      end: time,
      ended: "open",
      midStream: false,
      clientProperties: {},
      negotiated: null,
      frames: NONE,
      octets: NONE,
      gaps: NONE,
      verdict: { predicted: null, observed: null },
    } as const;
    this.#options.tell(toldEvent({ schema: EVENT_SCHEMA, time, connection, upstream, ...what }, this.#write));
  }

  write(kind: number, side: Side, connection: number, bytes: Uint8Array): void {
    if (this.listens) this.#batches.write(kind, side, connection, bytes);
  }

  /** Data whose buffer is handed over. */
  give(side: Side, connection: number, bytes: Uint8Array): void {
    if (this.listens) this.#batches.give(side, connection, bytes);
  }

  /** Hands over what is on the tape. */
  flush(): void {
    this.#batches.flush();
  }

  /** Concludes everything. Resolves when the last event was told. */
  async close(): Promise<void> {
    if (this.#again !== null) clearTimeout(this.#again);
    const worker = this.#worker;
    if (this.#closing !== null || worker === null) {
      this.#closing ??= () => {};
      return;
    }
    this.flush();
    await new Promise<void>(resolve => {
      const timer = setTimeout(() => {
        this.#options.problem(
          `the inspector did not come to its end within ${CLOSE_WITHIN / 1000} s: findings may lack`,
        );
        resolve();
      }, CLOSE_WITHIN);
      this.#closing = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#post({ kind: "close" }, []);
    });
    await worker.terminate();
  }

  forget(tap: InspectorTap): void {
    this.#taps.delete(tap);
  }

  #newBatches(): BatchWriter {
    return new BatchWriter((message, transfer) => this.#post(message, transfer));
  }

  #post(message: ToInspector, transfer: ArrayBuffer[]): void {
    this.#worker?.postMessage(message, transfer);
  }

  #start(): void {
    try {
      this.#worker = this.#newWorker();
    } catch (error) {
      // No memory or no thread to be had: the relay goes on.
      const why = error instanceof Error ? error.message : String(error);
      this.#options.problem(`no inspector can be started: ${why}`);
      this.#startLater();
    }
  }

  #startLater(): void {
    this.#worker = null;
    this.#again = setTimeout(() => this.#start(), this.#deathsWithin).unref();
  }

  get #deathsWithin(): number {
    return this.#options.deathsWithin ?? DEATHS_WITHIN;
  }

  #newWorker(): Worker {
    const { broker, record, sharedSockets, writing, newThread = inspectorThread } = this.#options;
    const { pipeMemory: pipe } = this.#batches;
    const data: InspectorData = { broker, record, sharedSockets, writing, firstFinding: this.#nextFinding, pipe };
    const worker = newThread(data);
    worker.on("message", (message: FromInspector) => this.#hear(message));
    worker.on("error", error => {
      this.#options.problem(`the inspector failed: ${error instanceof Error ? error.message : String(error)}`);
    });
    worker.on("exit", () => this.#exited(worker));
    return worker;
  }

  #hear(message: FromInspector): void {
    switch (message.kind) {
      case "batch-read":
        this.#batches.wasRead(message.buffer, message.chunkOctets);
        if (!this.isBehind) this.#toldBehind = false;
        return;
      case "events":
        for (const event of message.events) this.#told(event);
        return;
      case "problem":
        this.#options.problem(message.message);
        return;
      case "closed":
        this.#closing?.();
    }
  }

  #told(event: ToldEvent): void {
    this.#options.tell(event);
    const { finding, number } = event;
    if (finding === null) return;
    this.#nextFinding = Math.max(this.#nextFinding, Number(finding.id.slice(1)) + 1);
    if (finding.severity === "error") this.#answer(number, finding);
  }

  #tellBehind(): void {
    if (performance.now() - this.#batches.waitingSince > HANGS_AFTER) void this.#worker?.terminate();
    if (this.#toldBehind) return;
    this.#toldBehind = true;
    this.#options.problem(
      `the inspector is ${MAX_BEHIND >> 20} MiB behind: connections that bring octets now go on uninspected`,
    );
  }

  #answer(number: number, finding: ToldFinding | null): void {
    this.#awaited.get(number)?.(finding);
    this.#awaited.delete(number);
  }

  /** Connections that the inspector knew are lost with it. */
  #exited(worker: Worker): void {
    if (worker !== this.#worker) return;
    if (this.#closing !== null) {
      this.#closing();
      return;
    }
    for (const number of this.#awaited.keys()) this.#answer(number, null);
    this.#batches.end();
    this.#batches = this.#newBatches();
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter(at => now - at < this.#deathsWithin), now];
    const atOnce = this.#deaths.length < MAX_DEATHS;
    const those = counted([...this.#taps].filter(tap => !tap.isLost).length, "open connection");
    const wait = `the next one comes in ${Math.ceil(this.#deathsWithin / 1000)} s`;
    this.#options.problem(
      `the inspector ended: ${those} left uninspected; ${atOnce ? "another one takes those that come" : wait}`,
    );
    for (const tap of this.#taps) tap.goDeaf("the inspector that looked at it ended");
    this.#taps.clear();
    if (atOnce) this.#start();
    else this.#startLater();
  }
}

function inspectorThread(data: InspectorData): Worker {
  return new Worker(new URL("./inspector-worker.js", import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP },
  });
}

/** An event that needs no inspection. */
type AloneEvent =
  | { event: "uninspected"; message: string }
  | { event: "closed"; findings: { errors: number; warnings: number; notes: number } };

/** One connection's place on the tape. */
class InspectorTap implements ConnectionTap {
  /** Nobody listens to this connection any more: what there is to tell of it is told here. */
  #deaf = false;
  /** Its octets are not looked at any more, and that was told. */
  isLost = false;
  readonly #connection: RelayedConnection;
  readonly #number: number;
  readonly #inspector: Inspector;

  constructor(connection: RelayedConnection, inspector: Inspector) {
    this.#connection = connection;
    this.#number = connection.number;
    this.#inspector = inspector;
  }

  /** It goes on uninspected, and nobody else can say so. */
  goDeaf(message: string): void {
    this.#deaf = true;
    if (this.isLost) return;
    this.isLost = true;
    this.#inspector.uninspected++;
    this.#inspector.tellAlone({ event: "uninspected", message }, this.#connection, this.#number);
  }

  connected(upstream: Endpoint): void {
    if (!this.#deaf) this.#inspector.write(CONNECTED, 1, this.#number, encoded(upstream));
  }

  data(side: Side, bytes: Uint8Array, given = false): void {
    if (this.isLost) return;
    if (!this.#inspector.isBehind) {
      if (given) this.#inspector.give(side, this.#number, bytes);
      else this.#inspector.write(DATA, side, this.#number, bytes);
      return;
    }
    this.isLost = true;
    this.#inspector.lost();
    this.#inspector.write(LOST, 0, this.#number, NOTHING);
  }

  end(side: Side, reason: "fin" | "rst"): void {
    if (!this.#deaf) {
      this.#inspector.write(reason === "fin" ? ENDED_BY_FIN : ENDED_BY_RST, side, this.#number, NOTHING);
    }
  }

  trouble(trouble: RelayTrouble): void {
    if (!this.#deaf) this.#inspector.write(TROUBLE, 0, this.#number, encoded(trouble));
  }

  closed(): void {
    if (this.#deaf) {
      const findings = { errors: 0, warnings: 0, notes: 0 };
      this.#inspector.tellAlone({ event: "closed", findings }, this.#connection, this.#number);
    } else this.#inspector.write(CLOSED, 0, this.#number, NOTHING);
    this.#inspector.forget(this);
  }
}

const NOTHING = new Uint8Array(0);
const NONE = { clientToServer: 0, serverToClient: 0 };
const ENCODER = new TextEncoder();

function encoded(value: object): Uint8Array {
  return ENCODER.encode(JSON.stringify(value));
}
