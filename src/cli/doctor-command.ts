import { Command } from "commander";
import { inspect } from "../inspect.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import { DEFAULT_FORMAT_OPTIONS } from "../report/report-format.ts";
import { inAscii } from "../report/text/ascii.ts";
import { Page } from "../report/text/page.ts";
import { whyUnreachable } from "./broker-probe.ts";
import { parseBrokerUrl } from "./broker-url.ts";
import { captureChecks, countsLine } from "./capture-checks.ts";
import { addCaptureOptions, type CaptureFlags, captureOptions } from "./capture-options.ts";
import { EXIT } from "./exit-codes.ts";
import { type Check, machineChecks, thisMachine } from "./machine-checks.ts";
import { complain, terminalOptions, write } from "./output.ts";
import { Progress } from "./progress.ts";

interface Options extends CaptureFlags {
  upstream?: string;
}

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description(
      "Says whether this machine is fit for the job: Node, who may capture, /proc. Of each FILE: whether it holds whole packets, all of them, and AMQP. It changes nothing, and connects to nothing that is not named.",
    )
    .argument("[file...]", "captures to look at");
  return addCaptureOptions(command)
    .option("--upstream <url>", "also connect to this broker, and hang up: amqp://host:5672, amqps://host")
    .addHelpText(
      "after",
      `
Exit status: 0 nothing failed, 1 something did, 2 the command was used wrongly.

Examples:
  $ ghostframe doctor
  $ ghostframe doctor trace.pcapng
  $ ghostframe doctor --upstream amqp://staging-broker`,
    )
    .action(run);
}

async function run(files: string[], options: Options): Promise<void> {
  try {
    const checks = await allChecks(files, options);
    if (checks === null) return;
    await write(text(checks));
    process.exitCode = checks.some(({ state }) => state === "fail") ? EXIT.FINDINGS : EXIT.CLEAN;
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.FAILED;
  }
}

/** Null if the options cannot be used, which is reported. */
async function allChecks(files: readonly string[], options: Options): Promise<Check[] | null> {
  const captures = await captureOptions(options);
  if (captures === null) return null;
  const { upstream } = options;
  // A wrong address is reported before anything is checked.
  const broker = upstream === undefined ? null : parseBrokerUrl(upstream).upstream;
  const checks = await machineChecks(thisMachine);
  if (broker !== null) checks.push(brokerCheck(broker.shown, await whyUnreachable(broker, {})));
  const progress = new Progress(process.stderr, performance);
  for (const path of files) {
    const report = await inspect([path], {
      ...captures,
      explain: false,
      onProgress: (_, read, total) => progress.update(path, read, total),
    });
    progress.clear();
    checks.push(...captureChecks(report));
  }
  return checks;
}

function brokerCheck(shown: string, problem: string | null): Check {
  return problem === null
    ? { state: "ok", what: "broker", found: `${shown} can be reached`, todo: "" }
    : { state: "fail", what: "broker", found: problem, todo: "Check address, port, firewall and certificates." };
}

function text(checks: readonly Check[]): string {
  const options = { ...DEFAULT_FORMAT_OPTIONS, ...terminalOptions(process.stdout, process.env) };
  const page = new Page(options);
  const ink = { ok: page.paint.good, warn: page.paint.warning, fail: page.paint.error };
  const lines = checks.flatMap(({ state, what, found, todo }) => {
    const [first = "", ...rest] = page.labelled(state, `${what}: ${found}`, ink[state]);
    return [first, ...rest, ...(todo === "" ? [] : page.labelled("", todo))];
  });
  const whole = `${[...lines, "", countsLine(checks)].join("\n")}\n`;
  return options.ascii ? inAscii(whole) : whole;
}
