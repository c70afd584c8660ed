/** The program around the commands: what is loaded for which question, and what the list of commands says of them. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/program.ts";
import { VERSION } from "../../src/version.ts";
import { ROOT } from "../support/command.ts";

/** The bundle's files that a command line loads, and what it prints. */
function loaded(...args: string[]): { files: string[]; stdout: string } {
  const script = `
    process.argv.splice(1, 0, "ghostframe");
    require(${JSON.stringify(join(ROOT, "dist/command/main.js"))}).main().then(() => {
      console.error(JSON.stringify(Object.keys(require.cache)));
    });`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", script, "--", ...args], { encoding: "utf8" });
  const files = (JSON.parse(stderr) as string[]).map(path =>
    path.replace(/^.*[\\/]([a-z-]+?)(?:-[\w-]{8})?\.js$/, "$1"),
  );
  return { files: files.toSorted(), stdout };
}

describe("what is loaded", () => {
  it("for --version is next to nothing", () => {
    expect(loaded("--version")).toEqual({ files: ["main", "version"], stdout: `${VERSION}\n` });
  });

  it("for --help is no command, and nothing that inspects", () => {
    const { files, stdout } = loaded("--help");
    expect(files).toEqual(["main", "program", "rolldown-runtime", "terminal", "version"]);
    expect(stdout).toContain("inspect [options] <file...>");
  });

  it("for a command is that one only", () => {
    const { files } = loaded("frames", "--help");
    expect(files).toContain("frames-command");
    expect(files).not.toContain("check-command");
  });
});

describe("the list of commands", () => {
  it.each(Object.entries(COMMANDS))("shows what %s takes", async (name, { takes, load }) => {
    const command = await load();
    expect(command.name()).toBe(name);
    const takesOf = command.registeredArguments.map(argument => {
      const dots = argument.variadic ? "..." : "";
      return argument.required ? `<${argument.name()}${dots}>` : `[${argument.name()}${dots}]`;
    });
    expect(takesOf.join(" ")).toBe(takes);
    // The list says that each has some.
    if (name !== "completion") expect(command.options.length).toBeGreaterThan(0);
  });
});

describe("an error of our own", () => {
  it("has its place in the source for whoever asks, although the command is bundled", () => {
    const main = JSON.stringify(join(ROOT, "dist/command/main.js"));
    const script = `process.argv = null; require(${main}).main().catch(error => console.log(error.stack));`;
    const { stdout } = spawnSync(process.execPath, ["--enable-source-maps", "-e", script], { encoding: "utf8" });
    expect(stdout).toMatch(/at (?:Module\.)?main \(.*src[\\/]cli[\\/]main\.ts:6:/);
  });
});
