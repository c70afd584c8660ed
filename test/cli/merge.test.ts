/** `check --shard` and `merge`: several processes come to what one does, octet for octet. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ghostframe, temporaryFolder } from "../support/command.ts";

const CAPTURES = ["rules", "interleaving/message-inside-a-body.pcap", "clean", "nosuch.pcap"];

describe("parts of a check", { concurrent: true }, () => {
  it("are judged as if one process had read all captures", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const at = (name: string): string => join(folder, name);
    const parts = [1, 2, 3].map(number => at(`${number}.part`));
    const shards = parts.map((path, i) =>
      ghostframe(["check", ...CAPTURES, "--shard", `${i + 1}/3`, "--output", `partial=${path}`]),
    );
    const outputs = (by: string): string[] =>
      ["sarif", "junit"].flatMap(name => ["--output", `${name}=${at(`${by}.${name}`)}`]);
    const baseline = (by: string): string[] => ["--baseline", at(`${by}.json`), "--update-baseline"];
    const whole = await ghostframe(["check", ...CAPTURES, "--format", "json", ...outputs("whole")]);
    for (const [i, { code, stdout }] of (await Promise.all(shards)).entries()) {
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^part ${i + 1} of 3: \\d+ of \\d+ captures inspected, nothing judged`));
    }
    const merged = await ghostframe([
      "merge",
      parts[2]!,
      parts[0]!,
      parts[1]!,
      "--format",
      "json",
      ...outputs("merged"),
    ]);
    expect(merged.stdout).toBe(whole.stdout);
    // What was left out of the folders is told where they are looked through.
    expect(whole.stderr.endsWith(merged.stderr)).toBe(true);
    expect(merged.stderr).toContain("nosuch.pcap: no such file");
    expect(merged.code).toBe(whole.code);
    for (const name of ["sarif", "junit"]) {
      expect(readFileSync(at(`merged.${name}`), "utf8")).toBe(readFileSync(at(`whole.${name}`), "utf8"));
    }
    // A capture that could not be read keeps both from writing one.
    const refused = await ghostframe(["merge", ...parts, ...baseline("merged")]);
    expect(refused.stderr).toContain("not all captures could be read");

    const missing = await ghostframe(["merge", parts[0]!, parts[2]!]);
    expect(missing).toMatchObject({
      code: 2,
      stdout: "",
      stderr: "ghostframe: part 2 is missing of 3: what is in it is not known\n",
    });
    writeFileSync(parts[1]!, readFileSync(parts[1]!, "utf8").slice(0, -20));
    const cut = await ghostframe(["merge", ...parts]);
    expect(cut.code).toBe(2);
    expect(cut.stderr).toMatch(/2\.part: is cut or damaged/);
  });

  it.each<[args: string[], message: string]>([
    [["check", "clean", "--shard", "1/2"], "--shard needs --output partial=FILE"],
    [["check", "-", "--shard", "1/2", "--output", "partial=x"], "standard input cannot be divided"],
    [["check", "clean", "--shard", "1/2", "--output", "partial=x", "--output", "sarif=y"], "a part has no sarif"],
    [["run", "--output", "partial=x", "--", "true"], 'Unknown format "partial"'],
    [["merge", "clean/README.md"], "clean/README.md"],
  ])("refuse %o", async (args, message) => {
    const { code, stderr } = await ghostframe(args, { env: { AMQP_URL: "amqp://127.0.0.1:1" } });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
