import { Command, Option } from "commander";
import { printable } from "../bytes/printable.ts";
import { parseListen, parseUpstream } from "../proxy/address.ts";
import { BusyPolling } from "../proxy/busy-polling.ts";
import type { EventMessage } from "../proxy/event-message.ts";
import { InspectingProxy, type ProxyOptions } from "../proxy/inspecting-proxy.ts";
import type { RecordSetting } from "../proxy/inspector-protocol.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import type { Route } from "../proxy/proxy-server.ts";
import { type EventWriting, eventWriter } from "../report/event-writer.ts";
import type { LiveEvent, ProxyCounters, ProxyEvent } from "../report/live-event.ts";
import { counted } from "../report/text/wording.ts";
import { EventOutput } from "./event-output.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, wantsColour } from "./output.ts";
import { ProxySignals } from "./proxy-signals.ts";
import { RecordingError, recordingFolder } from "./recording-folder.ts";
import { addRelayOptions, collect, octets, type RelayOptions, relaySettings, within } from "./relay-options.ts";

interface Options extends RelayOptions {
  listen: string[];
  upstream: string[];
  format: "text" | "ndjson";
  verbose: boolean;
  tlsCert?: string;
  tlsKey?: string;
  tlsClientCa?: string;
  proxyProtocol?: "v1" | "v2";
  guard: boolean;
  record?: string;
  recordOn: "always" | "finding";
  recordSize: number;
  recordFiles: number;
  recordCredentials: boolean;
  sharedSockets: boolean;
  busyPolling: boolean;
  probeSilently: boolean;
  maxConnections: number;
  grace: number;
}

/** Octets: a file has a header of its own, and room for a packet of the largest size. */
const MIN_RECORDING = 64 * 1024;
/** A day, in seconds. */
const MAX_GRACE = 86_400;

export function proxyCommand(): Command {
  const command = new Command("proxy")
    .summary("inspect live, between clients and a broker")
    .description(
      `Listens for AMQP clients, relays every octet to a broker as it came, and inspects it on the way. Reports at once what breaks, which writers tore each other's frames, and what the broker will answer. If the inspection fails, connections are relayed all the same.`,
    )
    .requiredOption(
      "--listen <address>",
      "where clients connect to: 127.0.0.1:5673, 5673, [::1]:5673 (repeat it for more)",
      collect,
    )
    .requiredOption(
      "--upstream <url>",
      "the broker: amqp://host:5672, amqps://host (one for all, or one for each --listen)",
      collect,
    )
    .addOption(new Option("--format <format>", "form of the events").choices(["text", "ndjson"]).default("text"))
    .option("--verbose", "also print connections that open and close", false)
    .option("--guard", "stop a corrupt stream before the broker sees it, and tell the client why", false)
    .option("--record <dir>", "record what is relayed in pcapng files, with passwords masked")
    .addOption(
      new Option("--record-on <when>", "record everything, or only what is around a finding")
        .choices(["always", "finding"])
        .default("always"),
    )
    .option("--record-size <size>", "size at which the next file begins", octets(MIN_RECORDING), 100e6)
    .option("--record-files <number>", "files to keep; the oldest is deleted first", within(1, 100_000), 20)
    .option("--record-credentials", "do not mask passwords in recordings", false)
    .option("--tls-cert <file>", "speak TLS to clients, with this certificate (PEM)")
    .option("--tls-key <file>", "the certificate's key (PEM)")
    .option("--tls-client-ca <file>", "clients must have a certificate signed by one of these (PEM)")
    .addOption(
      new Option("--proxy-protocol <version>", "send the client's address to the broker").choices(["v1", "v2"]),
    )
    .option(
      "--probe-silently",
      "connect to the broker when a client has sent something: health checks do not reach it",
      false,
    )
    .option("--max-connections <number>", "open connections at most; others are reset", within(1, 1_000_000), 10_000)
    .option("--grace <seconds>", "time for connections to end when the proxy is stopped", within(0, MAX_GRACE), 10)
    .option("--no-shared-sockets", "do not check whether several processes of this host hold a client's socket")
    .option("--no-busy-polling", "sleep whenever nothing comes: less processor time, more latency");
  return addRelayOptions(command)
    .addHelpText(
      "after",
      `
Findings go to stdout, everything else to stderr; with --format ndjson every
event is a line on stdout. SIGTERM and Ctrl-C let connections end, then stop the
proxy. SIGHUP begins a new recording and reads certificates again.

Exit status: 0 nothing found, 1 errors or warnings found, 2 could not listen,
could not record in <dir>, or was ended by a second SIGTERM, 130 stopped by
Ctrl-C.

Examples:
  $ ghostframe proxy --listen 5673 --upstream amqp://broker:5672
  $ ghostframe proxy --listen 5673 --upstream amqp://broker --record /var/tmp/amqp
  $ ghostframe proxy --listen 5673 --upstream amqps://broker --format ndjson
  $ ghostframe proxy --listen 5673 --upstream amqp://broker --squeeze`,
    )
    .action(run);
}

/** Writes events to the standard streams, and counts those that could not be written. */
class ProxyOutput {
  readonly #stdout: EventOutput;
  readonly #stderr: EventOutput;
  readonly #asJson: boolean;
  readonly #write: (event: LiveEvent) => string;
  /** How events are written. Events of connections come here as text. */
  readonly writing: EventWriting;

  constructor({ format, verbose }: Options) {
    this.#asJson = format === "ndjson";
    // The relay goes on without a reader. The other stream says so once.
    this.#stdout = new EventOutput(1, {
      failed: code => this.#stderr.write(`ghostframe: stdout cannot be written (${code})\n`),
      recovered: omitted => this.#stderr.write(recoverySentence(omitted, "stdout")),
    });
    this.#stderr = new EventOutput(2, {
      failed: () => {},
      recovered: omitted => this.#stderr.write(recoverySentence(omitted, "stderr")),
    });
    const columns = process.stdout.columns ?? 80;
    this.writing = { format, options: { columns, colour: wantsColour(process.stdout, process.env), all: verbose } };
    this.#write = eventWriter(this.writing);
  }

  get omitted(): number {
    return this.#stdout.omitted;
  }

  write(event: EventMessage | ProxyEvent): void {
    const isProxy = event.event === "proxy";
    const text = isProxy ? this.#write(event) : event.text;
    const isFinding = event.event === "finding" || event.event === "fault";
    (this.#asJson || isFinding ? this.#stdout : this.#stderr).write(text);
    // Problems of the proxy itself must not be lost in the pipe of a log shipper.
    if (this.#asJson && isProxy && event.kind === "problem") {
      this.#stderr.write(`ghostframe: ${printable(event.message)}\n`);
    }
  }

  /** Resolves to false where something is still to be written. */
  async close(): Promise<boolean> {
    const written = await Promise.all([this.#stdout.close(), this.#stderr.close()]);
    return written.every(Boolean);
  }
}

async function run(options: Options): Promise<void> {
  const output = new ProxyOutput(options);
  let proxy: InspectingProxy | null = null;
  const signals = new ProxySignals(status => process.exit(status));
  try {
    proxy = new InspectingProxy({
      ...proxyOptions(options),
      writing: output.writing,
      emit: event => output.write(event),
    });
    const running = proxy;
    await running.listen();
    signals.onHangUp(() => running.reload(), complain);
    await signals.stop;
    const counters = await running.drain(options.grace * 1000, () => output.omitted);
    process.exitCode = signals.interrupted ? EXIT.INTERRUPTED : exitCode(counters);
  } catch (error) {
    if (!(error instanceof ProxyError || error instanceof RecordingError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.FAILED;
  } finally {
    await proxy?.close();
  }
  if (!(await output.close())) process.exit();
}

function proxyOptions(options: Options): Omit<ProxyOptions, "emit" | "writing"> {
  const { broker, guard, sharedSockets, busyPolling, probeSilently, maxConnections } = options;
  const { tlsCert, tlsKey, tlsClientCa } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ProxyError("--tls-cert", "expected together with --tls-key, found only one of them");
  }
  const hasTls = tlsCert !== undefined && tlsKey !== undefined;
  if (!hasTls && tlsClientCa !== undefined) {
    throw new ProxyError("--tls-client-ca", "expected together with --tls-cert and --tls-key");
  }
  const relayed = routes(options);
  return {
    ...relaySettings(
      options,
      relayed.map(({ upstream }) => upstream),
    ),
    routes: relayed,
    broker,
    guard,
    sharedSockets,
    polling: busyPolling ? new BusyPolling() : null,
    probeSilently,
    maxConnections,
    record: recordSetting(options),
    clientTls: hasTls ? { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa ?? null } : null,
    proxyProtocol: options.proxyProtocol ?? null,
  };
}

function routes({ listen, upstream }: Options): Route[] {
  if (upstream.length !== 1 && upstream.length !== listen.length) {
    const found = `found ${listen.length} --listen and ${upstream.length} --upstream`;
    throw new ProxyError("--upstream", `expected one for all, or one for each --listen; ${found}`);
  }
  return listen.map((address, i) => ({
    listen: parseListen(address),
    upstream: parseUpstream(upstream[i] ?? upstream[0]!),
  }));
}

function recordSetting(options: Options): RecordSetting | null {
  const { record, recordOn, recordSize, recordFiles, recordCredentials } = options;
  if (record === undefined) return null;
  // Once it runs, a recording that cannot be written only pauses.
  recordingFolder(record);
  return {
    directory: record,
    fileOctets: recordSize,
    files: recordFiles,
    on: recordOn,
    credentials: recordCredentials,
  };
}

function recoverySentence(omitted: number, where: string): string {
  return `ghostframe: ${where} can be written again; ${counted(omitted, "event")} could not be written\n`;
}

function exitCode({ errors, warnings }: ProxyCounters): number {
  return errors + warnings > 0 ? EXIT.FINDINGS : EXIT.CLEAN;
}
