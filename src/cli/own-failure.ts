/** What a command does where ghostframe itself failed over a part of its work: the rest stands, and the exit status says so. */
import type { Report } from "../report/report.ts";

/** Prints the stack of an error of our own, for whoever asks for it. */
export function tellStack(error: unknown): void {
  if (process.env.GHOSTFRAME_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

/** The sentences about errors of our own in a report, each with its connection. */
export function ownFailures({ findings }: Pick<Report, "findings">): string[] {
  return findings
    .filter(({ rule }) => rule === "internal-error")
    .map(({ connection, message }) => `${connection === null ? "" : `${connection}: `}${message}`);
}
