import { createReadStream } from "node:fs";
import { refuseDirectory } from "../capture/capture-source.ts";
import { InputError, inputErrorOf } from "../capture/input-error.ts";
import { BrokerLog } from "../explain/broker-log.ts";
import { withBrokerLog } from "../report/broker-log-section.ts";
import type { Report } from "../report/report.ts";
import { eachLine } from "./text-lines.ts";

/** Reads a broker's log and adds its messages to the report. `-` is standard input. */
export async function addBrokerLog(report: Report, path: string, isStopped: boolean): Promise<Report> {
  const log = new BrokerLog();
  let error: string | null = isStopped ? "not read: stopped before it" : null;
  try {
    if (path === "-") refuseDirectory("a log");
    if (!isStopped) await eachLine(path === "-" ? process.stdin : createReadStream(path), line => log.line(line));
  } catch (cause) {
    error = (cause instanceof InputError ? cause : inputErrorOf(path, cause, "a log")).problem;
  }
  log.end();
  return withBrokerLog(report, path, log, error);
}
