/** Captures that come through a pipe, as tcpdump -w - | ghostframe … gives them. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/report/report.ts";
import { ended, ghostframe, start } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const read = (name: string) => readFileSync(join(FIXTURES, name));
const SICK = "interleaving/message-inside-a-body.pcap";
const PCAP_FILE_HEADER = 24;

async function inspectInput(input: Uint8Array): Promise<{ code: number | null; report: Report }> {
  const { code, stdout, stderr } = await ghostframe(["inspect", "--format", "json", "-"], { input });
  expect(stderr).toBe("");
  return { code, report: JSON.parse(stdout) as Report };
}

describe("inspect -", { concurrent: true }, () => {
  it.each([
    ["pcap", read(SICK)],
    ["pcap, gzipped", gzipSync(read(SICK))],
    ["pcapng", read("files/big-endian-pcapng-torn.pcapng")],
    ["pcapng, gzipped", gzipSync(read("files/big-endian-pcapng-torn.pcapng"))],
  ])("%s", async (_, input) => {
    const { code, report } = await inspectInput(input);
    expect(report.inputs[0]).toMatchObject({ path: "-", packets: 32 });
    expect(report.findings.map(finding => finding.rule)).toEqual(["frame-end", "broker-close"]);
    expect(code).toBe(1);
  });

  it.each(["interleaving/librabbitmq-threads.pcap.gz", "loss/retransmissions-at-the-server.pcap.gz"])(
    "%s: the same report as from the file",
    async name => {
      const { report } = await inspectInput(read(name));
      const fromFile = JSON.parse((await ghostframe(["inspect", "--format", "json", name])).stdout) as Report;
      // All that an incident cost is told by a second reading.
      const findings = fromFile.findings.map(({ lost: _lost, ...finding }) => finding);
      const { lost, ...summary } = report.summary;
      const { lost: _all, ...expected } = fromFile.summary;
      expect({ ...report, inputs: [], summary }).toEqual({ ...fromFile, inputs: [], findings, summary: expected });
      expect(lost?.atLeast).toBe(lost!.messages > 0);
    },
  );

  it.each<[what: string, input: string, complaint: RegExp]>([
    ["nothing", "", /^ghostframe: standard input: is empty.*\n$/],
    ["text", "hello, world\n", /^ghostframe: standard input: not a pcap or pcapng capture: it is text\n$/],
    ["one octet", "\xd4", /^ghostframe: standard input: .+\n$/],
  ])("%s", async (_, input, complaint) => {
    const { code, stderr } = await ghostframe(["inspect", "-"], { input });
    expect(stderr).toMatch(complaint);
    expect(code).toBe(2);
  });

  it("beside a file", async () => {
    const run = await ghostframe(["inspect", "--format", "json", "clean/confirms-and-acks.pcap", "-"], {
      input: read(SICK),
    });
    expect((JSON.parse(run.stdout) as Report).inputs.map(input => input.path)).toEqual([
      "clean/confirms-and-acks.pcap",
      "-",
    ]);
  });
});

describe("frames -", { concurrent: true }, () => {
  it("prints the first frames before the capture is at its end", async () => {
    const capture = read("clean/confirms-and-acks.pcap");
    const child = start(["frames", "-"]);
    child.stdin.write(capture.subarray(0, 2000));
    const [first] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    expect(first).toMatch(/^\d\d:\d\d:\d\d\.\d{6} +1 c1 +127\.0\.0\.1:50186 -> 127\.0\.0\.1:5672\n/);
    child.stdin.end(capture.subarray(2000));
    const { code, stdout } = await ended(child);
    expect(stdout).toContain("connection.close-ok");
    expect(code).toBe(0);
  });

  it("prints frames of a gzipped capture before it is at its end", async () => {
    const packets = gunzipSync(read("clean/go-three-connections.pcap.gz"));
    const zipped = gzipSync(packets, { level: 0 });
    const child = start(["frames", "-"]);
    child.stdin.write(zipped.subarray(0, zipped.length - 2000));
    await once(child.stdout, "data");
    child.stdin.end(zipped.subarray(zipped.length - 2000));
    expect((await ended(child)).code).toBe(0);
  });
});

describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
  it("ends inspect with what was seen until then, and exit status 130", async () => {
    const sick = read(SICK);
    // Packets without payload behind it: when the last of them has left for the pipe, the sick ones have been read.
    const idle = sick.subarray(PCAP_FILE_HEADER, PCAP_FILE_HEADER + 16 + sick.readUInt32LE(PCAP_FILE_HEADER + 8));
    const child = start(["inspect", "--format", "json", "-"]);
    const end = ended(child);
    await new Promise(resolve => {
      child.stdin.write(Buffer.concat([sick, ...Array.from({ length: 40_000 }, () => idle)]), resolve);
    });
    child.kill("SIGINT");
    const { code, signal, stdout, stderr } = await end;
    expect({ code, signal, stderr }).toEqual({ code: 130, signal: null, stderr: "" });
    const { findings } = JSON.parse(stdout) as Report;
    expect(findings.map(finding => finding.rule)).toContain("frame-end");
  });

  it("ends frames, and exit status 130", async () => {
    const child = start(["frames", "-"]);
    child.stdin.write(read("clean/confirms-and-acks.pcap"));
    await once(child.stdout, "data");
    const end = ended(child);
    child.kill("SIGINT");
    expect(await end).toMatchObject({ code: 130, signal: null, stderr: "" });
  });
});
