/** A command when ghostframe itself failed on a part of its work: the rest stays valid, the exit status shows it. */
import type { Report } from "../report/report.ts";

/** Prints the stack of an error of our own, on request. */
export function printStack(error: unknown): void {
  if (process.env.GHOSTFRAME_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

/** The sentences about errors of our own in a report, each with its connection. */
export function ownFailures({ findings }: Pick<Report, "findings">): string[] {
  return findings
    .filter(({ rule }) => rule === "internal-error")
    .map(({ connection, message }) => `${connection === null ? "" : `${connection}: `}${message}`);
}
