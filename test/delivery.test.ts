/** What delivers ghostframe: the action runs, workflows name what there is. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { TARGETS } from "./fuzz/targets.ts";
import { ROOT, temporaryFolder } from "./support/command.ts";
import { FIXTURES } from "./support/golden.ts";

const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");

describe.skipIf(process.platform === "win32")("the action", { concurrent: true }, () => {
  /** The script of its last step. */
  const script = text("action.yml").split("      run: |\n").at(-1)!.replaceAll(/^ {8}/gm, "");

  it.for<[what: string, variables: Record<string, string>, status: number, said: RegExp]>([
    ["a clean capture", { CAPTURES: "clean" }, 0, /PASSED/],
    ["a sick one", { CAPTURES: "\ninterleaving/message-inside-a-body.pcap\n" }, 1, /FAILED/],
    ["options", { CAPTURES: "clean", OPTIONS: "--fail-on=error\n--min-frames=99999999" }, 1, /min-frames: [\d,]+ AMQP/],
    ["nothing", {}, 2, /missing required argument/],
    ["captures and a command", { CAPTURES: "clean", COMMAND: "true" }, 2, /not both/],
    ["a command without a broker", { COMMAND: "true" }, 2, /AMQP_URL is not set/],
  ])("given %s", ([, variables, status, said], { onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const outputs = join(folder, "outputs");
    const own = { GITHUB_ACTION_PATH: ROOT, GITHUB_OUTPUT: outputs, RUNNER_TEMP: folder };
    const env = { PATH: process.env.PATH, CAPTURES: "", COMMAND: "", OPTIONS: "", ...own, ...variables };
    const ended = spawnSync("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script], {
      cwd: FIXTURES,
      env,
      encoding: "utf8",
    });
    expect(ended.stdout + ended.stderr).toMatch(said);
    expect(ended.status).toBe(status);
    if (!existsSync(outputs)) return;
    const outcome = Object.fromEntries(
      readFileSync(outputs, "utf8")
        .trim()
        .split("\n")
        .map(line => line.split("=")),
    );
    expect(outcome.status).toBe(String(status));
    if (status < 2)
      for (const file of [outcome.sarif!, outcome.json!])
        expect(JSON.parse(readFileSync(file, "utf8"))).toBeTypeOf("object");
  });
});

describe("workflows", () => {
  const names = readdirSync(join(ROOT, ".github/workflows"));
  const all = names.map(name => text(`.github/workflows/${name}`)).join("\n");

  it("run scripts that there are", () => {
    const scripts = Array.from(all.matchAll(/npm run (\S+)/g), ([, name]) => name!);
    expect(scripts.filter(name => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
    expect(all).toContain("- run: .ci/run\n");
  });

  it("fuzz every target", () => {
    const [, listed] = /target:\s*\[(.+)\]/.exec(all)!;
    expect(listed!.split(", ")).toEqual(Object.keys(TARGETS));
  });

  it("begin with the Node that the package asks for", () => {
    expect(manifest.engines.node).toBe(">=20.19");
    expect(all).toContain("node-version: 20 }");
  });
});
