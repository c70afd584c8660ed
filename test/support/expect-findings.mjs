/**
 * node test/support/expect-findings.mjs ARGS…: runs `ghostframe ARGS…`, which is to find something: its exit status 1 is
 * success then. Whatever else comes of it is passed on.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../bin/ghostframe.js", import.meta.url));
const args = process.argv.slice(2);
console.log(`$ ghostframe ${args.join(" ")}\n`);
const { status } = spawnSync(process.execPath, [bin, ...args], { stdio: "inherit" });
process.exit(status === 1 ? 0 : (status ?? 1));
