import { Command } from "commander";
import { printable } from "../bytes/printable.ts";
import { endpointText } from "../proxy/address.ts";
import type { CountMessage, EventMessage } from "../proxy/event-message.ts";
import { InspectingProxy } from "../proxy/inspecting-proxy.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import { isShownAt, levelOf } from "../report/event-selection.ts";
import { type EventWriting, eventWriter } from "../report/event-writer.ts";
import type { LiveEvent, ProxyCounters, ProxyEvent } from "../report/live-event.ts";
import { counted } from "../report/text/wording.ts";
import { TelemetryError } from "../telemetry/settings.ts";
import { EventOutput } from "./event-output.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, terminalOptions } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import { applyConfig } from "./proxy-config.ts";
import { addProxyOptions, filesOfProxy, levelAsked, type ProxyOptions, proxySettings } from "./proxy-options.ts";
import { ProxyReport } from "./proxy-report.ts";
import { ProxySignals } from "./proxy-signals.ts";
import { Readiness } from "./readiness.ts";
import { RecordingError } from "./recording-folder.ts";
import { RecordingLock } from "./recording-lock.ts";
import { UsageError } from "./usage-error.ts";

export function proxyCommand(): Command {
  const command = new Command("proxy").description(
    `Listens for AMQP clients, relays every octet to a broker as it came, and inspects it on the way. Reports at once what breaks, which writers tore each other's frames, and what the broker will answer. If the inspection fails, connections are still relayed.`,
  );
  return addProxyOptions(command)
    .addHelpText(
      "after",
      `
Findings go to stdout, everything else to stderr; with --format ndjson every
event is a line on stdout. SIGTERM and Ctrl-C let connections end, then stop the
proxy. SIGHUP begins a new recording, reads certificates again, and prints
another address of --ui.

Exit status: 0 nothing found, 1 errors or warnings found, 2 could not listen,
could not record (all) in <dir>, could not write a report, or was ended by a
second SIGTERM, 130 stopped by Ctrl-C.

Examples:
  $ ghostframe proxy --listen 5673 --upstream amqp://broker:5672
  $ ghostframe proxy --listen 5673 --upstream amqp://broker --record /var/tmp/amqp
  $ ghostframe proxy --listen 5673 --upstream amqp://broker --record rec --output html=report.html
  $ ghostframe proxy --listen 5673 --upstream amqps://broker --format ndjson
  $ ghostframe proxy --listen 5673 --upstream amqp://broker --admin 9419 --otlp=http://collector:4318
  $ ghostframe proxy --listen 5673 --upstream amqp://broker --record rec --admin 9419 --ui
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

  constructor(options: ProxyOptions) {
    const { format, everyEvent, eventOctets, eventsPerMinute, width } = options;
    const level = levelAsked(options);
    this.#asJson = format === "ndjson";
    // The relay continues without a reader. The other stream reports it once.
    this.#stdout = new EventOutput(1, {
      failed: code => this.#stderr.write(`ghostframe: stdout cannot be written (${code})\n`),
      recovered: omitted => this.#stderr.write(recoverySentence(omitted, "stdout")),
    });
    this.#stderr = new EventOutput(2, {
      failed: () => {},
      recovered: omitted => this.#stderr.write(recoverySentence(omitted, "stderr")),
    });
    this.writing = {
      format,
      level,
      every: everyEvent,
      perMinute: eventsPerMinute,
      octets: eventOctets,
      options: terminalOptions(process.stdout, process.env, { all: level === "debug", width }),
    };
    this.#write = eventWriter(this.writing);
  }

  get omitted(): number {
    return this.#stdout.omitted;
  }

  write(event: EventMessage | CountMessage | ProxyEvent): void {
    const isProxy = event.event === "proxy";
    if (isProxy && !isShownAt(levelOf(event), this.writing.level)) return;
    const text = isProxy ? this.#write(event) : event.text;
    const isFinding = event.event === "finding" || event.event === "fault" || event.event === "repeated";
    (this.#asJson || isFinding ? this.#stdout : this.#stderr).write(text);
    // Problems of the proxy itself must not be lost in the pipe of a log shipper.
    if (this.#asJson && isProxy && event.kind === "problem") {
      this.#stderr.write(`ghostframe: ${printable(event.message)}\n`);
    }
  }

  /** A sentence for the user who started the proxy. */
  print(sentence: string): void {
    this.#stderr.write(`ghostframe: ${sentence}\n`);
  }

  /** Resolves to false if something is still to be written. */
  async close(): Promise<boolean> {
    const written = await Promise.all([this.#stdout.close(), this.#stderr.close()]);
    return written.every(Boolean);
  }
}

const KNOWN_ERRORS = [OutputFileError, ProxyError, RecordingError, TelemetryError, UsageError];

async function run(_: unknown, command: Command): Promise<void> {
  const configured = await configuredOptions(command);
  if (configured === null) return;
  const options = configured;
  const output = new ProxyOutput(options);
  const readiness = new Readiness(options.readyFile ?? null, process.env);
  let proxy: InspectingProxy | null = null;
  let lock: RecordingLock | null = null;
  try {
    const taken = filesOfProxy(options);
    proxy = new InspectingProxy({
      ...proxySettings(options),
      writing: output.writing,
      // Never an event: events go to logs, and their first reader would be let in.
      livePage: address => output.print(`the live page, for one visit: ${address}`),
      emit: event => output.write(event),
    });
    const running = proxy;
    const report = await ProxyReport.begin(options, taken);
    if (options.record !== undefined) lock = new RecordingLock(options.record);
    const addresses = await running.listen();
    // Until here a certificate may be waited for, by a thread that cannot be called back: signals end the process.
    const signals = new ProxySignals(status => process.exit(status));
    readiness.ready(addresses.map(({ address, port }) => endpointText(address, port)));
    signals.onHangUp(() => running.reload(), complain);
    await signals.stop;
    readiness.stopping();
    const counters = await running.drain(options.grace * 1000, () => output.omitted);
    const written = (await report?.write(addresses.map(({ port }) => port))) ?? true;
    process.exitCode = signals.interrupted ? EXIT.INTERRUPTED : written ? exitCode(counters) : EXIT.FAILED;
  } catch (error) {
    if (!KNOWN_ERRORS.some(kind => error instanceof kind)) throw error;
    complain((error as Error).message);
    process.exitCode = EXIT.FAILED;
  } finally {
    await proxy?.close();
    lock?.release();
  }
  if (!(await output.close())) process.exit();
}

/** The command's options, those of a --config file among them; null if that is wrong, which is reported. */
async function configuredOptions(command: Command): Promise<ProxyOptions | null> {
  const { config } = command.opts<ProxyOptions>();
  try {
    if (config !== undefined) await applyConfig(command, config);
    return command.opts<ProxyOptions>();
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.FAILED;
    return null;
  }
}

function recoverySentence(omitted: number, where: string): string {
  return `ghostframe: ${where} can be written again; ${counted(omitted, "event")} could not be written\n`;
}

function exitCode({ errors, warnings, lostPackets = 0 }: ProxyCounters): number {
  // A user who asked for a recording must not take it as complete.
  if (lostPackets > 0) return EXIT.FAILED;
  return errors + warnings > 0 ? EXIT.FINDINGS : EXIT.CLEAN;
}
