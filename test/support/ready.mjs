/**
 * npm run ready: what a fresh clone needs before anything runs. Installs the dependencies where they are missing or older
 * than package-lock.json, builds src/ into dist/, takes out of dist/ what no longer has a source, and
 * bundles the command into dist/command/.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const installed = join(root, "node_modules", ".package-lock.json");
const lock = join(root, "package-lock.json");
const bundled = join(root, "dist", "command");

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log("Installing dependencies…");
  const npm = process.env.npm_execpath;
  if (npm === undefined) throw new Error("run this by npm: npm run ready");
  run(process.execPath, [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}
run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc")]);
removeOrphans();
await bundle();

/**
 * The command in few files: Node takes longer to find and link two hundred small ones than to inspect a small capture.
 * Commands stay files of their own, loaded when they are named; a thread's file stands beside them, where its URL says.
 */
async function bundle() {
  rmSync(bundled, { recursive: true, force: true });
  // Loaded here: it may just have been installed.
  const { build } = await import("rolldown");
  const entry = file => join(root, "dist", file);
  await build({
    input: {
      main: entry("cli/main.js"),
      "inspection-worker": entry("cli/inspection-worker.js"),
      "inspector-worker": entry("proxy/inspector-worker.js"),
    },
    platform: "node",
    external: Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies),
    output: { dir: bundled, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
    logLevel: "warn",
  });
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function removeOrphans() {
  for (const file of readdirSync(join(root, "dist"), { recursive: true })) {
    if (file.startsWith("command")) continue;
    const source = file.replace(/(?:\.d\.ts|\.js)$/, ".ts");
    if (source !== file && !existsSync(join(root, "src", source))) rmSync(join(root, "dist", file));
  }
}
