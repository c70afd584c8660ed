/** Completion in the shells themselves, and that no command, option or choice is left out. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allUsages, COMMANDS } from "../../../src/cli/program.ts";
import { completionScripts, SHELLS, type Shell } from "../../../src/cli/usage/completion-scripts.ts";
import { temporaryFolder } from "../../support/command.ts";

const usages = await allUsages();

/** How the shell reads a script without running it; zsh and fish are tried where they are installed. */
const SYNTAX: Readonly<Record<Shell, string[]>> = { bash: ["-n"], zsh: ["-n"], fish: ["--no-execute"] };

describe.each(SHELLS)("%s", shell => {
  const script = completionScripts[shell](usages);

  it("names every command, option and choice", () => {
    expect(usages.map(({ name }) => name)).toEqual(Object.keys(COMMANDS));
    for (const { name, options } of usages) {
      expect(script).toContain(name);
      for (const { long, choices, value } of options) {
        expect(script).toContain(shell === "fish" ? `-l ${long.slice(2)}` : long);
        const offered = value?.includes("=") === true ? choices.map(choice => `${choice}=`) : choices;
        if (choices.length > 0) expect(script).toContain(offered.join(" "));
      }
    }
  });

  it("is read by the shell without a complaint", ({ skip, onTestFinished }) => {
    const file = join(temporaryFolder(onTestFinished), "script");
    writeFileSync(file, script);
    const { status, stderr, error } = spawnSync(shell, [...SYNTAX[shell], file], { encoding: "utf8" });
    if (error !== undefined && shell !== "bash") skip();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

/** What bash offers for command lines, of which the last word is being typed. */
function offered(lines: readonly string[][]): string[][] {
  const script = `${completionScripts.bash(usages)}
offer() { COMP_WORDS=(ghostframe "$@"); COMP_CWORD=$#; _ghostframe; echo "\${COMPREPLY[*]}"; }
${lines.map(words => `offer ${words.map(word => `'${word}'`).join(" ")}`).join("\n")}`;
  const { stdout, stderr } = spawnSync("bash", ["--norc"], { input: script, encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.split("\n").map(line => line.split(" ").filter(word => word !== ""));
}

it("is tried in bash: commands, options of a command, choices, files, and nothing of another command", () => {
  const [commands, options, choices, level, free, shells, folder, none] = offered([
    ["in"],
    ["inspect", "--no-e"],
    ["inspect", "trace.pcap", "--format", "j"],
    ["check", "--fail-on", ""],
    ["explain", "fra"],
    ["completion", ""],
    ["check", "/us"],
    ["inspect", "--fail"],
  ]);
  const [help, helped, output, file, begun, equals] = offered([
    ["hel"],
    ["help", "an"],
    ["inspect", "a.pcap", "--output", "h"],
    // Where bash takes the words apart.
    ["inspect", "a.pcap", "--output", "html", "="],
    ["inspect", "a.pcap", "--output", "html", "=", "/us"],
    ["inspect", "--format", "=", "js"],
  ]);
  expect(help).toEqual(["help"]);
  expect(helped).toEqual(["annotate"]);
  expect(output).toEqual(["html="]);
  expect(file).toContain("package.json");
  expect(begun).toEqual(["/usr"]);
  expect(equals).toEqual(["json"]);
  expect(commands).toEqual(["inspect", "init"]);
  expect(options).toEqual(["--no-explain"]);
  expect(choices).toEqual(["json", "junit"]);
  expect(level).toEqual(["note", "warning", "error"]);
  expect(free).toEqual([]);
  expect(shells).toEqual([...SHELLS]);
  expect(folder).toEqual(["/usr"]);
  expect(none).toEqual([]);
});
