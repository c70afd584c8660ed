/** A check of a hundred captures, whole by one process, to which the same check by an array of tasks must be equal. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const command = join(root, "bin", "ghostframe.js");
export const TASKS = 8;
/** The capture that takes long enough to be stopped in; its place makes it task 3's. */
export const LARGE = "002-large.pcap";
const CAPTURES = 100;
const LARGE_MEGABYTES = 40;
const OUTPUTS = ["json", "sarif", "junit", "markdown"];

/** A test that cannot go on: one sentence is all there is to say. */
export class Failure extends Error {}

/** Runs a program to its end, and returns its exit status. @throws Failure if it cannot be run, or exits with another status than `expected` */
export function run(file, args, options = {}, expected = [0]) {
  const { status, error, stdout, stderr } = spawnSync(file, args, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...options,
  });
  if (error) throw new Failure(`${basename(file)} cannot be run: ${error.message}`);
  if (!expected.includes(status)) {
    const said = (stderr || stdout).trim().slice(-2000);
    throw new Failure(
      `${basename(file)} ${args.join(" ")}: exit status ${status}, expected ${expected.join(" or ")}: ${said}`,
    );
  }
  return { status, stdout };
}

/** Fills `folder` with captures: those of the fixtures, of `more` folders, and a large one; some twice, so that it is a hundred. */
export function makeCaptures(folder, more = []) {
  mkdirSync(folder, { recursive: true });
  const sources = [join(root, "fixtures"), ...more].flatMap(each =>
    readdirSync(each, { recursive: true })
      .filter(name => /\.pcap(?:ng)?(?:\.gz)?$/.test(name))
      .map(name => join(each, name))
      .filter(path => statSync(path).isFile())
      .sort(),
  );
  const names = Array.from({ length: CAPTURES }, (_, i) => String(i).padStart(3, "0"));
  for (const [i, number] of names.entries()) {
    if (LARGE.startsWith(number)) continue;
    // From both ends: all kinds are there, whatever their number.
    const source = i % 2 === 0 ? sources[(i / 2) % sources.length] : sources.at(-1 - (((i - 1) / 2) % sources.length));
    copyFileSync(source, join(folder, `${number}-${basename(source)}`));
  }
  run(process.execPath, [join(root, "test", "bench", "make-capture.mjs"), join(folder, LARGE), `${LARGE_MEGABYTES}`]);
  return CAPTURES;
}

/** Some captures of the fixtures are broken, and some cannot be read: with these a check has the status 2. */
const STATUSES = [0, 1, 2];

/** The status and all outputs of `ghostframe ...args`, written into `folder`. */
function judged(args, folder, cwd) {
  mkdirSync(folder, { recursive: true });
  const outputs = OUTPUTS.flatMap(format => ["--output", `${format}=${join(folder, format)}`]);
  const { status, stdout } = run(process.execPath, [command, ...args, ...outputs], { cwd }, STATUSES);
  const files = readdirSync(folder).sort();
  return {
    status: `${status}`,
    stdout,
    ...Object.fromEntries(files.map(name => [name, readFileSync(join(folder, name), "utf8")])),
  };
}

/**
 * Compares what `merge` makes of parts/*.part with what one process makes of captures/, both in `folder`.
 *
 * @throws Failure if a single octet differs
 */
export function compare(folder) {
  const parts = readdirSync(join(folder, "parts")).map(name => join("parts", name));
  if (parts.length !== TASKS)
    throw new Failure(`there are ${parts.length} parts, expected ${TASKS}: ${parts.join(", ")}`);
  const whole = judged(["check", "captures"], join(folder, "whole"), folder);
  const merged = judged(["merge", ...parts], join(folder, "merged"), folder);
  const names = [...new Set([...Object.keys(whole), ...Object.keys(merged)])];
  const different = names.filter(name => whole[name] !== merged[name]);
  if (different.length > 0) {
    throw new Failure(
      `merged and whole differ in: ${different.join(", ")} (see ${join(folder, "whole")} and ${join(folder, "merged")})`,
    );
  }
  const octets = names.reduce((sum, name) => sum + Buffer.byteLength(whole[name]), 0);
  return `equal octet for octet: ${names.join(", ")}; ${octets.toLocaleString("en")} octets, exit status ${whole.status}`;
}
