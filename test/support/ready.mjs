/**
 * npm run ready: what a fresh clone needs before anything runs. Installs the dependencies where they are missing or older
 * than package-lock.json, builds src/ into dist/, takes out of dist/ what no longer has a source, and
 * bundles the command into dist/command/, and the page of HTML reports into dist/page/.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
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

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function removeOrphans() {
  for (const file of readdirSync(join(root, "dist"), { recursive: true })) {
    if (file.startsWith("command") || file.startsWith("page")) continue;
    const source = file.replace(/(?:\.d\.ts|\.js)$/, ".ts");
    if (source !== file && !existsSync(join(root, "src", source))) rmSync(join(root, "dist", file));
  }
}
