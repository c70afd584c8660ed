#!/usr/bin/env node
// npm run test:executable -- [--compare-only]
// Builds the executable without Node, holds what it prints and writes against bin/ghostframe.js, octet for octet, and runs tests of
// the command with it, unless --compare-only is given. Node 26 or newer, as for `npm run executable`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const executable = join(root, "build", "ghostframe");
const GHOST = "fixtures/interleaving/two-publishers-one-socket.pcapng.gz";
const LARGE_MEGABYTES = 8;
/** Tests that run a command, and threads of each kind with it. */
const TESTS = [
  "test/cli/exit-codes.test.ts",
  "test/cli/run.test.ts",
  "test/cli/output.test.ts",
  "test/proxy/live/operation.test.ts",
];

const folder = mkdtempSync(join(tmpdir(), "ghostframe-executable-"));
let failed = 0;
try {
  const built = spawnSync(process.execPath, [join(root, "test", "support", "build-executable.mjs")], {
    stdio: "inherit",
  });
  if (built.status !== 0) process.exit(built.status ?? 1);
  const large = join(folder, "large.pcap");
  const made = [join(root, "test", "bench", "make-capture.mjs"), large, `${LARGE_MEGABYTES}`];
  if (spawnSync(process.execPath, made).status !== 0) throw new Error("make-capture.mjs failed");
  const written = join(folder, "written");
  const calls = [
    ["--version"],
    ["--help"],
    ["inspect", GHOST],
    ["inspect", GHOST, "--format", "html", "--output", `markdown=${written}`],
    ["inspect", large, "--jobs", "2", "--format", "json"],
    ["check", "fixtures", "--jobs", "2", "--format", "json"],
    ["messages", GHOST, "--format", "ndjson"],
    ["inspect", GHOST, "--output", `otlp=${written}`],
    ["frames", "no-such-file"],
    ["explain", "frame-end"],
  ];
  for (const args of calls) {
    const one = outcome(process.execPath, [join(root, "bin", "ghostframe.js"), ...args], written);
    const other = outcome(executable, args, written);
    const different = Object.keys(one).filter(what => one[what] !== other[what]);
    console.log(
      `${different.length === 0 ? "equal" : "DIFFERENT"}  ${args.join(" ")}${different.map(what => `: ${what}`).join("")}`,
    );
    failed += different.length;
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (failed > 0) process.exit(1);
if (process.argv.includes("--compare-only")) process.exit(0);
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const env = { ...process.env, GHOSTFRAME_EXECUTABLE: executable };
const tests = spawnSync(process.execPath, [vitest, "run", ...TESTS], { cwd: root, stdio: "inherit", env });
process.exitCode = tests.status ?? 1;

/** What a call ends with, prints, and writes to the file `written`. */
function outcome(file, args, written) {
  rmSync(written, { force: true, recursive: true });
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 256 << 20,
  });
  if (error) throw error;
  return { status, stdout, stderr, written: textOf(written) };
}

function textOf(path) {
  try {
    // When this run observed it is no property of the capture.
    return readFileSync(path, "utf8").replaceAll(/"observedTimeUnixNano":"\d+"/g, "");
  } catch {
    return null;
  }
}
