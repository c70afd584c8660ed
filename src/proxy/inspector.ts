/**
 * The relay's side of the inspector, which lives in a thread of its own: octets are written on a tape that is handed over
 * in batches. Whatever the inspector does, the relay never waits for it: where it falls behind by more than MAX_BEHIND,
 * connections go on uninspected, and where it dies another one takes the connections that come.
 */
import { Worker } from "node:worker_threads";
import type { Side } from "../net/connection-observer.ts";
import { MAX_SEGMENT } from "../net/synthetic-tcp.ts";
import type { ConnectionEvent, FindingEvent } from "../report/live-event.ts";
import type { Endpoint } from "../report/report.ts";
import type { ConnectionTap, RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import type { FromInspector, InspectorSetting, ToInspector } from "./inspector-protocol.ts";
import {
  CLOSED,
  CONCLUDE,
  CONNECTED,
  DATA,
  ENDED_BY_FIN,
  ENDED_BY_RST,
  LOST,
  OPENED,
  roomIn,
  TROUBLE,
  writeRecord,
} from "./octet-tape.ts";
import { WallClock } from "./wall-clock.ts";

/** Octets of a batch; the longest record fits. */
const BATCH_OCTETS = 1 << 20;
/** Octets up to which what is on a batch is copied, and the batch written on: a quiet tape needs no new one each time. */
const SMALL_BATCH = BATCH_OCTETS / 4;
/** Milliseconds that a batch waits for more. */
const FLUSH_AFTER = 20;
/** Octets of tape that the inspector may be behind. */
const MAX_BEHIND = 64 << 20;
/** Batches kept for use again. */
const MAX_SPARE = 4;
/** An inspector that died is replaced so often. */
const MAX_RESTARTS = 10;
/** Milliseconds that the last one has for its conclusions. */
const CLOSE_WITHIN = 10_000;
/** Megabytes of heap that the inspector's thread may use: its octets are not in it. */
const MAX_HEAP = 1024;

export interface InspectorOptions extends InspectorSetting {
  tell: (event: ConnectionEvent) => void;
  problem: (message: string) => void;
  /** Another script for the thread, in tests. */
  worker?: URL | undefined;
}

export class Inspector {
  /** Connections that went on uninspected because the inspector fell behind or died. */
  uninspected = 0;
  /** Whether there is an inspector to read the tape. */
  listens = true;
  readonly #options: InspectorOptions;
  readonly #clock = new WallClock();
  readonly #taps = new Set<TapeTap>();
  readonly #awaited = new Map<number, (finding: FindingEvent | null) => void>();
  #worker: Worker;
  #spare: Uint8Array[] = [];
  #batch: Uint8Array | null = null;
  #used = 0;
  #behind = 0;
  #timer: NodeJS.Timeout | null = null;
  #restarts = 0;
  #closing: (() => void) | null = null;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  /** Follows one more connection. */
  follow(connection: RelayedConnection): ConnectionTap {
    const tap = new TapeTap(connection.number, this);
    if (!this.listens) {
      this.uninspected++;
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
  conclude(number: number, within: number): Promise<FindingEvent | null> {
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

  /** Begins a new recording, with what comes from now on. */
  reopen(): void {
    this.flush();
    this.#post({ kind: "reopen" }, []);
  }

  /** Whether the inspector is further behind than it may be. */
  get isBehind(): boolean {
    return this.#behind > MAX_BEHIND;
  }

  write(kind: number, side: Side, connection: number, bytes: Uint8Array): void {
    this.#clock.read();
    const { seconds, microseconds } = this.#clock;
    let from = 0;
    do {
      const to = Math.min(bytes.length, from + MAX_SEGMENT);
      const batch = this.#batchFor(to - from);
      this.#used = writeRecord(batch, this.#used, kind, side, connection, seconds, microseconds, bytes, from, to);
      from = to;
    } while (from < bytes.length);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER);
  }

  /** Hands over what is on the tape. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#batch;
    const used = this.#used;
    if (batch === null || used === 0) return;
    const given = used > SMALL_BATCH ? batch : batch.slice(0, used);
    if (given === batch) this.#batch = null;
    this.#used = 0;
    this.#behind += given.length;
    const buffer = given.buffer as ArrayBuffer;
    this.#post({ kind: "tape", buffer, used }, [buffer]);
  }

  /** Concludes everything. Resolves when the last event was told. */
  async close(): Promise<void> {
    if (this.#closing !== null || !this.listens) return;
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
    await this.#worker.terminate();
  }

  forget(tap: TapeTap): void {
    this.#taps.delete(tap);
  }

  #batchFor(octets: number): Uint8Array {
    if (this.#batch !== null && roomIn(this.#batch, this.#used) < octets) this.flush();
    this.#batch ??= this.#spare.pop() ?? new Uint8Array(BATCH_OCTETS);
    return this.#batch;
  }

  #post(message: ToInspector, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer);
  }

  #start(): Worker {
    const { broker, record, sharedSockets, worker: script } = this.#options;
    const setting: InspectorSetting = { broker, record, sharedSockets };
    const worker = new Worker(script ?? new URL("./inspector-worker.js", import.meta.url), {
      workerData: setting,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP },
    });
    worker.on("message", (message: FromInspector) => this.#hear(message));
    worker.on("error", error => {
      this.#options.problem(`the inspector failed: ${error instanceof Error ? error.message : String(error)}`);
    });
    worker.on("exit", () => this.#exited(worker));
    return worker;
  }

  #hear(message: FromInspector): void {
    switch (message.kind) {
      case "tape-read":
        this.#tapeRead(new Uint8Array(message.buffer));
        return;
      case "events":
        for (const event of message.events) {
          this.#options.tell(event);
          if (event.event === "finding" && event.finding.severity === "error") {
            this.#answer(Number(event.connection.id.slice(1)), event);
          }
        }
        return;
      case "problem":
        this.#options.problem(message.message);
        return;
      case "closed":
        this.#closing?.();
    }
  }

  #tapeRead(batch: Uint8Array): void {
    this.#behind -= batch.length;
    if (batch.length === BATCH_OCTETS && this.#spare.length < MAX_SPARE) this.#spare.push(batch);
  }

  #answer(number: number, finding: FindingEvent | null): void {
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
    const lost = [...this.#taps].filter(tap => !tap.isLost);
    for (const tap of this.#taps) tap.deaf = true;
    for (const number of this.#awaited.keys()) this.#answer(number, null);
    this.uninspected += lost.length;
    this.#taps.clear();
    this.#behind = 0;
    this.#batch = null;
    this.#used = 0;
    const again = this.#restarts++ < MAX_RESTARTS;
    const those = `${lost.length} open connection${lost.length === 1 ? " goes" : "s go"} on uninspected`;
    this.#options.problem(
      `the inspector ended: ${those}; ${again ? "another one inspects those that come" : "so do those that come"}`,
    );
    if (again) this.#worker = this.#start();
    else this.listens = false;
  }
}

/** One connection's place on the tape. */
class TapeTap implements ConnectionTap {
  /** Nobody listens to this connection any more. */
  deaf: boolean;
  /** The inspector was too far behind for its octets. */
  isLost = false;
  readonly #number: number;
  readonly #inspector: Inspector;

  constructor(number: number, inspector: Inspector) {
    this.#number = number;
    this.#inspector = inspector;
    this.deaf = !inspector.listens;
  }

  connected(upstream: Endpoint): void {
    if (!this.deaf) this.#inspector.write(CONNECTED, 1, this.#number, encoded(upstream));
  }

  data(side: Side, bytes: Uint8Array): void {
    if (this.deaf || this.isLost) return;
    if (!this.#inspector.isBehind) {
      this.#inspector.write(DATA, side, this.#number, bytes);
      return;
    }
    this.isLost = true;
    this.#inspector.uninspected++;
    this.#inspector.write(LOST, 0, this.#number, NOTHING);
  }

  end(side: Side, reason: "fin" | "rst"): void {
    if (!this.deaf) this.#inspector.write(reason === "fin" ? ENDED_BY_FIN : ENDED_BY_RST, side, this.#number, NOTHING);
  }

  trouble(trouble: RelayTrouble): void {
    if (!this.deaf) this.#inspector.write(TROUBLE, 0, this.#number, encoded(trouble));
  }

  closed(): void {
    if (!this.deaf) this.#inspector.write(CLOSED, 0, this.#number, NOTHING);
    this.#inspector.forget(this);
  }
}

const NOTHING = new Uint8Array(0);
const ENCODER = new TextEncoder();

function encoded(value: object): Uint8Array {
  return ENCODER.encode(JSON.stringify(value));
}
