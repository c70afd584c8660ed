/** `ghostframe proxy` without its command line: relay, guard and inspector together, and the events that they emit. */
import type { BrokerChoice } from "../broker/versions.ts";
import { isoTime } from "../net/place.ts";
import type { EventWriting } from "../report/event-writer.ts";
import { EVENT_SCHEMA, type ProxyCounters, type ProxyEvent } from "../report/live-event.ts";
import type { Endpoint } from "../report/report.ts";
import { counted } from "../report/text/wording.ts";
import { sendsTraces } from "../telemetry/settings.ts";
import { endpointText } from "./address.ts";
import type { ConnectionTap, Relayed, RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import type { CountMessage, EventMessage, FindingMessage } from "./event-message.ts";
import type { Guard } from "./guard.ts";
import { Guarding } from "./guarding.ts";
import { Inspector } from "./inspector.ts";
import type { RecordSetting } from "./inspector-protocol.ts";
import type { NewThread } from "./inspector-thread.ts";
import { ProxyServer, type ProxyServerOptions } from "./proxy-server.ts";
import type { ProxyTelemetrySetting, RelayState } from "./telemetry-protocol.ts";
import { TelemetryThread } from "./telemetry-thread.ts";
import { WallClock } from "./wall-clock.ts";
import { Webhook, type WebhookSetting } from "./webhook.ts";

/** Milliseconds for the webhook to take the last findings when the proxy ends. */
const WEBHOOK_CLOSES = 5000;

export interface ProxyOptions extends Omit<ProxyServerOptions, "open" | "problem"> {
  broker: BrokerChoice;
  /** Null for no recording. */
  record: RecordSetting | null;
  /** Stop a corrupt stream before the broker sees it. */
  guard: boolean;
  /** Look for client sockets that several processes hold. */
  sharedSockets: boolean;
  /** How events of connections are written; null if they are not read. */
  writing: EventWriting | null;
  /** The telemetry that is sent and served; null for none. */
  telemetry?: ProxyTelemetrySetting | null;
  /** Where findings of new fingerprints are sent; null or missing for nowhere. */
  webhook?: WebhookSetting | null;
  /** Called with the address of the live page, which lets one browser in: it is in no event. */
  livePage?: (address: string) => void;
  /** Must not wait, and must not throw. */
  emit: (event: EventMessage | CountMessage | ProxyEvent) => void;
  /** Milliseconds between two status events; 0 or missing for none. */
  statusEvery?: number;
  /** Another thread for the inspector, in tests. */
  newThread?: NewThread;
  /** Milliseconds that the inspector has to explain what was stopped; other than GUARD_EXPLAINS in tests. */
  guardExplains?: number;
}

export class InspectingProxy {
  readonly #options: ProxyOptions;
  readonly #server: ProxyServer;
  readonly #inspector: Inspector;
  #telemetry: TelemetryThread | null = null;
  readonly #webhook: Webhook | null;
  readonly #clock = new WallClock();
  #isListening = false;
  #isDraining = false;
  /** Whether the latest client was connected to its broker; null before the first one. */
  #upstreamReached: boolean | null = null;
  readonly #counts = { errors: 0, warnings: 0, notes: 0 };
  /** Connections that could not be relayed. */
  #refused = 0;
  /** Ids of findings that may be emitted again. */
  readonly #provisional = new Set<string>();
  readonly #guarding: Guarding;
  #status: NodeJS.Timeout | null = null;

  constructor(options: ProxyOptions) {
    this.#options = options;
    const { broker, record, sharedSockets, writing, newThread, telemetry = null, webhook = null } = options;
    const problem = (message: string): void => this.#say("problem", message);
    this.#inspector = new Inspector({
      broker,
      record,
      sharedSockets,
      writing,
      lines: webhook !== null,
      telemetry: telemetry && { messages: telemetry.messages, sendsSpans: sendsTraces(telemetry.otlp) },
      live: telemetry?.livePage != null,
      newThread,
      emit: event => this.#received(event),
      problem,
      started: () => this.#telemetry?.connect(),
    });
    this.#webhook = webhook === null ? null : new Webhook({ ...webhook, problem });
    if (telemetry !== null) this.#telemetry = this.#newTelemetry(telemetry, problem);
    this.#guarding = new Guarding({ broker, inspector: this.#inspector, problem });
    this.#server = new ProxyServer({
      ...options,
      open: (connection, relayed) => this.#open(connection, relayed),
      problem,
    });
  }

  /** Returns where it listens, in the order of the routes; rejects with a ProxyError if it cannot. */
  async listen(): Promise<Endpoint[]> {
    const admin = (await this.#telemetry?.begin()) ?? null;
    const addresses = await this.#server.listen();
    this.#isListening = true;
    for (const [i, { address, port }] of addresses.entries()) {
      const { upstream } = this.#options.routes[i]!;
      this.#say("listening", `listening on ${endpointText(address, port)} for ${upstream.shown}`);
      if (upstream.tls && this.#options.upstreamTls?.insecure === true) {
        const risk = "whoever answers there may read and change everything";
        this.#say("problem", `the certificate of ${upstream.shown} is NOT verified (--insecure): ${risk}`);
      }
    }
    if (admin !== null)
      this.#say("listening", `metrics and health at http://${endpointText(admin.address, admin.port)}`);
    this.#announceLivePage();
    const { statusEvery = 0 } = this.#options;
    if (statusEvery > 0) this.#status = setInterval(() => this.#sayStatus(), statusEvery).unref();
    return addresses;
  }

  #announceLivePage(): void {
    const address = this.#telemetry?.liveAddress ?? null;
    if (address !== null) this.#options.livePage?.(address);
  }

  #sayStatus(): void {
    const message = `${counted(this.#server.counters.open, "open connection")}`;
    this.#options.emit({ ...this.#event("status", message), counters: this.#counters(0) });
  }

  /** New recording, certificates read again, another visit to the live page. */
  async reload(): Promise<void> {
    this.#inspector.reopen();
    await this.#server.reloadCertificates();
    const recording = this.#options.record === null ? "" : ", a new recording begins";
    this.#say("reloaded", `certificates are read again${recording}`);
    this.#telemetry?.allowVisit();
    this.#announceLivePage();
  }

  /**
   * Accepts no more, lets connections end, and emits the summary.
   *
   * @param grace milliseconds after which connections are reset
   * @param unwritten asked at the end: events that could not be written
   */
  async drain(grace: number, unwritten: () => number): Promise<ProxyCounters> {
    const { open } = this.#server.counters;
    this.#isDraining = true;
    // When this is emitted, no client is accepted any more.
    const drained = this.#server.drain(grace);
    this.#say("draining", `stopping: ${counted(open, "open connection")} may end within ${grace / 1000} s`);
    await drained;
    await this.#inspector.close();
    await this.#telemetry?.close();
    await this.#webhook?.close(WEBHOOK_CLOSES);
    if (this.#status !== null) clearInterval(this.#status);
    const counters = this.#counters(unwritten());
    this.#options.emit({ ...this.#event("summary", summarySentence(counters)), counters });
    return counters;
  }

  #counters(unwritten: number): ProxyCounters {
    const { accepted, probes } = this.#server.counters;
    const { uninspected, lostPackets } = this.#inspector;
    return {
      connections: accepted - probes,
      probes,
      uninspected,
      refused: this.#refused,
      guarded: this.#guarding.stops,
      lostPackets,
      ...(this.#webhook === null ? {} : { unsent: this.#webhook.unsent }),
      ...this.#counts,
      untold: unwritten,
    };
  }

  /** Ends what `drain` did not end: after a failed `listen`. */
  async close(): Promise<void> {
    await this.#inspector.close();
    await this.#telemetry?.close();
  }

  #newTelemetry(setting: ProxyTelemetrySetting, problem: (message: string) => void): TelemetryThread {
    return new TelemetryThread({
      data: { ...setting, upstreams: this.#options.routes.map(({ upstream }) => upstream) },
      state: () => this.#state(),
      connected: port => this.#inspector.connectTelemetry(port),
      problem,
    });
  }

  #state(): RelayState {
    const { accepted, open } = this.#server.counters;
    const { uninspected, behind } = this.#inspector;
    return {
      isListening: this.#isListening,
      isDraining: this.#isDraining,
      accepted,
      open,
      refused: this.#refused,
      uninspected,
      octets: this.#server.relayed.octets,
      pauses: this.#options.pace == null ? null : this.#server.relayed.pauses,
      behind,
      upstreamReached: this.#upstreamReached,
    };
  }

  #open(connection: RelayedConnection, relayed: Relayed): { tap: ConnectionTap; guard: Guard | null } {
    const tap = this.#inspector.follow(connection);
    if (!this.#options.guard) return { tap, guard: null };
    return { tap, guard: this.#guarding.guard(connection, relayed, tap) };
  }

  #received(event: EventMessage | CountMessage): void {
    if (event.event === "repeated" || event.event === "limited") {
      this.#options.emit(event);
      return;
    }
    const { trouble, finding } = event;
    if (trouble !== null && UNRELAYED.has(trouble)) this.#refused++;
    if (event.event === "opened") this.#upstreamReached = true;
    else if (trouble?.startsWith("upstream-") === true) this.#upstreamReached = false;
    if (finding !== null) this.#count(finding);
    if (finding?.line !== undefined) this.#webhook?.send(finding.line);
    this.#guarding.received(event);
    this.#options.emit(event);
  }

  #count({ id, severity, final }: FindingMessage): void {
    if (!this.#provisional.delete(id)) this.#counts[COUNTERS[severity]]++;
    if (!final) this.#provisional.add(id);
  }

  #say(kind: ProxyEvent["kind"], message: string): void {
    this.#options.emit(this.#event(kind, message));
  }

  #event(kind: ProxyEvent["kind"], message: string): ProxyEvent {
    this.#clock.read();
    const { seconds, microseconds } = this.#clock;
    const time = isoTime({ seconds, nanoseconds: microseconds * 1000, timeDigits: 6 });
    return { schema: EVENT_SCHEMA, event: "proxy", time, kind, message };
  }
}

/** Troubles of connections that never were relayed. */
const UNRELAYED: ReadonlySet<string> = new Set<RelayTrouble["kind"]>([
  "upstream-refused",
  "upstream-unreachable",
  "upstream-timeout",
  "upstream-tls",
  "client-tls",
  "client-proxy-header",
  "too-many-connections",
]);

const COUNTERS = { error: "errors", warning: "warnings", note: "notes" } as const;

function summarySentence({ connections, errors, warnings, notes }: ProxyCounters): string {
  const counts = [counted(errors, "error"), counted(warnings, "warning"), counted(notes, "note")].join(", ");
  return `${counted(connections, "connection")} relayed: ${counts}`;
}
