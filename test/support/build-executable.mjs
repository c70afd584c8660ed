#!/usr/bin/env node
/**
 * npm run executable -- [--output FILE]: ghostframe and the Node that runs this, as one file (a single executable application),
 * for the operating system and kind of processor that it is made on. Needs Node 26 or newer. FILE.notices.txt has the licences of what is in it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleInto, notices } from "./bundle.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { values } = parseArgs({ options: { output: { type: "string", default: join(root, "build", "ghostframe") } } });
const output = resolve(values.output);

if (!spawnSync(process.execPath, ["--help"], { encoding: "utf8" }).stdout.includes("--build-sea")) {
  console.error(
    `executable: Node ${process.versions.node} cannot build one (--build-sea): run this with Node 26 or newer`,
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "ghostframe-executable-"));
try {
  const command = join(folder, "command");
  // With the exporters of telemetry: there is no folder of packages to load them from.
  const bundled = await bundleInto(command, { external: [] });
  const main = join(root, "test", "support", "executable-main.cjs");
  const assets = Object.fromEntries(readdirSync(command).map(name => [name, join(command, name)]));
  assets["executable-main.cjs"] = main;
  assets["page.html"] = join(root, "dist", "page", "page.html");
  const config = join(folder, "sea.json");
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({ main, output, assets, disableExperimentalSEAWarning: true, useCodeCache: true }),
  );
  const { status } = spawnSync(process.execPath, ["--build-sea", config], { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`node --build-sea: exit status ${status}`);
  const node = `Node ${process.versions.node}, whose licence is https://github.com/nodejs/node/blob/${process.version}/LICENSE`;
  writeFileSync(
    `${output}.notices.txt`,
    notices(bundled, `The executable holds ${node}, and parts of these packages.`),
  );
  console.log(`${output}: ${Math.round(statSync(output).size / 1e6)} MB, Node ${process.versions.node}`);
} finally {
  rmSync(folder, { recursive: true });
}
