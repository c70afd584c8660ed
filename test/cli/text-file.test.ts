import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readText } from "../../src/cli/text-file.ts";
import { ghostframe, temporaryFolder } from "../support/command.ts";

const TEXT = '{"failOn": "error"}\n';
const swapped = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

it.for<[what: string, octets: Buffer]>([
  ["UTF-8", Buffer.from(TEXT)],
  ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${TEXT}`)],
  ["UTF-16 as Windows writes it", Buffer.from(`\ufeff${TEXT}`, "utf16le")],
  ["UTF-16 without a mark", Buffer.from(TEXT, "utf16le")],
  ["UTF-16, the other way round", swapped(`\ufeff${TEXT}`)],
])("a text in %s is read", async ([, octets], { onTestFinished }) => {
  const path = join(temporaryFolder(onTestFinished), "text");
  writeFileSync(path, octets);
  expect(await readText(path, "utf8", "a text")).toBe(TEXT);
});

it("a part and a config that Windows wrote are taken for what they are", async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const [config, part] = [join(folder, "config.json"), join(folder, "a.part")];
  writeFileSync(config, `\ufeff${TEXT}`, "utf16le");
  writeFileSync(part, '\ufeff{"schema":"ghostframe.partial/1","version":"0"}\n', "utf16le");
  const { stderr, code } = await ghostframe(["merge", part, "--config", config], { cwd: folder });
  expect([stderr, code]).toEqual([expect.stringContaining("a.part: is of ghostframe 0, expected "), 2]);
});
