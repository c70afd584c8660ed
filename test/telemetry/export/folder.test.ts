import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeFolder } from "../../../src/telemetry/export/folder.ts";
import { temporaryFolder } from "../../support/command.ts";

// Where nothing can be made at all is asked of the commands, in test/cli: what hangs there can be given up.

it("makes what is missing, of the mode that it shall have", ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  mkdirSync(join(folder, "a"));
  makeFolder(join(folder, "a", "b", "c"), 0o700);
  const modes = ["a/b", "a/b/c"].map(name => statSync(join(folder, name)).mode & 0o777);
  expect(modes).toEqual(process.platform === "win32" ? modes : [0o700, 0o700]);
  expect(statSync(join(folder, "a", "b", "c")).isDirectory()).toBe(true);
});

it("makes nothing where the folder is there, and nothing beside its path", ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  makeFolder(folder);
  makeFolder(`${folder}/none/../a/`);
  expect(readdirSync(folder)).toEqual(["a"]);
});

it("throws where a file is in the way", ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, "file"), "");
  expect(() => makeFolder(join(folder, "file", "a", "b"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
});
