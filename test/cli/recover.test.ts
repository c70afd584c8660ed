/** ghostframe recover: what it prints, and the folder of bodies. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ghostframe, temporaryFolder } from "../support/command.ts";

const TORN = "interleaving/two-publishers-one-socket.pcapng.gz";

describe("recover", { concurrent: true }, () => {
  it("writes each body into a file, and a list of all", async ({ onTestFinished }) => {
    const folder = join(temporaryFolder(onTestFinished), "lost");
    const args = ["recover", TORN, "--output", folder, "--outcome", "torn,swallowed"];
    const { code, stdout, stderr } = await ghostframe(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").at(-2)).toMatch(/^2 messages lost: 1 torn, 1 swallowed\./);
    expect(readdirSync(folder).sort()).toEqual(["c1-162110.body", "c1-210750.body", "messages.ndjson"]);
    expect(statSync(join(folder, "c1-162110.body")).mode & 0o777).toBe(0o600);
    const list = readFileSync(join(folder, "messages.ndjson"), "utf8").trimEnd().split("\n");
    const records = list.map(line => JSON.parse(line) as { file: string; size: number });
    for (const { file, size } of records) expect(statSync(join(folder, file)).size).toBe(size);
    expect(list.join("")).not.toContain("bbbbbbbb");
    // Nothing that is there is written over.
    const again = await ghostframe(args);
    expect([again.code, again.stderr]).toEqual([
      2,
      `ghostframe: ${folder}/messages.ndjson: is there already; --force replaces it\n`,
    ]);
    expect((await ghostframe([...args, "--force"])).code).toBe(0);
  });

  it("says which id no message has, lost or not", async () => {
    const { code, stderr } = await ghostframe(["recover", TORN, "--message-id", "t1-3x"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no message has the message id "t1-3x" among')]);
    expect(stderr).toContain('the nearest is "t1-3"');
  });

  it("shows no body unless it is asked for", async () => {
    const { stdout } = await ghostframe(["recover", TORN]);
    expect(stdout).not.toContain("bbbbbbbb");
    const asked = await ghostframe(["recover", TORN, "--format", "ndjson", "--message-id", "t1-3"]);
    const [line, end] = asked.stdout.split("\n");
    expect(end).toBe("");
    expect((JSON.parse(line!) as { body: { text: string } }).body.text).toContain("bbbbbbbb");
  });

  it.each([
    [["recover", "-"], "standard input: captures are read twice here, expected a file"],
    [["recover", "none.pcap"], "none.pcap: no such file"],
    [["recover", TORN, "--connection", "c7"], 'no connection is called "c7": the nearest is "c1"'],
  ])("%j is refused", async (args, problem) => {
    const { code, stderr } = await ghostframe(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `ghostframe: ${problem}\n` });
  });
});
