import { isIP } from "node:net";
import { Command } from "commander";
import type { CaptureReport } from "../check/check.ts";
import type { CheckResult } from "../check/check-result.ts";
import { ConfigError } from "../check/config.ts";
import { HTML } from "../check/outputs/outputs.ts";
import { type InspectOptions, inspectPart } from "../inspect.ts";
import type { W3cContext } from "../messages/trace-context.ts";
import { endpointText, parseListen } from "../proxy/address.ts";
import type { CountMessage, EventMessage } from "../proxy/event-message.ts";
import { InspectingProxy } from "../proxy/inspecting-proxy.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import { buildReport } from "../report/build-report.ts";
import type { ProxyCounters, ProxyEvent } from "../report/live-event.ts";
import type { PartialResult } from "../report/partial/partial-result.ts";
import { asOneInput } from "../report/partial/reduce.ts";
import type { Endpoint } from "../report/report.ts";
import type { Broker } from "../telemetry/connection-source.ts";
import { traceVariables } from "../telemetry/trace-parent.ts";
import { whyUnreachable } from "./broker-probe.ts";
import { type BrokerUrl, parseBrokerUrl } from "./broker-url.ts";
import { exitStatus, judge, RUN_CAPTURE, writeAll } from "./check-conclusion.ts";
import { baselineEntries, findConfig, SettingsError } from "./check-config.ts";
import { addPolicyOptions } from "./check-options.ts";
import { ciOutputs, extrasOf, print } from "./check-output.ts";
import { type PolicyOptions, refuseOverwriting, type Settings, settingsOf } from "./check-settings.ts";
import { commandEnvironment, URL_VARIABLE } from "./command-environment.ts";
import { CommandError, runToEnd } from "./command-process.ts";
import { EXIT } from "./exit-codes.ts";
import { PageSample } from "./html-output.ts";
import { onInterrupt } from "./interrupt.ts";
import { complain } from "./output.ts";
import { Progress } from "./progress.ts";
import { RecordingError } from "./recording-folder.ts";
import { addRelayOptions, type RelayOptions, relaySettings } from "./relay-options.ts";
import { repeatedRun } from "./repeated-run.ts";
import { addRunOptions, type RunOptions } from "./run-options.ts";
import { RunRecording } from "./run-recording.ts";
import { filesRead } from "./taken-files.ts";
import {
  addTelemetryOptions,
  CaptureSession,
  commandSpan,
  otlpTarget,
  TelemetryError,
  type TelemetryOptions,
} from "./telemetry-options.ts";
import { UsageError } from "./usage-error.ts";

interface Options extends Omit<PolicyOptions, "broker">, RelayOptions, RunOptions, TelemetryOptions {}

/** Any free port; only this machine can reach it. */
const LISTEN = "127.0.0.1:0";
/** Milliseconds that connections have to end after the command: with --squeeze, passing on the rest takes longer. */
const GRACE = { plain: 2000, squeezed: 10_000 };

const MAY_NOT_HAVE_FIRED =
  "a race between threads may not have fired in this run; --squeeze makes it likelier, --repeat tries again";

export function runCommand(): Command {
  const command = new Command("run")
    .description(
      `Starts a proxy for the broker at ${URL_VARIABLE}, and runs COMMAND with the proxy's URL in ${URL_VARIABLE}. When COMMAND has ended, the recorded traffic is checked as "check" does it. The standard streams of COMMAND are left alone; the result goes to stderr.`,
    )
    .argument("<command...>", "the command and its arguments; write -- before it")
    .passThroughOptions();
  return addTelemetryOptions(addRelayOptions(addPolicyOptions(addRunOptions(command, URL_VARIABLE))))
    .addHelpText(
      "after",
      `
Exit status: that of COMMAND if it is not 0 (128 + number of the signal if a
signal ended COMMAND). Otherwise 0 passed; 1 failing findings, or limits not
met, for example if COMMAND used no AMQP at all; 2 no broker, no such COMMAND,
or the check could not be made.

Examples:
  $ ghostframe run -- pytest -q
  $ ghostframe run --squeeze --repeat 20 -- npx vitest run
  $ ghostframe run --upstream amqp://broker --env RABBIT_HOST:RABBIT_PORT -- rspec
  $ ghostframe run --otlp=http://collector:4318 -- npx vitest run
  $ ghostframe run --keep captures/ --output junit=amqp.xml -- make test`,
    )
    .action(run);
}

async function run(command: string[], options: Options, self: Command): Promise<void> {
  try {
    const { broker, ...rest } = options;
    // The default of the relay's options must not replace the broker that the config names.
    const policy = self.getOptionValueSource("broker") === "default" ? rest : { ...rest, broker };
    process.exitCode = await repeatedRun(options, () => runAndCheck(command, options, policy));
  } catch (error) {
    const kinds = [ConfigError, SettingsError, UsageError, ProxyError, RecordingError, CommandError, TelemetryError];
    if (!kinds.some(kind => error instanceof kind)) throw error;
    complain((error as Error).message);
    process.exitCode = EXIT.FAILED;
  }
}

/** Does it all, and returns the exit status. What could prevent the check is found before the command starts. */
async function runAndCheck(command: readonly string[], options: Options, policy: PolicyOptions): Promise<number> {
  const found = await findConfig(options.config);
  const settings = settingsOf(policy, found);
  refuseOverwriting(settings, found, filesRead([], {}), options.otlp);
  const { baseline, inspect: inspecting } = settings;
  const accepted = baseline === null ? [] : await baselineEntries(baseline, options.updateBaseline);
  const broker = brokerOf(options);
  const why = await whyUnreachable(broker.upstream, relaySettings(options, [broker.upstream]).upstreamTls ?? {});
  if (why !== null) throw new CommandError(`${why}: ${command[0]} was not started`);

  const otlp = otlpTarget(options.otlp, settings.outputs);
  const telemetry = await CaptureSession.open({ otlp, otlpMessages: options.otlpMessages }, "always", serverOf(broker));
  const recording = await RunRecording.begin(options.keep ?? null);
  const relayed = await new RelayedRun(options, broker, settings, recording)
    .run(command, telemetry?.span)
    .catch(async error => {
      await recording.discard();
      throw error;
    });

  const { signal } = onInterrupt();
  const files = await recording.files();
  const page = settings.outputs.some(({ format }) => format === HTML) ? new PageSample() : null;
  const recorded = await inspected(files, {
    broker: inspecting.broker,
    ports: [relayed.proxy.port],
    signal,
    ...(page?.readers(telemetry?.readers()) ?? telemetry?.readers()),
  });
  const captures: CaptureReport[] = [{ path: RUN_CAPTURE, report: buildReport(asOneInput(recorded, RUN_CAPTURE)) }];
  if (signal.aborted) {
    complain(`the recording is in ${files.join(", ")}`);
    return relayed.status === 0 ? EXIT.INTERRUPTED : relayed.status;
  }
  const judgement = judge(captures, settings, { accepted, update: options.updateBaseline, force: options.force });
  const sent = await telemetry?.finish(
    captures.map(({ report }) => report),
    commandSpan("run", judgement.result, relayed.status),
  );
  const keeps = recording.isKept || relayed.status !== 0 || !judgement.result.passed;
  const ci = ciOutputs("text", process.env);
  const written = await writeAll(
    { ...judgement, result: keeps ? withRecording(judgement.result, files) : judgement.result },
    [...settings.outputs, ...ci.files],
    { ...extrasOf(options), ...page?.data, command: `${command[0]} ended with exit status ${relayed.status}.` },
  );
  await print(judgement.result, ci.printed, options, process.stderr);
  const raced = relayed.counters.connections > 0 && !options.squeeze;
  if (judgement.result.passed && raced) complain(MAY_NOT_HAVE_FIRED);
  const checked = exitStatus(judgement.result, written && sent !== false);
  const whole = complainOfMissing(command, relayed, files, settings);
  if (keeps && files.length > 0) complain(`the recording is in ${files.join(", ")}`);
  if (!keeps || files.length === 0) await recording.discard();
  if (relayed.status !== 0) return relayed.status;
  return whole ? checked : EXIT.FAILED;
}

/** The broker that the options name, or the one that the command would connect to. */
function brokerOf({ upstream, env = [] }: Options): BrokerUrl {
  if (upstream !== undefined) return parseBrokerUrl(upstream);
  const names = [URL_VARIABLE, ...env.flatMap(each => ("url" in each ? [each.url] : []))];
  const url = names.map(name => process.env[name]).find(value => value !== undefined && value !== "");
  if (url === undefined) {
    throw new UsageError(
      `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} not set: name the broker with --upstream URL`,
    );
  }
  return parseBrokerUrl(url);
}

function serverOf({ upstream: { host, port } }: BrokerUrl): Broker {
  return { address: host, port, peer: isIP(host) === 0 ? null : { address: host, port } };
}

/** How a command and its connections ended. */
interface Relayed {
  status: number;
  /** Where the command should have connected to. */
  proxy: Endpoint;
  counters: ProxyCounters;
  /** Milliseconds that connections had to end after the command. */
  grace: number;
  /** Connections that were still open after that time. */
  cut: number;
}

/** The proxy, for the time of the command. */
class RelayedRun {
  readonly #options: Options;
  readonly #broker: BrokerUrl;
  readonly #proxy: InspectingProxy;
  #cut = 0;

  constructor(
    options: Options,
    broker: BrokerUrl,
    { inspect: { broker: version } }: Settings,
    recording: RunRecording,
  ) {
    this.#options = options;
    this.#broker = broker;
    this.#proxy = new InspectingProxy({
      ...relaySettings(options, [broker.upstream]),
      routes: [{ listen: parseListen(LISTEN), upstream: broker.upstream }],
      broker: version,
      record: {
        directory: recording.directory,
        // One file, so that the report's packet numbers are those of that file.
        fileOctets: Number.MAX_SAFE_INTEGER,
        files: Number.MAX_SAFE_INTEGER,
        on: "always",
        credentials: false,
      },
      guard: false,
      sharedSockets: false,
      // Leaves the processors to the command.
      polling: null,
      writing: null,
      emit: event => this.#received(event),
    });
  }

  /** `span`: the parent of the command's own spans, if there is telemetry. */
  async run(command: readonly string[], span: W3cContext | null | undefined): Promise<Relayed> {
    try {
      const [proxy] = await this.#proxy.listen();
      const environment = commandEnvironment(process.env, this.#options.env ?? [], this.#broker, proxy!);
      if (span != null) Object.assign(environment, traceVariables(span));
      const status = await runToEnd(command, environment, this.#options.killAfter);
      const grace = this.#options.squeeze ? GRACE.squeezed : GRACE.plain;
      const counters = await this.#proxy.drain(grace, () => 0);
      return { status, proxy: proxy!, counters, grace, cut: this.#cut };
    } catch (error) {
      await this.#proxy.drain(0, () => 0);
      throw error;
    } finally {
      await this.#proxy.close();
    }
  }

  #received(event: EventMessage | CountMessage | ProxyEvent): void {
    if (event.event !== "proxy") {
      if ("trouble" in event && event.trouble === "shutdown") this.#cut++;
    } else if (event.kind === "problem") complain(event.message);
  }
}

async function inspected(files: readonly string[], options: InspectOptions): Promise<PartialResult> {
  const progress = new Progress(process.stderr, performance);
  const found = await inspectPart(files, {
    ...options,
    onProgress: (_, read, total) => progress.update("the recording", read, total),
  });
  progress.clear();
  return found;
}

/** The result, with a note on the files in which its packets are numbered. */
function withRecording(result: CheckResult, files: readonly string[]): CheckResult {
  if (files.length === 0) return result;
  const note = `Packet numbers are those of ${files.join(", continued in ")}.`;
  const captures = result.captures.map(capture => {
    return { ...capture, input: { ...capture.input, notes: [...capture.input.notes, note] } };
  });
  return { ...result, captures };
}

/** Prints what was not seen, which the result does not contain. Returns whether everything was seen. */
function complainOfMissing(
  [command]: readonly string[],
  { counters: { connections, uninspected }, proxy, grace, cut }: Relayed,
  files: readonly string[],
  { rules: { policy } }: Settings,
): boolean {
  if (connections === 0 && policy.limits.minFrames > 0) {
    const where = endpointText(proxy.address, proxy.port);
    complain(
      `${command} did not use AMQP at ${where}: ${URL_VARIABLE} names this address, and --env sets other variables to it`,
    );
  }
  if (cut > 0) {
    const those = cut === 1 ? "1 connection was" : `${cut} connections were`;
    complain(`${those} still open ${grace / 1000} s after ${command} had ended, and were cut`);
  }
  if (uninspected > 0) {
    const those = uninspected === 1 ? "1 connection was" : `${uninspected} connections were`;
    complain(`${those} not recorded to the end: the inspector could not keep up`);
  }
  const isRecorded = connections === 0 || files.length > 0;
  if (!isRecorded) complain("nothing could be recorded, so nothing was checked");
  return isRecorded && uninspected === 0;
}
