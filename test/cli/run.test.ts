/** `ghostframe run` as a test suite is started by it: exit status, environment, streams, signals, recording, outputs. */
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from "vitest";
import type { CheckResult } from "../../src/check/check-result.ts";
import { inspect } from "../../src/inspect.ts";
import { Certificates } from "../proxy/certificates.ts";
import { type Ended, ended, ghostframe, ROOT, startCommand, temporaryFolder } from "../support/command.ts";
import { type SmallBroker, startSmallBroker } from "../support/small-broker.ts";
import { wire } from "../support/wire.ts";

const NODE = process.execPath;
/** Ends the options, and is the command: see there. */
const CLIENT = ["--", NODE, fileURLToPath(new URL("small-client.mjs", import.meta.url))];
const PASSWORD = "correct-horse";
const WINDOWS = process.platform === "win32";
/** Where nothing can be made, though nothing is in the way. */
const NO_PLACE: [what: string, args: string[], complaint: string] = [
  "no place for any file",
  ["--keep", "/proc/x/y"],
  "/proc/x/y: nothing can be recorded there (ENOENT)",
];

const LOGIN = [wire().protocolHeader(), wire().startOk({}, "PLAIN", `\0user\0${PASSWORD}`), wire().tuneOk().open()];
const CLEAN = pieces(...LOGIN, wire().channelOpen(1), wire().publish(1, "a message").close());
const TORN = pieces(...LOGIN, wire().channelOpen(1), wire().frame(3, 1, [1, 2, 3], { end: 0 }).heartbeat(3).close());
/** Its last frame has only begun. */
const HALF = pieces(...LOGIN, wire().channelOpen(1), wire().raw(wire().publish(1, "a message").octets.subarray(0, -4)));

function pieces(...wires: { octets: Uint8Array }[]): string {
  return wires.map(({ octets }) => Buffer.from(octets).toString("hex")).join();
}

/** A command that is a program of Node's. */
function program(text: string): string[] {
  return ["--", NODE, "-e", text];
}

let broker: SmallBroker;
let url: string;

beforeAll(async () => {
  broker = await startSmallBroker();
  url = `amqp://user:${PASSWORD}@127.0.0.1:${broker.port}/%2f?heartbeat=10`;
});

afterAll(() => broker.close());

/** A project whose working directory, and folder for temporary files, is gone after the test. */
class Project {
  readonly folder: string;
  readonly #env: Record<string, string>;

  /** @param env variables besides the broker's URL */
  constructor({ onTestFinished }: Pick<TestContext, "onTestFinished">, env: Record<string, string> = {}) {
    this.folder = temporaryFolder(onTestFinished);
    this.#env = { AMQP_URL: url, TMPDIR: this.folder, TEMP: this.folder, ...env };
  }

  run(...args: string[]): Promise<Ended> {
    return ghostframe(["run", ...args], { cwd: this.folder, env: this.#env });
  }

  /** Starts it where no terminal is: what the tests themselves were started from does not matter. */
  start(...args: string[]) {
    const command = [NODE, join(ROOT, "bin", "ghostframe.js"), "run", ...args];
    return startCommand("setsid", ["--wait", ...command], { cwd: this.folder, env: this.#env });
  }

  /** Starts it in a terminal of its own, whose keyboard is the standard input, and whose screen the standard output. */
  inTerminal(...args: string[]) {
    const command = [NODE, join(ROOT, "bin", "ghostframe.js"), "run", ...args].map(word => `'${word}'`);
    const script = ["--quiet", "--return", "--command", `exec ${command.join(" ")}`, "/dev/null"];
    return startCommand("script", script, { cwd: this.folder, env: this.#env });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Files of the recordings that are still there. */
  recordings(folder = this.folder): string[] {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return names.filter(name => name.endsWith(".pcapng")).map(name => join(folder, name));
  }
}

describe("exit status", { concurrent: true }, () => {
  it.for<[what: string, sends: string, args: string[], status: string, code: number, said: RegExp]>([
    ["clean traffic", CLEAN, [], "0", 0, /^passed {2}ghostframe run · 1 connection, 13 frames\n[\s\S]*\nPASSED/],
    ["clean traffic, squeezed", CLEAN, ["--squeeze"], "0", 0, /\nPASSED/],
    ["clean traffic, and a command that fails", CLEAN, [], "3", 3, /\nPASSED/],
    ["a torn frame", TORN, [], "0", 1, /\nERROR {2}frame-end [\s\S]*\nFAILED/],
    ["a torn frame, and a command that fails", TORN, [], "3", 3, /\nFAILED/],
    ["a torn frame that passes", TORN, ["--rule", "frame-end=note"], "0", 0, /\nPASSED: 0 failing, 1 told/],
    ["fewer frames than there must be", CLEAN, ["--min-frames", "14"], "0", 1, /min-frames: 13 AMQP frames are/],
  ])("%s", async ([, sends, args, status, code, said], context) => {
    const project = new Project(context, { PIECES: sends, STATUS: status });
    const end = await project.run(...args, ...CLIENT);
    expect(end.stderr).toMatch(said);
    expect(end.stdout).toBe("");
    expect(end.code).toBe(code);
  });

  it.for<[what: string, args: string[], code: number, said: RegExp]>([
    [
      "no AMQP",
      program(""),
      1,
      /min-frames: No AMQP frame is[\s\S]*\nghostframe: \S+ did not use AMQP at \S+: AMQP_URL names this address/,
    ],
    ["no AMQP, which is enough", ["--min-frames", "0", ...program("")], 0, /PASSED: 0 failing\n$/],
    ["no AMQP, and a command that fails", program("process.exit(4)"), 4, /did not use AMQP/],
    ["a command that a signal ends", program("process.kill(process.pid, 'SIGKILL')"), 137, /did not use AMQP/],
    [
      "another protocol",
      program("fetch(process.env.AMQP_URL.replace(/.*@/, 'http://')).catch(() => {})"),
      1,
      /handshake/,
    ],
  ])("%s", async ([, args, code, said], context) => {
    const end = await new Project(context).run(...args);
    expect(end.stderr).toMatch(said);
    expect(end.code).toBe(code);
  });

  it.for<[what: string, args: string[], complaint: string, env?: Record<string, string>]>([
    ["no broker", ["--upstream", "amqp://u:hidden@127.0.0.1:1/v"], "the broker at 127.0.0.1:1 refused the connection"],
    ["no URL", [], "AMQP_URL is not set: name the broker with --upstream URL", { AMQP_URL: "" }],
    ["no URL in any", ["--env", "A"], "AMQP_URL and A are not set: name the broker with", { AMQP_URL: "" }],
    ["a wrong URL", ["--upstream", "http://u:hidden@b"], 'http://b: expected amqp:// or amqps://, found "http://"'],
    ["no certificates", ["--upstream", "amqps://b", "--ca", "none.pem"], "none.pem: cannot be read (ENOENT)"],
    ["no baseline", ["--baseline", "none.json"], "none.json: no such file; --update-baseline writes it"],
    ["no config", ["--config", "none.json"], "none.json: no such file"],
    ["no place for the recording", ["--keep", "/dev/null/x"], "/dev/null/x: nothing can be recorded there (ENOTDIR)"],
    // Elsewhere it is as any other folder that is not there.
    ...(process.platform === "linux" ? [NO_PLACE] : []),
  ])("%s: the command is not started", async ([, args, complaint, env], context) => {
    const project = new Project(context, env);
    const end = await project.run(...args, ...program("fs.writeFileSync('started', '')"));
    expect(end.stderr).toMatch(/^ghostframe: [^\n]+\n$/);
    expect(end.stderr).toContain(complaint);
    expect(end.stderr).not.toContain("hidden");
    expect(end.code).toBe(2);
    expect(readdirSync(project.folder)).toEqual([]);
  });

  it.for<[what: string, command: string, complaint: string]>([
    ["no such command", "no-such-command", "no-such-command: cannot be started: no such command"],
    ["a command that is no program", "./plain", "./plain: cannot be started: it may not be executed"],
    ["a command without a name", "", '"": cannot be started: expected the name of a command'],
  ])("%s", async ([, command, complaint], context) => {
    const project = new Project(context);
    writeFileSync(project.path("plain"), "");
    const end = await project.run("--", command);
    expect(end).toMatchObject({ code: 2, stdout: "", stderr: `ghostframe: ${complaint}\n` });
    expect(readdirSync(project.folder)).toEqual(["plain"]);
  });

  it.for<[args: string[], complaint: string]>([
    [[], "missing required argument 'command'"],
    [["--env", "1A", "--", "true"], "Expected the name of a variable, or HOST:PORT"],
    [["--squeeze-sip", "0", "--", "true"], "expected a whole number from 1 to 65536"],
    [["--fail-on", "fatal", "--", "true"], "Allowed choices are note, warning, error"],
    [["--nothing", "--", "true"], "unknown option '--nothing'"],
  ])("%j", async ([args, complaint], context) => {
    const end = await new Project(context).run(...args);
    expect(end.stderr).toMatch(/^error: /);
    expect(end.stderr).toContain(complaint);
    expect(end.code).toBe(2);
  });
});

describe("the command", { concurrent: true }, () => {
  it("is led to the proxy, by as many variables as it needs", async context => {
    const project = new Project(context, { OTHER: "kept" });
    const names = "['AMQP_URL', 'A', 'H', 'P', 'OTHER'].map(name => process.env[name])";
    const { stdout } = await project.run("--env", "A", "--env", "H:P", ...program(`console.log(${names}.join('\\n'))`));
    const [amqpUrl, a, host, port, other] = stdout.split("\n");
    expect(Number(port)).not.toBe(broker.port);
    expect(amqpUrl).toBe(`amqp://user:${PASSWORD}@127.0.0.1:${port}/%2f?heartbeat=10`);
    expect({ a, host, other }).toEqual({ a: amqpUrl, host: "127.0.0.1", other: "kept" });
  });

  it("has its own options, with -- and without", async context => {
    const project = new Project(context);
    const [behind, without] = await Promise.all([
      project.run("--", NODE, "-p", "process.argv.slice(1).join()", "--", "--all", "check", "--"),
      project.run(NODE, "-p", "process.argv.slice(1).join()", "--", "--all", "check", "--"),
    ]);
    expect(behind.stdout).toBe("--all,check,--\n");
    expect(without.stdout).toBe("--all,check,--\n");
  });

  it("writes on stdout what it writes, octet for octet, however slowly it is read", async context => {
    const octets = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 2654435761) >>> 13);
    const project = new Project(context, { PIECES: CLEAN });
    writeFileSync(project.path("octets"), octets);
    const child = project.start("--", "sh", "-c", 'cat >&2 && cat octets && exec "$@"', ...CLIENT);
    const read: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => read.push(chunk)).pause();
    child.stdin.end("from standard input\n");
    expect(String(await once(child.stderr, "data"))).toMatch(/^from standard input\n/);
    child.stdout.resume();
    expect(await once(child, "close")).toEqual([0, null]);
    expect(Buffer.concat(read).equals(octets)).toBe(true);
  });

  it.skipIf(WINDOWS).for(["SIGTERM", "SIGHUP", "SIGUSR2", "SIGINT", "SIGQUIT"] as const)(
    "is passed %s, and awaited",
    async (signal, context) => {
      const project = new Project(context, { PIECES: CLEAN });
      const script = `process.on('${signal}', () => { console.log('told'); process.exit(7); }); setInterval(() => {}, 1e6); console.log(process.ppid)`;
      const child = project.start(...program(script));
      const end = ended(child);
      const [text] = (await once(child.stdout, "data")) as [string];
      process.kill(Number(text), signal);
      expect(await end).toMatchObject({ code: 7, stdout: `${text}told\n` });
    },
  );

  it.skipIf(WINDOWS)("is killed where it ignores SIGTERM, after --kill-after", async context => {
    const project = new Project(context, { PIECES: CLEAN });
    const script = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log(process.ppid)";
    const child = project.start("--kill-after", "1", ...program(script));
    const end = ended(child);
    const [text] = (await once(child.stdout, "data")) as [string];
    process.kill(Number(text), "SIGTERM");
    expect(await end).toMatchObject({ code: 128 + 9 });
  });

  it.skipIf(process.platform !== "linux")(
    "does not outlive a killed run, nor does what it has started",
    async context => {
      const project = new Project(context, { PIECES: CLEAN });
      const ignores = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6);";
      const script = `${ignores}
      const child = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(ignores)}]);
      console.log([process.pid, child.pid].join())`;
      const child = project.start("--kill-after", "1", ...program(script));
      const [text] = (await once(child.stdout, "data")) as [string];
      child.kill("SIGKILL");
      const left = (): string[] =>
        String(text)
          .trim()
          .split(",")
          .filter(pid => existsSync(`/proc/${pid}/exe`));
      expect(left()).toHaveLength(2);
      await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 15_000 });
    },
  );

  it.skipIf(process.platform !== "linux")("gets a terminal's Ctrl-C once, and is awaited", async context => {
    const project = new Project(context, { TERM: "dumb" });
    const script = `
      process.on("SIGINT", () => { console.log("told"); setTimeout(() => process.exit(5), 100); });
      setInterval(() => {}, 1e6);
      console.log("listening");`;
    writeFileSync(project.path("command.cjs"), script);
    const child = project.inTerminal("--", NODE, "command.cjs");
    const end = ended(child);
    await once(child.stdout, "data");
    child.stdin.write("\u0003");
    const { code, stdout } = await end;
    expect(stdout).toMatch(/^listening\r\n(?:\^C)?told\r\n/);
    expect(stdout.split("told")).toHaveLength(2);
    expect(stdout).toContain("did not use AMQP");
    expect(code).toBe(5);
  });

  it("may leave a connection open: what had only begun on it is no fault", async context => {
    const project = new Project(context, { PIECES: HALF, LINGER: "yes" });
    const [node, client] = [NODE, CLIENT.at(-1)!].map(path => JSON.stringify(path));
    const script = `
      const left = require("node:child_process").spawn(${node}, [${client}], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
      left.stdout.once("data", () => process.exit());`;
    const end = await project.run(...program(script));
    expect(end.stderr).toMatch(
      /\nPASSED: 0 failing\nghostframe: a race between threads may not have fired [^\n]+\nghostframe: 1 connection was still open 2 s after \S+ had ended, and were cut\n$/,
    );
    expect(end.code).toBe(0);
  });
});

describe("the recording", { concurrent: true }, () => {
  it.for<[what: string, sends: string, status: string, args: string[], files: number]>([
    ["is deleted after a run that passed", CLEAN, "0", [], 0],
    ["is kept where the traffic failed", TORN, "0", [], 1],
    ["is kept where the command failed", CLEAN, "1", [], 1],
    ["is kept where it shall be", CLEAN, "0", ["--keep", "deep/kept"], 1],
    ["is kept there where the traffic failed", TORN, "0", ["--keep", "deep/kept"], 1],
  ])("%s", async ([, sends, status, args, files], context) => {
    const project = new Project(context, { PIECES: sends, STATUS: status });
    const { stderr } = await project.run(...args, ...CLIENT);
    const recordings = project.recordings();
    expect(recordings).toHaveLength(files);
    expect(existsSync(project.path("deep"))).toBe(args.length > 0);
    for (const path of recordings) expect(stderr).toContain(`ghostframe: the recording is in ${path}\n`);
    if (files === 0) expect(readdirSync(project.folder)).toEqual([]);
  });

  it("holds what the report counts, and like the report no password", async context => {
    const project = new Project(context, { PIECES: TORN });
    const { stderr } = await project.run("--all", "--output", "json=result.json", "--keep", "kept", ...CLIENT);
    const [path] = project.recordings();
    const [capture] = (JSON.parse(readFileSync(project.path("result.json"), "utf8")) as CheckResult).captures;
    const report = await inspect([path!], { ports: capture!.connections.map(({ server }) => server.port) });
    expect(capture!.findings.map(({ finding }) => finding)).toEqual(report.findings);
    expect(capture!.input).toMatchObject({ packets: report.inputs[0]!.packets, path: "ghostframe run" });
    expect(capture!.input.notes).toContain(`Packet numbers are those of ${path}.`);
    for (const file of [path!, project.path("result.json")]) {
      expect(readFileSync(file, "latin1")).not.toContain(PASSWORD);
    }
    expect(stderr).not.toContain(PASSWORD);
  });

  it("is checked without those of earlier runs", async context => {
    const sick = new Project(context, { PIECES: TORN });
    const healthy = new Project(context, { PIECES: CLEAN });
    const kept = ["--keep", sick.path("kept")];
    expect((await sick.run(...kept, ...CLIENT)).code).toBe(1);
    expect((await healthy.run(...kept, ...CLIENT)).code).toBe(0);
    expect(sick.recordings()).toHaveLength(2);
  });
});

describe("the check", { concurrent: true }, () => {
  it("goes by the config, but for the ports of captures", async context => {
    const project = new Project(context, { PIECES: TORN });
    const config = { rules: { "frame-end": "off" }, ports: [5672], outputs: { junit: "out/amqp.xml" } };
    writeFileSync(project.path("ghostframe.config.json"), JSON.stringify(config));
    expect((await project.run(...CLIENT)).code).toBe(0);
    expect(readFileSync(project.path("out/amqp.xml"), "utf8")).toContain('<testsuite name="ghostframe run"');
    expect((await project.run("--no-config", ...CLIENT)).code).toBe(1);
  });

  it("accepts what a baseline lists, run for run", async context => {
    const project = new Project(context, { PIECES: TORN });
    const baseline = ["--baseline", "baseline.json"];
    expect((await project.run(...baseline, "--update-baseline", ...CLIENT)).code).toBe(0);
    const again = await project.run(...baseline, ...CLIENT);
    expect(again.stderr).toMatch(/\nPASSED: 0 failing, 1 accepted/);
    expect(again.code).toBe(0);
  });

  it("leaves a baseline as it is where no AMQP was used", async context => {
    const project = new Project(context);
    writeFileSync(project.path("b.json"), '{"schema":"ghostframe.baseline/1","fingerprints":1,"accepted":[]}');
    const end = await project.run("--baseline", "b.json", "--update-baseline", ...program(""));
    expect(end.stderr).toContain("b.json: stays as it is, because there is no capture");
    expect(end.code).toBe(2);
  });

  it("annotates in GitHub Actions, on stderr", async context => {
    const project = new Project(context, { PIECES: TORN, GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: "summary.md" });
    const end = await project.run(...CLIENT);
    expect(end.stderr).toMatch(/\n::error file=ghostframe run,title=frame-end /);
    expect(end.stdout).toBe("");
    expect(readFileSync(project.path("summary.md"), "utf8")).toContain("## ghostframe check failed");
  });

  it("fails with 2 where an output cannot be written", async context => {
    const project = new Project(context, { PIECES: CLEAN });
    const end = await project.run("--output", "json=.", ...CLIENT);
    expect(end.stderr).toContain("ghostframe: .: cannot be written: it is a directory\n");
    expect(end.code).toBe(2);
  });
});

describe("a broker behind TLS", () => {
  let certificates: Certificates;
  let encrypted: SmallBroker;

  beforeAll(async () => {
    certificates = new Certificates();
    const { cert, key } = certificates.issue("broker", "IP:127.0.0.1");
    encrypted = await startSmallBroker({ cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") });
  });

  afterAll(async () => {
    await encrypted.close();
    certificates[Symbol.dispose]();
  });

  it.for<[what: string, options: (ca: string) => string[], code: number, said: RegExp]>([
    ["of a known authority", ca => ["--ca", ca], 0, /\nPASSED/],
    ["of whatever authority", () => ["--insecure"], 0, /\nPASSED/],
    ["of an unknown authority", () => [], 2, /^ghostframe: the TLS handshake with the broker at \S+ failed: [^\n]+\n$/],
  ])("%s", async ([, options, code, said], context) => {
    const tls = `amqps://user:${PASSWORD}@127.0.0.1:${encrypted.port}/%2f?verify=verify_peer`;
    const project = new Project(context, { AMQP_URL: tls, PIECES: CLEAN });
    const end = await project.run(
      ...options(certificates.ca),
      "--",
      "sh",
      "-c",
      'echo "$AMQP_URL" && exec "$@"',
      ...CLIENT,
    );
    expect(end.stdout).toMatch(code === 0 ? /^amqp:\/\/user:\S+@127\.0\.0\.1:\d+\/%2f\n$/ : /^$/);
    expect(end.stderr).toMatch(said);
    expect(end.code).toBe(code);
  });
});
