/**
 * The relay's side of the inspector, which runs in a thread of its own and reads what the relay writes in batches. The
 * relay never waits for the inspector. If the inspector is more than MAX_BEHIND behind, connections continue
 * uninspected. If it dies, a new inspector takes the connections that come later.
 */
import type { MessagePort, Worker } from "node:worker_threads";
import type { Side } from "../net/connection-observer.ts";
import { counted } from "../report/text/wording.ts";
import { BatchWriter } from "./batch-writer.ts";
import { Conclusions } from "./conclusions.ts";
import type { ConnectionTap, RelayedConnection } from "./connection-tap.ts";
import type { CountMessage, EventMessage, FindingMessage } from "./event-message.ts";
import type { FromInspector, InspectorSetting, ToInspector } from "./inspector-protocol.ts";
import { encoded, InspectorTap, NOTHING, type TapInspector } from "./inspector-tap.ts";
import { inspectorThread, type NewThread } from "./inspector-thread.ts";
import { CONCLUDE, GUARDED, OPENED, REOPENED } from "./octet-batch.ts";
import { reasonOf } from "./proxy-error.ts";
import type { InspectionlessEvent } from "./uninspected-event.ts";
import { UninspectedEvents } from "./uninspected-events.ts";

/** Octets of batches that the inspector may be behind: two seconds at the full speed of two processors leave fewer. */
const MAX_BEHIND = 256 << 20;
/** A dead inspector is replaced at once; after this many deaths in this time, only after this time. Milliseconds. */
const MAX_DEATHS = 3;
const DEATHS_WITHIN = 60_000;
/** An inspector that is behind and has read nothing for this time hangs. Milliseconds. */
const HANGS_AFTER = 30_000;
/** Milliseconds that the inspector has for its conclusions when the proxy ends. */
const CLOSE_WITHIN = 10_000;

export interface InspectorOptions extends InspectorSetting {
  emit: (event: EventMessage | CountMessage) => void;
  problem: (message: string) => void;
  /** An inspector began. */
  started?: () => void;
  /** Another thread, in tests. */
  newThread?: NewThread | undefined;
  /** Another DEATHS_WITHIN, in tests. */
  deathsWithin?: number | undefined;
}

export class Inspector implements TapInspector {
  /** Connections that continued uninspected because the inspector fell behind or died. */
  uninspected = 0;
  /** Packets that could not be recorded. */
  lostPackets = 0;
  readonly #options: InspectorOptions;
  /** Taps of the connections that the worker knows, by number. */
  readonly #taps = new Map<number, InspectorTap>();
  /** Stops of the guard that the worker has not reported yet. */
  readonly #guarded = new Map<number, { connection: RelayedConnection; reason: string }>();
  readonly #conclusions = new Conclusions();
  /** For events that are emitted without the worker. */
  readonly #uninspected: UninspectedEvents;
  /** Null after one died and before the next one is started. */
  #worker: Worker | null = null;
  #batches = this.#newBatches();
  /** When the last ones died, by the steady clock, in milliseconds. */
  #deaths: number[] = [];
  #again: NodeJS.Timeout | null = null;
  #behindReported = false;
  #nextFinding = 1;
  #closing: (() => void) | null = null;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#uninspected = new UninspectedEvents(options.writing, options.emit);
    this.#start();
  }

  /** Whether there is an inspector to read the batches. */
  get isRunning(): boolean {
    return this.#worker !== null;
  }

  /** Follows one more connection. */
  follow(connection: RelayedConnection): ConnectionTap {
    const tap = new InspectorTap(connection, this);
    if (!this.isRunning || this.isBehind) {
      if (this.isBehind) this.#reportBehind();
      tap.orphan("the inspector is not there, or too far behind, to look at it");
      return tap;
    }
    this.#taps.set(connection.number, tap);
    this.write(OPENED, 0, connection.number, encoded(connection));
    return tap;
  }

  /**
   * What broke in the client's octets. No more of them may follow. Resolves to the finding, or to null if there is none
   * in time.
   *
   * @param within milliseconds
   */
  conclude(number: number, within: number): Promise<FindingMessage | null> {
    const concluded = this.#conclusions.awaited(number, within);
    this.write(CONCLUDE, 0, number, NOTHING);
    this.flush();
    return concluded;
  }

  /** The guard has stopped a client. That is reported in any case, and soon. */
  guarded(connection: RelayedConnection, reason: string): void {
    const { number } = connection;
    const tap = this.#taps.get(number);
    if (tap === undefined || tap.isLost) {
      this.emitUninspected({ event: "guarded", message: reason }, connection);
      return;
    }
    this.#guarded.set(number, { connection, reason });
    this.write(GUARDED, 0, number, encoded({ reason }));
    // Behind the broken octets, which come after the guard has admitted what stands before them.
    setImmediate(() => this.flush());
  }

  /** Begins a new recording, with what comes from now on. */
  reopen(): void {
    this.write(REOPENED, 0, 0, NOTHING);
  }

  /** Telemetry goes through this port from now on. */
  connectTelemetry(port: MessagePort): void {
    this.#post({ kind: "telemetry", port }, [port]);
  }

  /** Octets of batches that the inspector is behind. */
  get behind(): number {
    return this.#batches.unread;
  }

  get isBehind(): boolean {
    return this.#batches.unread > MAX_BEHIND;
  }

  fellBehind(): void {
    this.uninspected++;
    this.#reportBehind();
  }

  emitUninspected(event: InspectionlessEvent, connection: RelayedConnection): void {
    if (event.event === "uninspected") this.uninspected++;
    this.#uninspected.take(event, connection);
  }

  write(kind: number, side: Side, connection: number, bytes: Uint8Array): void {
    if (this.isRunning) this.#batches.write(kind, side, connection, bytes);
  }

  give(side: Side, connection: number, bytes: Uint8Array): void {
    if (this.isRunning) this.#batches.give(side, connection, bytes);
  }

  /** Hands over what was written. */
  flush(): void {
    this.#batches.flush();
  }

  /** Concludes everything. Resolves when the last event was emitted. */
  async close(): Promise<void> {
    this.#uninspected.close();
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
          `the inspector did not come to its end within ${CLOSE_WITHIN / 1000} s: findings may be missing`,
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
    this.#taps.delete(tap.number);
  }

  #newBatches(): BatchWriter {
    return new BatchWriter((message, transfer) => this.#post(message, transfer));
  }

  #post(message: ToInspector, transfer: (ArrayBuffer | MessagePort)[]): void {
    this.#worker?.postMessage(message, transfer);
  }

  #start(): void {
    try {
      this.#worker = this.#newWorker();
      this.#options.started?.();
    } catch (error) {
      // No memory or no thread is available: the relay continues.
      this.#options.problem(`no inspector can be started: ${reasonOf(error)}`);
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
    const { broker, record, sharedSockets, writing, telemetry, lines = false, live = false } = this.#options;
    const { pipeMemory: pipe } = this.#batches;
    const setting = { broker, record, sharedSockets, writing, lines, telemetry, live };
    const { newThread = inspectorThread } = this.#options;
    const worker = newThread({ ...setting, firstFinding: this.#nextFinding, pipe });
    worker.on("message", (message: FromInspector) => this.#received(message));
    worker.on("error", error => {
      this.#options.problem(`the inspector failed: ${error instanceof Error ? error.message : String(error)}`);
    });
    worker.on("exit", () => this.#exited(worker));
    return worker;
  }

  #received(message: FromInspector): void {
    switch (message.kind) {
      case "batch-read":
        this.#batches.wasRead(message.buffer, message.chunkOctets);
        if (!this.isBehind) this.#behindReported = false;
        return;
      case "events":
        for (const event of message.events) this.#emit(event);
        return;
      case "counts":
        for (const count of message.counts) this.#options.emit(count);
        return;
      case "lost-packets":
        this.lostPackets += message.count;
        return;
      case "problem":
        this.#options.problem(message.message);
        return;
      case "closed":
        this.#closing?.();
    }
  }

  #emit(event: EventMessage): void {
    this.#options.emit(event);
    const { finding, number } = event;
    if (event.event === "guarded") this.#guarded.delete(number);
    if (finding === null) return;
    this.#nextFinding = Math.max(this.#nextFinding, Number(finding.id.slice(1)) + 1);
    if (finding.severity === "error") this.#conclusions.answer(number, finding);
  }

  #reportBehind(): void {
    if (performance.now() - this.#batches.waitingSince > HANGS_AFTER) void this.#worker?.terminate();
    if (this.#behindReported) return;
    this.#behindReported = true;
    const now = "connections that bring octets now go on uninspected";
    this.#options.problem(`the inspector is ${MAX_BEHIND >> 20} MiB behind: ${now}`);
  }

  /** The inspector's connections are lost with it. */
  #exited(worker: Worker): void {
    if (worker !== this.#worker) return;
    if (this.#closing !== null) {
      this.#closing();
      return;
    }
    this.#conclusions.end();
    this.#batches.end();
    this.#batches = this.#newBatches();
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter(at => now - at < this.#deathsWithin), now];
    const atOnce = this.#deaths.length < MAX_DEATHS;
    const those = counted([...this.#taps.values()].filter(tap => !tap.isLost).length, "open connection");
    const wait = `the next one comes in ${Math.ceil(this.#deathsWithin / 1000)} s`;
    this.#options.problem(
      `the inspector ended: ${those} left uninspected; ${atOnce ? "another one takes those that come" : wait}`,
    );
    const stops = [...this.#guarded.values()];
    for (const { connection, reason: message } of stops)
      this.emitUninspected({ event: "guarded", message }, connection);
    this.#guarded.clear();
    for (const tap of this.#taps.values()) tap.orphan("the inspector that looked at it ended");
    this.#taps.clear();
    if (atOnce) this.#start();
    else this.#startLater();
  }
}
