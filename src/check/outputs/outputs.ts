/**
 * The formats of `ghostframe check`: to add one, write its file and name it here. A format is loaded only when it is
 * used.
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

export type OutputName = keyof typeof outputs;
