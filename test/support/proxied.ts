/**
 * `ghostframe proxy` as a user runs it: the built command, a process of its own, its events read line by line. Every line
 * is held against the published schema.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { TestContext } from "vitest";
import eventSchema from "../../src/report/live-event.schema.json" with { type: "json" };
import type {
  ClosedEvent,
  ConnectionEvent,
  FindingEvent,
  LiveEvent,
  ProxyCounters,
  ProxyEvent,
} from "../../src/report/live-event.ts";
import reportSchema from "../../src/report/report.schema.json" with { type: "json" };
import { start } from "./command.ts";

/** Milliseconds that anything may take on a busy machine, unless a test knows better. */
export const PATIENCE = 20_000;

export interface ProxyEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
  /** Of the summary. */
  counters: ProxyCounters;
}

export interface ProxyStart {
  upstream: number | string;
  /** Options besides --listen, --upstream and --format. */
  args?: readonly string[];
  /** As a user has it: the same finding is told once, and counted. Otherwise every event is told. */
  collapses?: boolean;
  env?: Record<string, string>;
  /** Whose end ends the proxy. */
  onTestFinished: TestContext["onTestFinished"];
}

/** Starts a proxy on a free port, in front of a port of this machine or what a URL names; it listens when this resolves. */
export async function startProxy({
  upstream,
  args = [],
  collapses = false,
  env = {},
  onTestFinished,
}: ProxyStart): Promise<Proxied> {
  const url = typeof upstream === "number" ? `amqp://127.0.0.1:${upstream}` : upstream;
  const every = collapses ? [] : ["--every-event", "--event-octets"];
  const child = start(["proxy", "--listen", "0", "--upstream", url, "--format", "ndjson", ...every, ...args], { env });
  const proxied = new Proxied(child);
  onTestFinished(() => proxied.kill());
  await proxied.listening();
  return proxied;
}

export class Proxied {
  readonly events: LiveEvent[] = [];
  port = 0;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  readonly #faults: string[] = [];
  readonly #waiting = new Set<() => void>();
  #stderr = "";
  #isOver = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdin.end();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    createInterface({ input: child.stdout }).on("line", line => this.#receive(line));
    this.#ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    void this.#ended.then(() => {
      this.#isOver = true;
      for (const look of this.#waiting) look();
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get stderr(): string {
    return this.#stderr;
  }

  async listening(): Promise<void> {
    const { message } = await this.proxyEvent("listening");
    this.port = Number(/:(\d+) for /.exec(message)![1]);
  }

  /** The first event, told already or still to come, of which this is true. */
  async until<Event extends LiveEvent>(
    what: string,
    matches: (event: LiveEvent) => event is Event,
    within = PATIENCE,
  ): Promise<Event> {
    let found: Event | undefined;
    await this.#when(
      () => {
        found ??= this.events.find(matches);
        return found !== undefined;
      },
      what,
      within,
    );
    return found!;
  }

  /** Waits until the events told make this true. */
  async reports(what: string, isTrue: (events: readonly LiveEvent[]) => boolean, within = PATIENCE): Promise<void> {
    await this.#when(() => isTrue(this.events), what, within);
  }

  proxyEvent(kind: ProxyEvent["kind"]): Promise<ProxyEvent> {
    return this.until(kind, (event): event is ProxyEvent => event.event === "proxy" && event.kind === kind);
  }

  closed(clientPort: number): Promise<ClosedEvent> {
    return this.until(
      `closed, of the client at port ${clientPort}`,
      (event): event is ClosedEvent => event.event === "closed" && event.connection.client.port === clientPort,
    );
  }

  /** All that was told of one client. */
  of(clientPort: number): ConnectionEvent[] {
    return this.events.filter(
      (event): event is ConnectionEvent => "connection" in event && event.connection.client.port === clientPort,
    );
  }

  /** Findings that are not told again. */
  findings(clientPort?: number): FindingEvent[] {
    const events = clientPort === undefined ? this.events : this.of(clientPort);
    return events.filter((event): event is FindingEvent => event.event === "finding" && event.final);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to end, and waits until it has. Throws where one of its lines was not what events are. */
  async stop(signal: NodeJS.Signals = "SIGTERM", within = PATIENCE): Promise<ProxyEnd> {
    this.signal(signal);
    const [code, endSignal] = await this.end(within);
    const summary = this.events.find(event => event.event === "proxy" && event.kind === "summary");
    if (summary?.event !== "proxy" || summary.counters === undefined) throw new Error("the proxy told no summary");
    return { code, signal: endSignal, stderr: this.#stderr, counters: summary.counters };
  }

  /** Waits until it has ended. */
  async end(within = PATIENCE): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
    const ended = await Promise.race([this.#ended, delay(within, null, { ref: false })]);
    if (ended === null) throw this.#late("the end of the process", within);
    if (this.#faults.length > 0) throw new Error(`not events as they should be:\n${this.#faults.join("\n")}`);
    return ended;
  }

  /** Ends it without asking. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Files and sockets it has open. */
  openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  #receive(line: string): void {
    const event = readEvent(line, this.#faults);
    if (event === null) return;
    this.events.push(event);
    for (const look of this.#waiting) look();
  }

  #when(isTrue: () => boolean, what: string, within: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle();
      };
      const look = (): void => {
        if (isTrue()) done(resolve);
        else if (this.#isOver) done(() => reject(this.#late(what, null)));
      };
      const timer = setTimeout(() => done(() => reject(this.#late(what, within))), within);
      this.#waiting.add(look);
      look();
    });
  }

  #late(what: string, within: number | null): Error {
    const how = within === null ? "until the proxy ended" : `within ${within} ms`;
    const latest = this.events.slice(-20).map(event => JSON.stringify(event).slice(0, 600));
    return new Error(`${what}: not ${how}\nlast events:\n${latest.join("\n")}\nstderr:\n${this.#stderr}`);
  }
}

const ajv = new Ajv2020({ strict: false }).addSchema(reportSchema);
const isEvent = ajv.compile(eventSchema);

/** The event that a line holds; what is wrong with it is added to `faults`. */
function readEvent(line: string, faults: string[]): LiveEvent | null {
  let event: LiveEvent;
  try {
    event = JSON.parse(line) as LiveEvent;
  } catch {
    faults.push(`no JSON: ${line.slice(0, 400)}`);
    return null;
  }
  const fault = faultOf(event);
  if (fault !== null) faults.push(`${fault}: ${line.slice(0, 1000)}`);
  return event;
}

function faultOf(event: LiveEvent): string | null {
  if (!isEvent(event)) return ajv.errorsText(isEvent.errors);
  if (!/\.\d{6}Z$/.test(event.time)) return "no microseconds";
  if (!("connection" in event)) return null;
  const { client, server } = event.connection;
  if ([client, server, event.upstream].some(({ address, port }) => address === "" || port === 0)) return "no endpoint";
  return null;
}
