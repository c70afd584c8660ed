/** How a line of `messages` or `frames` looks on a terminal: cut to its width, and coloured by its level. */
import { Chalk } from "chalk";
import { cut } from "../bytes/printable.ts";
import type { Outcome } from "../messages/message.ts";
import type { FramesEvent } from "./frame-event.ts";
import type { Severity } from "./report.ts";
import { inAscii } from "./text/ascii.ts";

export interface RowOptions {
  /** Columns of the terminal; null if there is none: then a line may have any length. */
  columns: number | null;
  colour: boolean;
  /** The terminal shows ASCII only. */
  ascii: boolean;
}

/** Gives a line its look. `level`: how grave its content is; null if it is in order. */
export type RowStyle = (line: string, level: Severity | null) => string;

export function rowStyle({ columns, colour, ascii }: RowOptions): RowStyle {
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  const paint: Readonly<Record<Severity, (text: string) => string>> = {
    error: chalk.red.bold,
    warning: chalk.yellow,
    note: chalk.cyan,
  };
  return (line, level) => {
    const fitted = columns === null ? line : cut(line, columns);
    const shown = ascii ? inAscii(fitted) : fitted;
    return level === null ? shown : paint[level](shown);
  };
}

const LEVELS: Readonly<Partial<Record<Outcome, Severity>>> = {
  torn: "error",
  swallowed: "error",
  unread: "error",
  refused: "error",
  nacked: "warning",
  returned: "warning",
  unconfirmed: "warning",
  rejected: "warning",
  "rolled-back": "warning",
  requeued: "note",
  unsettled: "note",
  unknown: "note",
};

export function outcomeLevel(outcome: Outcome): Severity | null {
  return LEVELS[outcome] ?? null;
}

export function frameLevel({ event }: FramesEvent): Severity | null {
  switch (event) {
    case "broken-envelope":
      return "error";
    case "boundary-found":
    case "boundary-refuted":
    case "connection":
    case "endpoints":
      return "note";
    case "frame":
      return null;
  }
}
