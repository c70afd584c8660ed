/** The samples of README.md and docs/ that name a fixture are what the command prints. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ghostframe, ROOT } from "../support/command.ts";

/** A line that stands for any number of lines. */
const LEFT_OUT = "[…]";

interface Sample {
  page: string;
  args: string[];
  /** What is shown: runs of lines, between which some are left out. */
  runs: string[][];
  /** Whether lines are left out in front of the first, and behind the last. */
  fromStart: boolean;
  toEnd: boolean;
}

/** Blocks that begin with a command on a fixture: indented, or between fences. */
function samplesOf(page: string): Sample[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  const blocks = [
    ...text.matchAll(/^ {4}\$ ghostframe (.*fixtures\/.*)\n((?:(?: {4}.*)?\n)+)/gm),
    ...text.matchAll(/^```text\n\$ ghostframe (.*fixtures\/.*)\n([^`]*)```$/gm),
  ];
  return blocks.map(([whole, command, block]) => {
    const indent = whole!.startsWith("`") ? 0 : 4;
    const lines = linesOf(block!, indent);
    const runs: string[][] = [[]];
    for (const line of lines) {
      if (line === LEFT_OUT) runs.push([]);
      else runs.at(-1)!.push(line);
    }
    const [fromStart, toEnd] = [lines[0] !== LEFT_OUT, lines.at(-1) !== LEFT_OUT];
    return { page, args: command!.split(" "), runs: runs.filter(run => run.length > 0), fromStart, toEnd };
  });
}

/** Without empty ones in front and behind, and without blanks at their ends. */
function linesOf(text: string, indent = 0): string[] {
  const lines = text.split("\n").map(line => line.slice(indent).trimEnd());
  const from = lines.findIndex(line => line !== "");
  return lines.slice(from, lines.findLastIndex(line => line !== "") + 1);
}

const pages = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter(name => name.endsWith(".md"))
    .map(name => `docs/${name}`),
];
const samples = pages.flatMap(samplesOf);

describe("what a page shows of a command", { concurrent: true }, () => {
  it.each(samples)("$page: $args.0", async ({ args, runs, fromStart, toEnd }) => {
    const { stdout } = await ghostframe(args, { cwd: ROOT });
    const printed = linesOf(stdout);
    let next = 0;
    for (const [i, run] of runs.entries()) {
      const at = printed.findIndex((_, from) => from >= next && run.every((line, k) => printed[from + k] === line));
      // What it should have been: the lines behind the first one of the run.
      const near = printed.slice(Math.max(0, printed.indexOf(run[0]!)));
      expect(at >= 0 ? run : near.slice(0, run.length)).toEqual(run);
      if (i === 0 && fromStart) expect(at).toBe(0);
      next = at + run.length;
    }
    if (toEnd) expect(printed.slice(next)).toEqual([]);
  });

  it("is there for these commands", () => {
    const shown = samples.map(({ page, args }) => `${page} ${args[0]}`);
    const inMessages = ["messages", "connections", "stats", "inspect"].map(name => `docs/messages.md ${name}`);
    const others = ["README.md inspect", "docs/frames.md frames", "docs/recover.md recover"];
    expect(shown).toEqual(expect.arrayContaining([...inMessages, ...others]));
  });
});
