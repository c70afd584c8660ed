import { expect, it } from "vitest";
import { formats } from "../../src/report/formats.ts";
import { tornFrame } from "../support/report-samples.ts";

it.each(Object.entries(formats))("%s is loaded when asked for, and writes", async (_, load) => {
  const write = await load();
  expect(write(tornFrame())).toMatch(/162315.*\n$/s);
});
