/** Options of `ghostframe proxy`, and what they mean. */
import { type Command, Option } from "commander";
import { parseListen, parseUpstream, type UpstreamAddress } from "../proxy/address.ts";
import { BusyPolling } from "../proxy/busy-polling.ts";
import { TrustedAddresses } from "../proxy/client-header.ts";
import type { ProxyOptions as InspectingProxyOptions } from "../proxy/inspecting-proxy.ts";
import type { RecordSetting } from "../proxy/inspector-protocol.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import type { Route } from "../proxy/proxy-server.ts";
import type { ProxyTelemetrySetting } from "../proxy/telemetry-protocol.ts";
import { webhookSetting } from "../proxy/webhook.ts";
import { LEVELS, type Level } from "../report/event-selection.ts";
import { livePage } from "../report/html.ts";
import { telemetrySetting } from "../telemetry/settings.ts";
import { htmlParts } from "./html-output.ts";
import { widthOption } from "./output.ts";
import { recordingFolder } from "./recording-folder.ts";
import { addRelayOptions, collect, octets, type RelayOptions, relaySettings, within } from "./relay-options.ts";
import { addReportOutputs, type ReportOutputOptions } from "./report-output.ts";
import { TakenFiles } from "./taken-files.ts";
import { addTelemetryOptions, complainOnce, otlpTarget, type TelemetryOptions } from "./telemetry-options.ts";

export interface ProxyOptions extends RelayOptions, TelemetryOptions, ReportOutputOptions {
  admin?: string;
  ui: boolean;
  config?: string;
  listen?: string[];
  upstream?: string[];
  format: "text" | "ndjson";
  level?: Level;
  verbose: boolean;
  width?: number;
  quiet: boolean;
  everyEvent: boolean;
  eventsPerMinute: number;
  eventOctets: boolean;
  statusEvery: number;
  tlsCert?: string;
  tlsKey?: string;
  tlsClientCa?: string;
  proxyProtocol?: "v1" | "v2";
  proxyProtocolFrom?: string[];
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
  maxPerAddress?: number;
  connectTimeout: number;
  idleTimeout: number;
  upstreamCert?: string;
  upstreamKey?: string;
  readyFile?: string;
  webhook?: string;
  grace: number;
}

/** Octets: a file has a header of its own, and room for a packet of the largest size. */
const MIN_RECORDING = 64 * 1024;
/** The purpose of `--output`. */
const AT_THE_END = "when the proxy ends, write a report of what --record recorded";
/** In seconds. */
const DAY = 86_400;

export function addProxyOptions(command: Command): Command {
  addConnectionOptions(command);
  addEventOptions(command);
  addRecordingOptions(command);
  command.option(
    "--admin <address>",
    "serve /metrics (Prometheus), /healthz, /readyz, /connections and /findings there: 9419, 0.0.0.0:9419",
  );
  command.option(
    "--ui",
    "show connections, rates and findings live in a browser of this machine: prints an address that is good for one visit",
    false,
  );
  return addTelemetryOptions(addRelayOptions(addReportOutputs(command, AT_THE_END)));
}

/** Where clients connect to, where the broker is, and how. */
function addConnectionOptions(command: Command): void {
  command
    .option("--config <file>", "options as JSON; options of the command line win")
    .option(
      "--listen <address>",
      "where clients connect to: 127.0.0.1:5673, 5673, [::1]:5673 (repeat it for more)",
      collect,
    )
    .option(
      "--upstream <url>",
      "the broker: amqp://host:5672, amqps://host (one for all, or one for each --listen; several with commas: clients go to the first that is up)",
      collect,
    )
    .option("--tls-cert <file>", "speak TLS to clients, with this certificate (PEM)")
    .option("--tls-key <file>", "the certificate's key (PEM)")
    .option("--tls-client-ca <file>", "clients must have a certificate signed by one of these (PEM)")
    .addOption(
      new Option("--proxy-protocol <version>", "send the client's address to the broker").choices(["v1", "v2"]),
    )
    .option(
      "--proxy-protocol-from <address>",
      "load balancers whose connections begin with a PROXY header, which names the client: 10.0.0.7, 10.0.0.0/8 (repeat it for more)",
      collect,
    )
    .option(
      "--probe-silently",
      "connect to the broker when a client has sent something: health checks do not reach it",
      false,
    )
    .option("--connect-timeout <seconds>", "time for the connection to the broker", within(1, 3600), 30)
    .option("--idle-timeout <seconds>", "end connections that are idle for this long; 0: never", within(0, DAY), 0)
    .option("--max-per-address <number>", "open connections of one client's address at most", within(1, 1_000_000))
    .option("--upstream-cert <file>", "certificate that is shown to an amqps:// broker (PEM)")
    .option("--upstream-key <file>", "its key (PEM)")
    .option("--ready-file <file>", "write the addresses there when it listens; it is removed when it stops")
    .option("--max-connections <number>", "open connections at most; others are reset", within(1, 1_000_000), 10_000)
    .option("--grace <seconds>", "time for connections to end when the proxy is stopped", within(0, DAY), 10)
    .option("--guard", "stop a corrupt stream before the broker sees it, and tell the client why", false)
    .option("--no-shared-sockets", "do not check whether several processes of this host hold a client's socket")
    .option("--no-busy-polling", "sleep whenever nothing comes: less processor time, more latency");
}

/** Which events are emitted, and how. */
function addEventOptions(command: Command): void {
  command
    .addOption(new Option("--format <format>", "form of the events").choices(["text", "ndjson"]).default("text"))
    .addOption(widthOption())
    .addOption(
      new Option(
        "--level <level>",
        "least important events that are shown: error, warning, info, or debug with connections that open and close (default: info; debug for ndjson)",
      )
        .choices(LEVELS)
        .conflicts(["verbose", "quiet"]),
    )
    .addOption(new Option("--verbose", "the same as --level debug").default(false).conflicts("quiet"))
    .option("--quiet", "the same as --level error", false)
    .option(
      "--events-per-minute <number>",
      "events of one kind and one client's address that are shown in a minute; others are counted",
      within(1, 1_000_000),
      600,
    )
    .option("--every-event", "show every event, also the same finding again and again", false)
    .option(
      "--webhook <url>",
      "POST each finding whose fingerprint was not seen before there, signed with GHOSTFRAME_WEBHOOK_SECRET",
    )
    .option("--event-octets", "ndjson: also the table of octets of each finding; lines may exceed 4 KiB", false)
    .option("--status-every <seconds>", "time between two status lines; 0 for none", within(0, DAY), 600);
}

function addRecordingOptions(command: Command): void {
  command
    .option("--record <dir>", "record what is relayed in pcapng files, with passwords masked")
    .addOption(
      new Option("--record-on <when>", "record everything, or only what is around a finding")
        .choices(["always", "finding"])
        .default("always"),
    )
    .option("--record-size <size>", "size at which the next file begins", octets(MIN_RECORDING), 100e6)
    .option("--record-files <number>", "files to keep; the oldest is deleted first", within(1, 100_000), 20)
    .option("--record-credentials", "do not mask passwords in recordings", false);
}

/** The least important level that is emitted. */
export function levelAsked({ level, verbose, quiet, format }: ProxyOptions): Level {
  if (quiet) return "error";
  return level ?? (verbose || format === "ndjson" ? "debug" : "info");
}

/**
 * The settings of a proxy, from its options.
 *
 * @throws ProxyError, RecordingError, TelemetryError
 */
export function proxySettings(options: ProxyOptions): Omit<InspectingProxyOptions, "emit" | "writing"> {
  const { broker, guard, sharedSockets, busyPolling, probeSilently, maxConnections } = options;
  const { tlsCert, tlsKey, tlsClientCa } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ProxyError("--tls-cert", "expected together with --tls-key, found only one of them");
  }
  const hasTls = tlsCert !== undefined && tlsKey !== undefined;
  if (!hasTls && tlsClientCa !== undefined) {
    throw new ProxyError("--tls-client-ca", "expected together with --tls-cert and --tls-key");
  }
  const { upstreamCert, upstreamKey } = options;
  if ((upstreamCert === undefined) !== (upstreamKey === undefined)) {
    throw new ProxyError("--upstream-cert", "expected together with --upstream-key, found only one of them");
  }
  const relayed = routes(options);
  const relay = relaySettings(
    options,
    relayed.flatMap(({ upstream, others = [] }) => [upstream, ...others]),
  );
  return {
    ...relay,
    upstreamTls: { ...relay.upstreamTls, cert: upstreamCert ?? null, key: upstreamKey ?? null },
    routes: relayed,
    broker,
    guard,
    sharedSockets,
    polling: busyPolling ? new BusyPolling() : null,
    probeSilently,
    maxConnections,
    maxPerAddress: options.maxPerAddress ?? null,
    timeouts: { connect: options.connectTimeout * 1000, idle: options.idleTimeout * 1000 },
    statusEvery: options.statusEvery * 1000,
    record: recordSetting(options),
    telemetry: telemetryOf(options),
    webhook: options.webhook === undefined ? null : webhookSetting(options.webhook, process.env),
    clientTls: hasTls ? { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa ?? null } : null,
    proxyProtocol: options.proxyProtocol ?? null,
    proxyProtocolFrom: options.proxyProtocolFrom === undefined ? null : new TrustedAddresses(options.proxyProtocolFrom),
  };
}

/**
 * The files that a proxy reads.
 *
 * @throws OutputFileError, TelemetryError if it would write one of them
 */
export function filesOfProxy(options: ProxyOptions): TakenFiles {
  const { config, tlsCert, tlsKey, tlsClientCa, ca, upstreamCert, upstreamKey, readyFile } = options;
  const taken = new TakenFiles();
  taken.takeRead(config, "the config");
  for (const path of [tlsCert, tlsClientCa, ca, upstreamCert]) taken.takeRead(path, "a certificate");
  for (const path of [tlsKey, upstreamKey]) taken.takeRead(path, "a certificate's key");
  if (readyFile !== undefined) taken.refuse(readyFile);
  taken.refuseTelemetry(options.otlp, process.env);
  return taken;
}

function routes({ listen = [], upstream = [] }: ProxyOptions): Route[] {
  if (listen.length === 0) throw new ProxyError("--listen", "expected an address that clients connect to, found none");
  if (upstream.length === 0) throw new ProxyError("--upstream", "expected the broker's address, found none");
  if (upstream.length !== 1 && upstream.length !== listen.length) {
    const found = `found ${listen.length} --listen and ${upstream.length} --upstream`;
    throw new ProxyError("--upstream", `expected one for all, or one for each --listen; ${found}`);
  }
  return listen.map((address, i) => {
    const [first, ...others] = upstreamsOf(upstream[i] ?? upstream[0]!);
    return { listen: parseListen(address), upstream: first!, others };
  });
}

/** Several are separated by commas. A comma may be in a password, but not before a scheme. */
function upstreamsOf(text: string): UpstreamAddress[] {
  return text.split(/,\s*(?=amqps?:\/\/)/).map(each => parseUpstream(each));
}

function telemetryOf({ otlp, otlpMessages, admin, ui, output }: ProxyOptions): ProxyTelemetrySetting | null {
  const sent = telemetrySetting(otlpTarget(otlp, output), process.env, complainOnce);
  if (sent === null && admin === undefined && !ui) return null;
  return {
    otlp: sent,
    messages: otlpMessages,
    admin: admin === undefined ? null : parseListen(admin),
    livePage: ui ? livePage(htmlParts()) : null,
  };
}

function recordSetting(options: ProxyOptions): RecordSetting | null {
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
