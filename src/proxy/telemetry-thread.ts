import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { Endpoint } from "../report/report.ts";
import { newSecret, newSecrets, visitAddress } from "./one-visit.ts";
import { ProxyError } from "./proxy-error.ts";
import type {
  FromTelemetry,
  LiveAddress,
  RelayState,
  TelemetryData,
  ToTelemetry,
  Unsent,
} from "./telemetry-protocol.ts";

/** Milliseconds between two reports of the relay's state. */
const REPORT_EVERY = 1000;
/** Milliseconds after which a thread that ended is replaced. */
const AGAIN_AFTER = 5000;
/** Milliseconds that it has to send the rest when the proxy ends. */
const CLOSE_WITHIN = 15_000;
/** Milliseconds more than its thread has to send the rest: then it hangs. */
const LATE = 2000;
/** Megabytes of heap that it may use. */
const MAX_HEAP = 512;

export interface TelemetryThreadOptions {
  data: TelemetryData;
  /** What the relay knows at present. */
  state: () => RelayState;
  /** Another thread takes the inspector's records. */
  connected: (port: MessagePort) => void;
  problem: (message: string) => void;
}

/** The relay's end of telemetry, which runs in its own thread: an error there does not stop connections. */
export class TelemetryThread {
  readonly #options: TelemetryThreadOptions;
  /** The address stays, and so does a browser's access, when the thread begins again. */
  readonly #live: LiveAddress | null;
  #worker: Worker | null = null;
  #reporting: NodeJS.Timeout | null = null;
  #again: NodeJS.Timeout | null = null;
  #closed: ((unsent: Unsent | null) => void) | null = null;
  #ready: ((message: FromTelemetry) => void) | null = null;

  constructor(options: TelemetryThreadOptions) {
    this.#options = options;
    this.#live = options.data.livePage == null ? null : { port: 0, secrets: newSecrets() };
  }

  /** The address of the live page, for one visit; null if there is none, or the visit was made. */
  get liveAddress(): string | null {
    const { port, secrets } = this.#live ?? {};
    if (port === undefined || port === 0 || secrets?.token == null) return null;
    return visitAddress(port, secrets.token);
  }

  /** Another browser may be let in to the live page: at `liveAddress`. */
  allowVisit(): void {
    if (this.#live === null) return;
    const token = newSecret();
    this.#live.secrets.token = token;
    this.#post({ kind: "new-visit", token });
  }

  /** Resolves to where metrics and health are served; null for nowhere. Rejects with a ProxyError if it fails. */
  async begin(): Promise<Endpoint | null> {
    const first = new Promise<FromTelemetry>(resolve => {
      this.#ready = resolve;
    });
    this.#start();
    const message = await first;
    if (message.kind === "ready") return message.admin;
    const { what, problem } = message as FromTelemetry & { kind: "failed" };
    throw what === "" ? new ProxyError("telemetry", problem) : new ProxyError(what, problem);
  }

  /** An inspector began: connects it. */
  connect(): void {
    if (this.#worker === null) return;
    const { port1, port2 } = new MessageChannel();
    const message: ToTelemetry = { kind: "inspector", port: port1 };
    this.#worker.postMessage(message, [port1]);
    this.#options.connected(port2);
  }

  /** Sends the rest. What could not be sent is reported. */
  async close(): Promise<void> {
    if (this.#reporting !== null) clearInterval(this.#reporting);
    if (this.#again !== null) clearTimeout(this.#again);
    const worker = this.#worker;
    if (worker === null || this.#closed !== null) return;
    const unsent = await new Promise<Unsent | null>(resolve => {
      const timer = setTimeout(() => resolve(null), CLOSE_WITHIN + LATE);
      this.#closed = counts => {
        clearTimeout(timer);
        resolve(counts);
      };
      this.#post({ kind: "close", within: CLOSE_WITHIN });
    });
    if (unsent === null) this.#options.problem("telemetry: its thread ended, or hangs; what was not sent is not known");
    else if (unsent.waiting > 0) {
      const left = `${unsent.waiting} records were left`;
      this.#options.problem(`telemetry: not all was sent within ${CLOSE_WITHIN / 1000} s: ${left}`);
    }
    if (unsent !== null && unsent.dropped > 0) {
      this.#options.problem(`telemetry: ${unsent.dropped} records could not be sent`);
    }
    await worker.terminate();
  }

  #start(): void {
    const worker = new Worker(new URL("./telemetry-worker.js", import.meta.url), {
      workerData: this.#live === null ? this.#options.data : { ...this.#options.data, live: this.#live },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP },
    });
    this.#worker = worker;
    worker.on("message", (message: FromTelemetry) => this.#received(message));
    worker.on("error", error =>
      this.#options.problem(`telemetry failed: ${error instanceof Error ? error.message : String(error)}`),
    );
    worker.on("exit", () => this.#exited(worker));
    this.connect();
    this.#reporting ??= setInterval(() => this.#report(), REPORT_EVERY);
    this.#report();
  }

  #report(): void {
    this.#post({ kind: "relay", state: this.#options.state() });
  }

  #post(message: ToTelemetry): void {
    this.#worker?.postMessage(message);
  }

  #received(message: FromTelemetry): void {
    switch (message.kind) {
      case "ready":
      case "failed":
        if (this.#live !== null && message.kind === "ready") this.#live.port = message.live ?? 0;
        if (this.#ready === null && message.kind === "failed") this.#options.problem(`telemetry: ${message.problem}`);
        this.#ready?.(message);
        this.#ready = null;
        return;
      case "visited":
        if (this.#live !== null) this.#live.secrets.token = null;
        return;
      case "problem":
        this.#options.problem(message.message);
        return;
      case "closed":
        this.#closed?.(message);
    }
  }

  #exited(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    this.#ready?.({ kind: "failed", what: "", problem: "its thread ended" });
    this.#ready = null;
    if (this.#closed !== null) {
      this.#closed(null);
      return;
    }
    this.#options.problem(
      `telemetry ended: nothing is sent or served until it begins again in ${AGAIN_AFTER / 1000} s`,
    );
    this.#again = setTimeout(() => this.#start(), AGAIN_AFTER).unref();
  }
}
