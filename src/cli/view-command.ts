import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { Command } from "commander";
import { InputError } from "../capture/input-error.ts";
import { CHECK_SCHEMA, type CheckResult } from "../check/check-result.ts";
import { JsonSyntaxError, parseJson } from "../check/json-text.ts";
import { checkPage } from "../check/outputs/page.ts";
import { inspect } from "../inspect.ts";
import type { PageData } from "../report/html/page-data.ts";
import { html } from "../report/html.ts";
import { REPORT_SCHEMA, type Report } from "../report/report.ts";
import { addCaptureOptions, type CaptureFlags, captureOptions } from "./capture-options.ts";
import { EXIT } from "./exit-codes.ts";
import { htmlParts, PageSample } from "./html-output.ts";
import { complain, write } from "./output.ts";
import { traceUrlOption } from "./output-option.ts";
import { Progress } from "./progress.ts";
import { readText, textOf } from "./text-file.ts";
import { UsageError } from "./usage-error.ts";
import { ViewServer } from "./view-server.ts";

/** Octets of a report: the longest text that Node can have. */
const MAX_REPORT_OCTETS = 500 << 20;

interface Options extends CaptureFlags {
  open: boolean;
  traceUrl?: string;
}

export function viewCommand(): Command {
  const command = new Command("view")
    .description(
      "Shows what is in captures, or in a report that --format json or --output json=FILE wrote, in the browser: the page of --output html, served to this machine alone until Ctrl-C.",
    )
    .argument("<file...>", "captures, or one report as JSON: of inspect, check, merge, run or proxy");
  return addCaptureOptions(command)
    .addOption(traceUrlOption())
    .option("--no-open", "print the address only, and do not open a browser")
    .addHelpText(
      "after",
      `
It listens on 127.0.0.1, at a free port. The address that it prints is good for
one visit; that browser may load the page again.

Exit status: 2 a file could not be read, 130 stopped by Ctrl-C.

Examples:
  $ ghostframe view trace.pcapng
  $ ghostframe view report.json --no-open`,
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  try {
    const data = await pageData(paths, options);
    if (data === null) return;
    const { traceUrl } = options;
    await serve(html({ ...data, ...(traceUrl === undefined ? {} : { traceUrl }) }, htmlParts()), options.open);
  } catch (error) {
    if (!(error instanceof InputError || error instanceof UsageError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.FAILED;
  }
}

/** Null if that is not possible, which is reported. */
async function pageData(paths: readonly string[], options: Options): Promise<PageData | null> {
  const reports: string[] = [];
  for (const path of paths) if (path !== "-" && (await isJson(path))) reports.push(path);
  if (reports.length === 0) return inspected(paths, options);
  if (paths.length > 1) throw new UsageError(`${reports[0]}: expected captures, or one report by itself`);
  return reported(reports[0]!);
}

/** A capture never begins so. A file that cannot be opened is reported when it is read. */
async function isJson(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      if (!(await file.stat()).isFile()) return false;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
      return /^\s*\{/.test(textOf(buffer.subarray(0, bytesRead)));
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

async function inspected(paths: readonly string[], options: Options): Promise<PageData | null> {
  const captures = await captureOptions(options);
  if (captures === null) return null;
  const sample = new PageSample();
  const progress = new Progress(process.stderr, performance);
  const report = await inspect(paths, {
    ...captures,
    ...sample.readers(),
    onProgress: (path, read, total) => progress.update(path, read, total),
  });
  progress.clear();
  for (const { path, error, packets } of report.inputs) {
    if (error === undefined) continue;
    if (packets === 0 && report.inputs.length === 1) throw new InputError(path, error);
    complain(`${path}: ${error}`);
  }
  return { report, ...sample.data };
}

async function reported(path: string): Promise<PageData> {
  return readReport(await readText(path, "utf8", "a report", MAX_REPORT_OCTETS), path);
}

/**
 * The page of a report that was written as JSON. `path` is its name in errors.
 *
 * @throws InputError if it is no report of ours
 */
export function readReport(text: string, path: string): PageData {
  try {
    const value = parseJson(text) as { schema?: unknown } | null;
    if (value?.schema === REPORT_SCHEMA) return whole({ report: value as Report });
    if (value?.schema === CHECK_SCHEMA) return whole(checkPage(value as CheckResult));
  } catch (cause) {
    const problem =
      cause instanceof JsonSyntaxError ? cause.message : "is damaged: something that a report has is not in it";
    throw new InputError(path, problem, { cause });
  }
  throw new InputError(path, `is no report: expected JSON with the schema ${REPORT_SCHEMA} or ${CHECK_SCHEMA}`);
}

/** Makes the page once, which reads all that it needs. */
function whole(data: PageData): PageData {
  html(data, { page: "@@title@@@@plain@@" });
  return data;
}

async function serve(page: string, opens: boolean): Promise<void> {
  const server = new ViewServer(page);
  const address = await server.listen();
  await write(`${address}\n`);
  if (opens) openBrowser(address);
  await new Promise<void>(resolve => process.once("SIGINT", () => resolve()).once("SIGTERM", () => resolve()));
  server.close();
  process.exitCode = EXIT.INTERRUPTED;
}

/** Without a browser the address is printed all the same. */
function openBrowser(address: string): void {
  const { platform } = process;
  const [command, ...args] =
    platform === "darwin"
      ? ["open"]
      : platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler"]
        : ["xdg-open"];
  const child = spawn(command!, [...args, address], { detached: true, stdio: "ignore" });
  child.on("error", () => complain("no browser could be opened: open the address by hand"));
  child.unref();
}
