/** `ghostframe check` as CI calls it: exit status, settings, baseline, outputs. Paths are relative to fixtures/. */
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import type { CheckResult } from "../../src/check/check-result.ts";
import { type Ended, ended, ghostframe, type RunOptions, start, temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const CLEAN = "clean/confirms-and-acks.pcap";
const SICK = "interleaving/message-inside-a-body.pcap";
const WARNED = "near-misses/two-threads-take-turns.pcap";
const NO_AMQP = "loss/unknown-octets-on-the-amqp-port.pcap";
const ENCRYPTED = "connections/strangers-on-loopback.pcap";
const NOTED = "loss/consumer-from-mid-stream.pcap";

function check(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return ghostframe(["check", ...args], options);
}

async function resultOf(args: readonly string[], options: RunOptions = {}): Promise<CheckResult> {
  const run = await check([...args, "--format", "json"], options);
  return JSON.parse(run.stdout) as CheckResult;
}

/** A folder with a config and copies of fixtures. */
function project(
  onTestFinished: TestContext["onTestFinished"],
  config: unknown,
  captures: Record<string, string> = { "captures/clean.pcap": CLEAN, "captures/sick.pcap": SICK },
): string {
  const folder = temporaryFolder(onTestFinished);
  for (const [name, fixture] of Object.entries(captures)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    copyFileSync(join(FIXTURES, fixture), join(folder, name));
  }
  const text = typeof config === "string" ? config : JSON.stringify(config);
  if (config !== null) writeFileSync(join(folder, "ghostframe.config.json"), text);
  return folder;
}

describe("exit status", { concurrent: true }, () => {
  it.each<[what: string, args: string[], code: number]>([
    ["a clean capture", [CLEAN], 0],
    ["a folder of clean captures", ["clean"], 0],
    ["a capture with notes", [NOTED], 0],
    ["a capture with notes that fail", [NOTED, "--fail-on", "note"], 1],
    ["a capture with a warning", [WARNED], 1],
    ["a capture with a warning that does not fail", [WARNED, "--fail-on", "error"], 0],
    ["a warning made an error", [WARNED, "--fail-on", "error", "--rule", "shared-channel=error"], 1],
    ["a warning off", [WARNED, "--rule", "shared-channel=off"], 0],
    ["a capture with an error", [SICK], 1],
    ["an error in one of several", [CLEAN, SICK], 1],
    ["errors off", [SICK, "--rule", "frame-end=off", "--rule", "broker-close=note"], 0],
    ["a capture without AMQP", [CLEAN, "--port", "1"], 1],
    ["a capture without AMQP, which is enough", [CLEAN, "--port", "1", "--min-frames", "0"], 0],
    ["as many frames as there must be", [CLEAN, "--min-frames", "52"], 0],
    ["too few frames", [CLEAN, "--min-frames", "53"], 1],
    ["as many gaps as there may be", ["loss/go-packets-not-captured.pcap.gz", "--max-gaps", "7"], 0],
    ["too many gaps", ["loss/go-packets-not-captured.pcap.gz", "--max-gaps", "6"], 1],
    ["a named capture without AMQP beside another", [CLEAN, NO_AMQP], 1],
    [
      "a named capture without AMQP beside another, which is enough",
      [CLEAN, NO_AMQP, "--min-frames", "0", "--max-unread", "1"],
      0,
    ],
    ["more that was not read than may be", [CLEAN, NO_AMQP, "--min-frames", "0"], 1],
    ["a connection whose TLS records were inspected", [CLEAN, ENCRYPTED], 0],
    ["one worker", [CLEAN, "--jobs", "1"], 0],
    ["a folder without captures", ["../src/check", "--min-frames", "0"], 1],
  ])("%s", async (_, args, code) => {
    const run = await check([...args, "--no-config"]);
    expect(run.stderr).toMatch(/^(?:ghostframe: [\w./]+: \d+ files were left out: [^\n]+\n)?$/);
    expect(run.stdout).not.toBe("");
    expect(run.code).toBe(code);
  });

  it.each<[what: string, args: string[], complaint: string]>([
    ["a file that is not there", [CLEAN, "nowhere.pcap"], "nowhere.pcap: no such file"],
    ["text", ["files/text.pcapng"], "files/text.pcapng: not a pcap or pcapng capture: it is text"],
    ["no baseline", [CLEAN, "--baseline", "none.json"], "none.json: no such file; --update-baseline writes it"],
    [
      "another file for a baseline",
      [CLEAN, "--baseline", "../package.json"],
      '../package.json: is no baseline: expected "schema": "ghostframe.baseline/1"',
    ],
    [
      "another file for a baseline, to be overwritten",
      [CLEAN, "--baseline", "../package.json", "--update-baseline"],
      '../package.json: is no baseline: expected "schema": "ghostframe.baseline/1"',
    ],
    [
      "a capture for a baseline",
      [CLEAN, "--baseline", CLEAN, "--update-baseline"],
      `${CLEAN} cannot be the baseline: it is a capture`,
    ],
    ["no config", [CLEAN, "--config", "none.json"], "none.json: no such file"],
    ["a folder for a config", [CLEAN, "--config", "clean"], "clean: is a directory"],
    ["an output over a capture", [CLEAN, "--output", `json=${CLEAN}`], `json cannot go to ${CLEAN}: it is a capture`],
    [
      "two outputs into one file",
      [CLEAN, "--output", "json=x", "--output", "sarif=./x"],
      "sarif cannot go to ./x: it is another output",
    ],
    [
      "an output where no folder can be made",
      [CLEAN, "--output", "json=/proc/x/y.json"],
      `/proc/x/y.json: cannot be written: ${process.platform === "linux" ? "nothing can be made there" : ""}`,
    ],
    ["an output into a folder", [CLEAN, "--output", "json=clean"], "clean: cannot be written: it is a directory"],
    ["an output through a file", [CLEAN, "--output", `json=${CLEAN}/x`], "a part of the path is not a directory"],
    ["--update-baseline alone", [CLEAN, "--update-baseline"], "--update-baseline needs --baseline FILE"],
  ])("%s", async (_, args, complaint) => {
    const run = await check(args.includes("--config") ? args : [...args, "--no-config"]);
    expect(run.stderr).toMatch(/^ghostframe: [^\n]+\n$/);
    expect(run.stderr).toContain(complaint);
    expect(run.stderr).not.toContain("internal error");
    expect(run.code).toBe(2);
  });

  it.each<[args: string[], complaint: string]>([
    [[], "missing required argument 'file'"],
    [[CLEAN, "--fail-on", "fatal"], "Allowed choices are note, warning, error"],
    [[CLEAN, "--rule", "frame-ends=off"], 'Unknown rule "frame-ends": did you mean "frame-end"?'],
    [[CLEAN, "--rule", "frame-end=fatal"], 'Unknown level "fatal": expected error, warning, note, off.'],
    [[CLEAN, "--rule", "frame-end"], "Expected RULE=LEVEL."],
    [[CLEAN, "--output", "sarf=x"], 'Unknown format "sarf": did you mean "sarif"?'],
    [[CLEAN, "--output", "sarif"], "Expected FORMAT=FILE."],
    [[CLEAN, "--output", "sarif="], "Expected FORMAT=FILE."],
    [[CLEAN, "--output", "sarif=-"], "For standard output there is --format sarif."],
    [[CLEAN, "--format", "xml"], "Allowed choices are"],
    [[CLEAN, "--max-gaps", "-1"], "Expected a whole number from 0 on."],
    [[CLEAN, "--min-frames", "many"], "Expected a whole number from 0 on."],
    [[CLEAN, "--jobs", "0"], "Expected a number from 1 to 9999."],
    [[CLEAN, "--port", "0"], '"0" is no port'],
    [[CLEAN, "--broker", "rabbit"], "Allowed choices are"],
  ])("%j", async (args, complaint) => {
    const run = await check(args);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/^error: /);
    expect(run.stderr).toContain(complaint);
    expect(run.code).toBe(2);
  });

  it("one unreadable capture among several: the others are checked, and it fails", async () => {
    const run = await check([CLEAN, "nowhere.pcap", SICK, "--no-config", "--format", "json"]);
    const { captures } = JSON.parse(run.stdout) as CheckResult;
    expect(captures.map(({ path, violations }) => [path, violations.map(({ kind }) => kind)])).toEqual([
      [CLEAN, []],
      [SICK, []],
      ["nowhere.pcap", ["unreadable"]],
    ]);
    expect(run.code).toBe(2);
  });

  it.skipIf(process.platform === "win32").for<[what: string, ends: boolean]>([
    ["Ctrl-C: 130, and nothing is written", false],
    ["Ctrl-C, to whoever writes to standard input, too: the same", true],
  ])("%s", async ([, ends], { onTestFinished }) => {
    const output = join(temporaryFolder(onTestFinished), "result.json");
    const child = start(["check", "-", "--no-config", "--output", `json=${output}`]);
    const end = ended(child);
    const capture = readFileSync(join(FIXTURES, CLEAN));
    // More than fits into the pipe: when it has left, the command is reading.
    const idle = capture.subarray(24, 24 + 16 + capture.readUInt32LE(24 + 8));
    const packets = Buffer.concat([capture, ...Array.from({ length: 20_000 }, () => idle)]);
    await new Promise(resolve => child.stdin.write(packets, resolve));
    child.kill("SIGINT");
    if (ends) child.stdin.end();
    expect(await end).toMatchObject({ code: 130, signal: null, stdout: "", stderr: "" });
    expect(existsSync(output)).toBe(false);
  });
});

describe("standard input", { concurrent: true }, () => {
  it.each<[what: string, fixture: string, code: number]>([
    ["a clean capture", CLEAN, 0],
    ["a sick capture", SICK, 1],
  ])("%s", async (_, fixture, code) => {
    const input = readFileSync(join(FIXTURES, fixture));
    const run = await check(["-", "--no-config", "--format", "json"], { input });
    const { captures } = JSON.parse(run.stdout) as CheckResult;
    expect(captures.map(({ path }) => path)).toEqual(["-"]);
    expect(run.code).toBe(code);
  });

  it("beside files, and empty", async () => {
    const run = await check(["-", CLEAN, "--no-config"]);
    expect(run.stderr).toMatch(/^ghostframe: standard input: is empty/);
    expect(run.code).toBe(2);
  });
});

it.skipIf(process.platform === "win32")('"./-" is a file', async ({ onTestFinished }) => {
  const folder = project(onTestFinished, null, { "-": CLEAN });
  expect((await resultOf(["./-"], { cwd: folder, input: "" })).captures).toMatchObject([{ path: "./-", frames: 52 }]);
});

describe("what is left alone is told", { concurrent: true }, () => {
  it.skipIf(process.platform === "win32")("files by their names, and linked folders", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, null, { "c/a.pcap1": CLEAN, "c/trace.bin": CLEAN, "c/b/x.dump": CLEAN });
    symlinkSync("b", join(folder, "c/link"));
    const run = await check(["c", "--no-config"], { cwd: folder });
    expect(run.stderr).toBe(
      "ghostframe: c: 2 files were left out: not named *.pcap, *.pcapng or *.cap\n" +
        "ghostframe: c: 1 link to a folder was not followed\n",
    );
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("c/a.pcap1") as string });
  });

  it("a workflow command in a name is none", async () => {
    const run = await check(["##[add-mask]x.pcap", "--no-config"]);
    expect(run.stderr).toMatch(/^ghostframe: ＃\[add-mask\]x\.pcap: no such file\n$/);
  });
});

it.skipIf(process.platform === "win32")("no link leads over what is read", async ({ onTestFinished }) => {
  const folder = project(onTestFinished, {}, { "c/a.pcap": CLEAN });
  symlinkSync("c/a.pcap", join(folder, "soft"));
  linkSync(join(folder, "c/a.pcap"), join(folder, "hard"));
  symlinkSync("ghostframe.config.json", join(folder, "config"));
  symlinkSync("c", join(folder, "d"));
  const refused: [args: string[], complaint: string][] = [
    [["--output", "json=soft"], "json cannot go to soft: it is a capture"],
    [["--output", "json=hard"], "json cannot go to hard: it is a capture"],
    [["--output", "json=config"], "json cannot go to config: it is the config"],
    [["--baseline", "hard", "--update-baseline"], "hard cannot be the baseline: it is a capture"],
    [["--output", "json=c/new/x", "--output", "text=d/new/x"], "text cannot go to d/new/x: it is another output"],
  ];
  for (const [args, complaint] of refused) {
    const run = await check(["c/a.pcap", ...args], { cwd: folder });
    expect(run.stderr).toContain(complaint);
    expect(run.code).toBe(2);
  }
  expect(readFileSync(join(folder, "hard"))).toEqual(readFileSync(join(FIXTURES, CLEAN)));
});

describe("the config", { concurrent: true }, () => {
  it("that expects captures which are not there fails, where their folder was looked through", async ({
    onTestFinished,
  }) => {
    const folder = project(onTestFinished, { expect: [{ captures: "captures/clear/**", clean: true }] });
    const result = await resultOf(["captures/clean.pcap"], { cwd: folder });
    expect(result).toMatchObject({ passed: true, expectedElsewhere: ["captures/clear/**"] });
    const named = await resultOf(["."], { cwd: join(folder, "captures") });
    expect(named.violations.map(({ kind }) => kind)).toEqual(["expectation-unmatched"]);
    expect(named.config).toBe("../ghostframe.config.json");
    expect((await resultOf(["captures", "--no-config"], { cwd: folder })).config).toBeNull();
  });

  it("is found upwards, and its paths are relative to it", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, {
      expect: [
        { captures: "captures/clean.*", clean: true },
        { captures: "captures/sick.pcap", findings: ["frame-end", "broker-close"] },
      ],
      outputs: { junit: "out/deep/junit.xml" },
    });
    const cwd = join(folder, "captures");
    const run = await check([".", "--format", "json"], { cwd });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    const { captures } = JSON.parse(run.stdout) as CheckResult;
    expect(captures.map(({ path, expectations }) => [path, expectations])).toEqual([
      ["clean.pcap", ["captures/clean.*"]],
      ["sick.pcap", ["captures/sick.pcap"]],
    ]);
    expect(readFileSync(join(folder, "out/deep/junit.xml"), "utf8")).toMatch(/^<\?xml /);
    expect((await check([".", "--no-config"], { cwd })).code).toBe(1);
  });

  it("a known-bad capture that shows it no longer fails", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, { expect: [{ captures: "**/clean.pcap", findings: ["frame-end"] }] });
    const result = await resultOf(["captures/clean.pcap"], { cwd: folder });
    expect(result.captures[0]!.violations).toEqual([
      {
        kind: "expected-finding",
        message: "The capture is expected to show frame-end, but does not.",
        rule: "frame-end",
      },
    ]);
  });

  it("the command line comes before it", async ({ onTestFinished }) => {
    const config = { failOn: "error", rules: { heartbeat: "note" }, limits: { minFrames: 9 }, ports: [1] };
    const folder = project(onTestFinished, { ...config, outputs: { json: "a.json", sarif: "a.sarif" } });
    const options = ["--fail-on", "note", "--rule", "heartbeat=error", "--port", "5672", "--output", "json=b.json"];
    const result = await resultOf(["captures/clean.pcap", ...options], { cwd: folder });
    expect(result.policy).toEqual({
      failOn: "note",
      rules: { heartbeat: "error" },
      limits: { maxGaps: null, minFrames: 9, maxUnread: 0 },
    });
    expect(result.summary.connections).toBe(1);
    expect(["a.json", "b.json", "a.sarif"].filter(name => existsSync(join(folder, name)))).toEqual([
      "b.json",
      "a.sarif",
    ]);
  });

  it.for<[config: unknown, complaint: string]>([
    [{ failon: "error" }, 'unknown key "failon" in ghostframe.config.json: did you mean "failOn"?'],
    ['{\n  "failOn": error\n}', 'ghostframe.config.json: line 2, column 13: expected a value, found "error"'],
    ["", "ghostframe.config.json: line 1, column 1: expected a value, found the end"],
  ])("%j ends it", async ([config, complaint], { onTestFinished }) => {
    const folder = project(onTestFinished, config);
    const run = await check(["captures"], { cwd: folder });
    expect(run).toMatchObject({ code: 2, stdout: "", stderr: `ghostframe: ${complaint}\n` });
    const above = await check(["."], { cwd: join(folder, "captures") });
    expect(above.stderr).toBe(`ghostframe: ${complaint.replace("ghostframe.config", "../ghostframe.config")}\n`);
  });

  it("may be named", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, "no JSON");
    writeFileSync(join(folder, "other.json"), JSON.stringify({ failOn: "note", rules: { "frame-end": "off" } }));
    const result = await resultOf(["captures", "--config", "other.json"], { cwd: folder });
    expect(result.policy.rules).toEqual({ "frame-end": "off" });
  });
});

describe("the baseline", { concurrent: true }, () => {
  it("is written, accepts what it lists, and stays as it is", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, { baseline: "ci/baseline.json" });
    const file = join(folder, "ci/baseline.json");
    const update = await check(["captures", "--update-baseline"], { cwd: folder });
    expect(update).toMatchObject({ code: 0, stderr: "" });
    const text = readFileSync(file, "utf8");
    expect(text).toContain('{"capture":"captures/sick.pcap","rule":"frame-end",');

    const result = await resultOf(["."], { cwd: join(folder, "captures") });
    expect(result).toMatchObject({ passed: true, baseline: { path: "../ci/baseline.json", accepted: 1, gone: [] } });
    await check(["captures/sick.pcap", "captures/clean.pcap", "--update-baseline", "--jobs", "1"], { cwd: folder });
    expect(readFileSync(file, "utf8")).toBe(text);

    copyFileSync(join(FIXTURES, WARNED), join(folder, "captures/new.pcap"));
    expect((await check(["captures"], { cwd: folder })).code).toBe(1);
    copyFileSync(join(FIXTURES, CLEAN), join(folder, "captures/sick.pcap"));
    const gone = (await resultOf(["captures"], { cwd: folder })).baseline!.gone;
    expect(gone.map(({ capture, rule }) => [capture, rule])).toEqual([["captures/sick.pcap", "frame-end"]]);
  });

  it.for<[what: string, named: string[], complaint: string]>([
    ["not all captures can be read", ["captures", "nowhere.pcap"], "stays as it is, because not all captures could be"],
    ["there is no capture", ["empty"], "stays as it is, because there is no capture"],
    [
      "there are too few frames",
      ["captures", "--port", "1"],
      "stays as it is, because there are fewer AMQP frames in them than there must be",
    ],
  ])("stays as it is while %s", async ([, named, complaint], { onTestFinished }) => {
    const folder = project(onTestFinished, { baseline: "b.json" });
    mkdirSync(join(folder, "empty"));
    await check(["captures", "--update-baseline"], { cwd: folder });
    const text = readFileSync(join(folder, "b.json"), "utf8");
    const run = await check([...named, "--update-baseline"], { cwd: folder });
    expect(run.stderr).toContain(`ghostframe: b.json: ${complaint}`);
    expect(run.code).toBe(2);
    expect(readFileSync(join(folder, "b.json"), "utf8")).toBe(text);
  });

  it("is not written empty, unless that is meant", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, { baseline: "b.json" });
    const refused = await check(["captures/clean.pcap", "--update-baseline"], { cwd: folder });
    expect(refused).toMatchObject({
      code: 2,
      stderr:
        "ghostframe: b.json: stays as it is, because nothing fails that it could accept; --force writes it empty\n",
    });
    expect((await check(["captures/clean.pcap", "--update-baseline", "--force"], { cwd: folder })).code).toBe(0);
    expect(readFileSync(join(folder, "b.json"), "utf8")).toContain('"accepted": []');
  });

  it("of some of the captures keeps what it accepts of the others", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, { baseline: "b.json" });
    copyFileSync(join(FIXTURES, WARNED), join(folder, "captures/warned.pcap"));
    await check(["captures", "--update-baseline"], { cwd: folder });
    const text = readFileSync(join(folder, "b.json"), "utf8");
    const some = await resultOf(["captures/sick.pcap"], { cwd: folder });
    expect(some.baseline).toMatchObject({ accepted: 1, gone: [], notChecked: 1 });
    await check(["captures/sick.pcap", "--update-baseline"], { cwd: folder });
    expect(readFileSync(join(folder, "b.json"), "utf8")).toBe(text);

    copyFileSync(join(folder, "captures/sick.pcap"), join(folder, "captures/again.pcap"));
    expect((await check(["captures/again.pcap"], { cwd: folder })).code).toBe(1);
    rmSync(join(folder, "captures/sick.pcap"));
    expect((await check(["captures/again.pcap"], { cwd: folder })).code).toBe(0);
    await check(["captures/again.pcap", "--update-baseline"], { cwd: folder });
    expect(readFileSync(join(folder, "b.json"), "utf8")).not.toContain("captures/sick.pcap");
  });

  it("of another version is refused, and can be written anew", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, null);
    const file = join(folder, "b.json");
    writeFileSync(file, '{"schema":"ghostframe.baseline/1","fingerprints":0,"accepted":[]}');
    const args = ["captures", "--no-config", "--baseline", "b.json"];
    const refused = await check(args, { cwd: folder });
    expect(refused.stderr).toMatch(/^ghostframe: b\.json: was written by another ghostframe .+--update-baseline\n$/);
    expect(refused.code).toBe(2);
    expect((await check([...args, "--update-baseline"], { cwd: folder })).code).toBe(0);
    expect((await check(args, { cwd: folder })).code).toBe(0);
  });
});

describe("the same captures give the same octets", { concurrent: true }, () => {
  const FORMATS = ["text", "json", "sarif", "junit", "github", "markdown"];

  it("in whatever order, however often, and with however many workers", async ({ onTestFinished }) => {
    const folder = project(onTestFinished, null, {
      "c/a.pcap": CLEAN,
      "c/b/sick.pcap": SICK,
      "c/c.pcapng.gz": "interleaving/two-publishers-one-socket.pcapng.gz",
      "c/z.pcap": WARNED,
    });
    // Large enough for workers to be started.
    for (const name of ["c/large-1.pcap", "c/large-2.pcap", "c/b/large-3.pcap"]) lengthen(join(folder, name));
    const calls = [
      ["c", "--jobs", "1"],
      ["c", "--jobs", "3"],
      ["c/z.pcap", "c/large-2.pcap", "c/b", "c", "c/a.pcap", "--jobs", "2"],
    ];
    const written = await Promise.all(
      calls.map(async (args, call) => {
        const outputs = FORMATS.flatMap(format => ["--output", `${format}=out-${call}/${format}`]);
        const run = await check([...args, ...outputs, "--no-config"], { cwd: folder });
        expect(run).toMatchObject({ code: 1, stderr: "" });
        return [run.stdout, ...FORMATS.map(format => readFileSync(join(folder, `out-${call}`, format), "utf8"))];
      }),
    );
    expect(written[1]).toEqual(written[0]);
    expect(written[2]).toEqual(written[0]);
    const { captures } = JSON.parse(written[0]![2]!) as CheckResult;
    expect(captures).toHaveLength(7);
    expect(captures.flatMap(({ violations }) => violations)).toEqual([]);
  });
});

/** A sick capture with many packets without payload behind it: some 12 MB. */
function lengthen(path: string): void {
  const capture = readFileSync(join(FIXTURES, SICK));
  const idle = capture.subarray(24, 24 + 16 + capture.readUInt32LE(24 + 8));
  const block = Buffer.concat(Array.from({ length: 10_000 }, () => idle));
  writeFileSync(path, Buffer.concat([capture, ...Array.from({ length: Math.ceil(12e6 / block.length) }, () => block)]));
}

describe("in GitHub Actions", { concurrent: true }, () => {
  const env = { GITHUB_ACTIONS: "true" };

  it("annotations follow the text", async () => {
    const plain = await check([SICK, "--no-config"]);
    const annotated = await check([SICK, "--no-config"], { env });
    expect(annotated.stdout.startsWith(plain.stdout)).toBe(true);
    const annotations = annotated.stdout.slice(plain.stdout.length);
    expect(annotations).toBe((await check([SICK, "--no-config", "--format", "github"])).stdout);
    expect(annotations).toMatch(/^::error /m);
    expect(annotated.code).toBe(1);
  });

  it("formats for programs stay as they are", async () => {
    const plain = await check([SICK, "--no-config", "--format", "json"]);
    expect((await check([SICK, "--no-config", "--format", "json"], { env })).stdout).toBe(plain.stdout);
  });

  it("a summary is added to the job's", async ({ onTestFinished }) => {
    const summary = join(temporaryFolder(onTestFinished), "summary.md");
    writeFileSync(summary, "# Before\n");
    await check([SICK, "--no-config"], { env: { ...env, GITHUB_STEP_SUMMARY: summary } });
    const markdown = (await check([SICK, "--no-config", "--format", "markdown"])).stdout;
    expect(readFileSync(summary, "utf8")).toBe(`# Before\n${markdown}`);
    writeFileSync(summary, "no line feed");
    await check([SICK, "--no-config"], { env: { ...env, GITHUB_STEP_SUMMARY: summary } });
    expect(readFileSync(summary, "utf8")).toBe(`no line feed\n${markdown}`);
  });

  it("a summary leaves out what the job's has no room for", async ({ onTestFinished }) => {
    const summary = join(temporaryFolder(onTestFinished), "summary.md");
    writeFileSync(summary, "x".repeat((1 << 20) - 5_000));
    const run = await check([SICK, "--no-config"], { env: { ...env, GITHUB_STEP_SUMMARY: summary } });
    expect(run.stderr).toBe("");
    const written = readFileSync(summary, "utf8");
    expect(written.length).toBeLessThanOrEqual(1 << 20);
    expect(written).toContain("Left out: ");
  });

  it("a summary that cannot be written is told", async () => {
    const run = await check([CLEAN, "--no-config"], { env: { ...env, GITHUB_STEP_SUMMARY: FIXTURES } });
    expect(run.stderr).toMatch(/^ghostframe: .+: cannot be written: it is a directory\n$/);
    expect(run.code).toBe(2);
  });
});

it("the help names exit codes and options", async () => {
  const { stdout, code } = await check(["--help"]);
  for (const word of ["--fail-on", "--rule", "--baseline", "--update-baseline", "--output", "--jobs", "Exit status"]) {
    expect(stdout).toContain(word);
  }
  expect(code).toBe(0);
});

it("a reader that goes away is no failure", async () => {
  const child = start(["check", "rules", "interleaving", "--no-config", "--format", "json"]);
  child.stdin.end();
  await once(child.stdout, "data");
  child.stdout.destroy();
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(1);
});
