/**
 * The formats of a result: to add one, write its file and name it here. A format is loaded only when it is used.
 *
 * `inspect` has the same formats: for a format of a check it judges its report by the default policy.
 */
import type { Output } from "./output.ts";

export type { Output, OutputOptions } from "./output.ts";

export const outputs = {
  text: async () => (await import("./text.ts")).text,
  json: async () => (await import("../../report/json.ts")).json,
  sarif: async () => (await import("./sarif.ts")).sarif,
  junit: async () => (await import("./junit.ts")).junit,
  github: async () => (await import("./github.ts")).github,
  markdown: async () => (await import("./markdown.ts")).markdown,
} as const satisfies Record<string, () => Promise<Output>>;

export type TextOutputName = keyof typeof outputs;

/** A page is written by page.ts from the built page: it is not a text of the result alone. */
export const HTML = "html";

export type OutputName = TextOutputName | typeof HTML;

export const OUTPUT_NAMES: readonly OutputName[] = [...(Object.keys(outputs) as TextOutputName[]), HTML];
