/**
 * npm run ready: what a fresh clone needs before anything runs. Installs the dependencies where they are missing or older
 * than package-lock.json, builds src/ into dist/, takes out of dist/ what no longer has a source, and
 * bundles the command into dist/command/, the page of HTML reports into dist/page/, and writes the manual page into dist/man/.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPage } from "./build-page.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const installed = join(root, "node_modules", ".package-lock.json");
const lock = join(root, "package-lock.json");

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log("Installing dependencies…");
  const npm = process.env.npm_execpath;
  if (npm === undefined) throw new Error("run this by npm: npm run ready");
  run(process.execPath, [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}
run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc")]);
removeOrphans();
// Loaded here: what it needs may just have been installed.
await (await import("./bundle.mjs")).bundle();
await buildPage(root);
await writeManual();

/** The manual page is made of what --help says. */
async function writeManual() {
  const { ABOUT, allUsages } = await import("../../dist/cli/program.js");
  const { manualPage } = await import("../../dist/cli/usage/manual-page.js");
  const { VERSION } = await import("../../dist/version.js");
  mkdirSync(join(root, "dist", "man"), { recursive: true });
  writeFileSync(join(root, "dist", "man", "ghostframe.1"), manualPage(await allUsages(), VERSION, ABOUT));
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function removeOrphans() {
  for (const file of readdirSync(join(root, "dist"), { recursive: true })) {
    if (/^(?:command|page|man)\b/.test(file)) continue;
    const source = file.replace(/(?:\.d\.ts|\.js)$/, ".ts");
    if (source !== file && !existsSync(join(root, "src", source))) rmSync(join(root, "dist", file));
  }
}
