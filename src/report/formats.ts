/**
 * The report's formats: to add one, write its file and name it here. A format is loaded only when it is used, so that
 * `--format json` does not load the terminal libraries.
 */
import type { ReportFormat } from "./report-format.ts";

export const formats = {
  text: async () => (await import("./text.ts")).text,
  json: async () => (await import("./json.ts")).json,
  markdown: async () => (await import("./markdown.ts")).markdown,
} as const satisfies Record<string, () => Promise<ReportFormat>>;

export type Format = keyof typeof formats;
