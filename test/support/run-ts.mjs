/**
 * node test/support/run-ts.mjs FILE ARGUMENT…
 *
 * Runs a TypeScript file of the tests outside of vitest: bundled first, as Node 20 reads no TypeScript.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";

const [, , file, ...rest] = process.argv;
// Beside the packages, so that they are found.
const folder = mkdtempSync(fileURLToPath(new URL("../../node_modules/.run-ts-", import.meta.url)));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
await build({
  input: { main: resolve(file) },
  platform: "node",
  external: [/^[^./]/],
  output: { dir: folder, format: "esm", entryFileNames: "[name].mjs" },
  logLevel: "warn",
});
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(join(folder, "main.mjs")).href);
