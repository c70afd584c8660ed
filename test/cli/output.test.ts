/** What the report looks like at the other end of a pipe, and on a terminal that wants colour or not. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { columns } from "../../src/bytes/printable.ts";
import schema from "../../src/report/report.schema.json" with { type: "json" };
import { ghostframe, ROOT } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const SICK = "interleaving/two-publishers-one-socket.pcapng.gz";
const ESCAPE = "\u001b[";

describe("inspect", { concurrent: true }, () => {
  it("writes the golden text", async () => {
    const { stdout } = await ghostframe(["inspect", SICK]);
    const golden = readFileSync(join(FIXTURES, SICK.replace(/\.pcapng\.gz$/, ".expected.txt")), "utf8");
    expect(stdout).toBe(golden);
  });

  it("writes JSON that its schema allows", async () => {
    const { stdout } = await ghostframe(["inspect", "--format", "json", SICK, "nowhere.pcap"]);
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
    validate(JSON.parse(stdout));
    expect(validate.errors).toBeNull();
    expect((JSON.parse(stdout) as { tool: unknown }).tool).toEqual({ name: "ghostframe", version: manifest.version });
  });

  it("fits 80 columns when nobody says how wide the terminal is", async () => {
    const { stdout } = await ghostframe([
      "inspect",
      "--all",
      SICK,
      "nowhere.pcap",
      "interleaving/librabbitmq-threads.pcap.gz",
    ]);
    expect(stdout.split("\n").filter(line => columns(line) > 80)).toEqual([]);
  });

  it("prints the same in the same words each time", async () => {
    const [once, again] = await Promise.all([ghostframe(["inspect", SICK]), ghostframe(["inspect", SICK])]);
    expect(again).toEqual(once);
  });
});

it("writes the report into files of several formats, and says which could not be written", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ghostframe-output-"));
  const file = (name: string) => join(folder, name);
  const named = ["json", "markdown", "sarif", "junit"].flatMap(format => ["--output", `${format}=${file(format)}`]);
  const { code, stderr } = await ghostframe(["inspect", SICK, ...named, "--output", "text=/dev/null/x"]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^ghostframe: \/dev\/null\/x: cannot be written: .+\n$/)]);
  expect(JSON.parse(readFileSync(file("json"), "utf8"))).toMatchObject({ summary: { sick: 1, incidents: 1 } });
  expect(readFileSync(file("markdown"), "utf8")).toMatch(/^## 1 of 1 connection sick\. 6 messages lost\.\n/);
  expect(JSON.parse(readFileSync(file("sarif"), "utf8"))).toMatchObject({ version: "2.1.0" });
  expect(readFileSync(file("junit"), "utf8")).toContain("<testsuite");
  rmSync(folder, { recursive: true });
});

it("is ASCII where the locale is not UTF-8, in as many columns", async () => {
  const [plain, ascii] = await Promise.all([
    ghostframe(["inspect", SICK, "--width", "100"]),
    ghostframe(["inspect", SICK, "--width", "100"], { env: { LC_ALL: "C" } }),
  ]);
  expect(ascii.stdout).toMatch(/^[\n -~]+$/);
  expect(ascii.stdout.split("\n").map(columns)).toEqual(plain.stdout.split("\n").map(columns));
});

describe("colour", { concurrent: true }, () => {
  it.each<[what: string, env: Record<string, string>, coloured: boolean]>([
    ["none into a pipe", {}, false],
    ["none into a pipe, whatever the terminal", { TERM: "xterm-256color", COLORTERM: "truecolor" }, false],
    ["into a pipe with FORCE_COLOR", { FORCE_COLOR: "1" }, true],
    ["none with FORCE_COLOR=0", { FORCE_COLOR: "0" }, false],
    ["none with NO_COLOR", { NO_COLOR: "1" }, false],
    ["FORCE_COLOR over NO_COLOR", { NO_COLOR: "1", FORCE_COLOR: "1" }, true],
    ["an empty FORCE_COLOR says nothing", { FORCE_COLOR: "" }, false],
  ])("%s", async (_, env, coloured) => {
    const { stdout } = await ghostframe(["inspect", SICK], { env });
    expect(stdout.includes(ESCAPE)).toBe(coloured);
  });

  it("changes nothing but the colour", async () => {
    const [plain, coloured] = await Promise.all([
      ghostframe(["inspect", SICK]),
      ghostframe(["inspect", SICK], { env: { FORCE_COLOR: "1" } }),
    ]);
    expect(stripVTControlCharacters(coloured.stdout)).toBe(plain.stdout);
  });

  it("never in JSON", async () => {
    const { stdout } = await ghostframe(["inspect", "--format", "json", SICK], { env: { FORCE_COLOR: "1" } });
    expect(stdout).not.toContain(ESCAPE);
  });

  // util-linux's script gives the command a terminal; it is not everywhere.
  const hasScript = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;
  it.skipIf(!hasScript).each<[what: string, env: Record<string, string>, coloured: boolean]>([
    ["on a terminal", { TERM: "xterm" }, true],
    ["none on a terminal with NO_COLOR", { TERM: "xterm", NO_COLOR: "1" }, false],
    ["none on a dumb terminal", { TERM: "dumb" }, false],
  ])("%s", (_, env, coloured) => {
    // Where the machine is busy, progress is shown on stderr, which rewrites its line.
    const command = `'${process.execPath}' '${join(ROOT, "bin", "ghostframe.js")}' inspect ${SICK} 2>/dev/null`;
    const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
      cwd: FIXTURES,
      env: { PATH: process.env.PATH, ...env },
      encoding: "utf8",
      input: "",
    });
    expect(stdout).toContain("frame-end");
    expect(stdout.includes(ESCAPE)).toBe(coloured);
  });
});

describe("help and version", { concurrent: true }, () => {
  it("knows its version", async () => {
    for (const flag of ["--version", "-V"]) {
      expect(await ghostframe([flag])).toMatchObject({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
    }
  });

  it.each([[["--help"]], [["help"]], [["inspect", "--help"]], [["help", "inspect"]], [["frames", "--help"]]])(
    "%j has examples, fits 80 columns, goes to stdout",
    async args => {
      const { code, stdout, stderr } = await ghostframe(args);
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^Examples:\n(?: {2}\$ .+\n)+/m);
      expect(stdout.split("\n").filter(line => columns(line) > 80)).toEqual([]);
      expect(code).toBe(0);
    },
  );

  it("names every option of a command in its help", async () => {
    const { stdout } = await ghostframe(["frames", "--help"]);
    for (const option of [
      "--format",
      "--connection",
      "--channel",
      "--type",
      "--from",
      "--to",
      "--port",
      "--decode-as",
    ]) {
      expect(stdout).toContain(`\n  ${option}`);
    }
  });
});
