/** `ghostframe view`: what it shows, what it refuses, and that Ctrl-C ends it. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import { json } from "../../src/report/json.ts";
import { ghostframe, start, temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const SICK = "interleaving/message-inside-a-body.pcap";

describe("view", { concurrent: true }, () => {
  it.skipIf(process.platform === "win32")("serves a report until Ctrl-C", async ({ onTestFinished }) => {
    const file = join(temporaryFolder(onTestFinished), "report.json");
    writeFileSync(file, json(await inspect([join(FIXTURES, SICK)])));
    const child = start(["view", file, "--no-open"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const [printed] = (await once(child.stdout, "data")) as [Buffer];
    const address = printed.toString().trim();
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]+$/);
    const first = await fetch(address, { redirect: "manual" });
    const cookie = first.headers.get("set-cookie")!.split(";")[0]!;
    const page = await (await fetch(address.replace(/\?.*/, ""), { headers: { cookie } })).text();
    expect(page).toContain("<title>ghostframe: 1 of 1 connection sick.");
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(130);
  });

  it.for<[what: string, text: string, complaint: RegExp]>([
    [
      "JSON that is no report",
      '{"schema":"other/1"}',
      /is no report: expected JSON with the schema ghostframe\.report\/1/,
    ],
    ["what only begins as JSON", "{", /a\.json: line 1/],
    ["a report without its parts", '{"schema":"ghostframe.report/1"}', /is damaged: something that a report has/],
    ["a result without its parts", '{"schema":"ghostframe.check/1","captures":[{}]}', /is damaged/],
    ["what is neither", "hello", /a\.json: /],
  ])("refuses %s", async ([, text, complaint], { onTestFinished }) => {
    const file = join(temporaryFolder(onTestFinished), "a.json");
    writeFileSync(file, text);
    const { code, stdout, stderr } = await ghostframe(["view", file, "--no-open"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(complaint);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
