/**
 * What the commands print on terminals of 80, 120 and 200 columns, with and without UTF-8 and colour. Goldens are in terminal/:
 * UPDATE_GOLDEN=1 rewrites them; look at each.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { columns as columnsOf } from "../../src/bytes/printable.ts";
import { checkCommand } from "../../src/cli/check-command.ts";
import { connectionsCommand } from "../../src/cli/connections-command.ts";
import { framesCommand } from "../../src/cli/frames-command.ts";
import { inspectCommand } from "../../src/cli/inspect-command.ts";
import { messagesCommand } from "../../src/cli/messages-command.ts";
import { statsCommand } from "../../src/cli/stats-command.ts";
import { FIXTURES } from "../support/golden.ts";

const listening = process.listenerCount("SIGINT");

const TORN = "interleaving/two-publishers-one-socket.pcapng.gz";
const CLEAN = "clean/confirms-and-acks.pcap";

/** `fits`: no line is wider than the terminal. Rows that a program may read are as long as they are where it is narrow. */
const COMMANDS: readonly (readonly [name: string, make: () => Command, args: readonly string[], fits: boolean])[] = [
  ["inspect", inspectCommand, [TORN], true],
  ["check", checkCommand, [TORN, CLEAN], true],
  ["messages", messagesCommand, [TORN], false],
  ["connections", connectionsCommand, [TORN, CLEAN], false],
  ["stats", statsCommand, [CLEAN], true],
  ["frames", framesCommand, [TORN], false],
];
const WIDTHS = [80, 120, 200];
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");

const before = process.cwd();
beforeAll(() => process.chdir(FIXTURES));
afterAll(() => process.chdir(before));

async function printed(
  make: () => Command,
  args: readonly string[],
  width: number,
  env: Record<string, string>,
): Promise<string> {
  let text = "";
  const { exitCode } = process;
  const out = process.stdout as { isTTY?: boolean; columns?: number };
  const { isTTY, columns } = out;
  const written = vi.spyOn(process.stdout, "write").mockImplementation((chunk: string | Uint8Array) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  });
  try {
    Object.assign(out, { isTTY: true, columns: width });
    for (const name of ["LC_ALL", "LC_CTYPE", "NO_COLOR", "FORCE_COLOR"]) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await make().parseAsync([...args], { from: "user" });
  } finally {
    written.mockRestore();
    vi.unstubAllEnvs();
    Object.assign(out, { isTTY, columns });
    process.exitCode = exitCode;
  }
  return text;
}

it.each(COMMANDS)("%s", async (name, make, args, fits) => {
  const parts: string[] = [];
  for (const width of WIDTHS) {
    for (const [locale, words] of [
      ["en_US.UTF-8", "UTF-8"],
      ["C", "ASCII"],
    ] as const) {
      const plain = await printed(make, args, width, { LANG: locale, TERM: "xterm", NO_COLOR: "1" });
      expect(plain).not.toMatch(COLOURS);
      if (words === "ASCII") expect(plain.replace(/[\x20-\x7e\n]/g, "")).toBe("");
      const longest = Math.max(...plain.split("\n").map(line => columnsOf(line)));
      if (fits) expect(longest, `${width} columns, ${words}`).toBeLessThanOrEqual(width);
      parts.push(`=== ${width} columns, ${words}`, plain);
    }
    const coloured = await printed(make, args, width, { LANG: "en_US.UTF-8", TERM: "xterm" });
    expect(coloured.replace(COLOURS, "")).toBe(parts.at(-3));
    if (width === 80) parts.push("=== 80 columns, UTF-8, colours", coloured.replaceAll("\u001b", "␛"));
  }
  const file = new URL(`terminal/${name}.txt`, import.meta.url);
  const text = parts.join("\n");
  if (process.env.UPDATE_GOLDEN || !existsSync(file)) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
});

it("no command goes on listening for Ctrl-C", () => {
  expect(process.listenerCount("SIGINT")).toBe(listening);
});
