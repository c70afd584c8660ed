/** ghostframe repair: Wireshark decodes every frame of what it writes, and finds the messages that the diagnosis tells. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/report/report.ts";
import { ghostframe, temporaryFolder } from "../support/command.ts";
import { hasTshark } from "../support/oracle-tools.ts";

const TORN = "interleaving/two-publishers-one-socket.pcapng.gz";

describe("repair", { concurrent: true }, () => {
  it.skipIf(!hasTshark())(
    "writes streams that decode, with the messages of each writer",
    async ({ onTestFinished }) => {
      const file = join(temporaryFolder(onTestFinished), "meant.pcapng");
      const { code, stdout, stderr } = await ghostframe(["repair", TORN, "-o", file]);
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: `${file}: 1 broken connection as 3 connections\n`,
        stderr: "",
      });
      const tshark = (...more: string[]): string =>
        spawnSync("tshark", ["-r", file, "-d", "tcp.port==5673,amqp", ...more], { encoding: "utf8" }).stdout;
      expect(tshark("-Y", "_ws.malformed || tcp.analysis.flags")).toBe("");
      const fields = ["-T", "fields", "-e", "tcp.stream", "-e", "amqp.method.method"];
      const publishes = new Map<string, number>();
      for (const line of tshark("-Y", "amqp.method.method == 40 && amqp.method.class == 60", ...fields).split("\n")) {
        const [stream, methods] = line.split("\t");
        if (methods === undefined) continue;
        const count = methods.split(",").filter(method => method === "40").length;
        publishes.set(stream!, (publishes.get(stream!) ?? 0) + count);
      }
      // Writer B wrote four messages within the incident, writer A the torn one.
      expect([publishes.get("1"), publishes.get("2")]).toEqual([4, 1]);
      const comments = tshark("-T", "fields", "-e", "frame.comment");
      expect(comments).toContain(
        "writer A of f1 in c1: at offset 162315 of the original stream, put together from 48,435 octets at 162315 (packet 31), 2,316 octets at 390697 (packet 42); confidence 0.99",
      );
      // What is left to find is what the broker said.
      const report = JSON.parse((await ghostframe(["inspect", "--format", "json", file])).stdout) as Report;
      expect(report.findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule)).toEqual([
        "broker-close",
      ]);
      // The torn message's octets follow one another now.
      expect(readFileSync(file).includes("b".repeat(30_000))).toBe(true);
    },
  );

  it("says so where nothing is torn, and leaves no file behind", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const { code, stderr } = await ghostframe([
      "repair",
      "clean/confirms-and-acks.pcap",
      "-o",
      join(folder, "meant.pcapng"),
    ]);
    expect([code, stderr]).toEqual([
      2,
      "ghostframe: no connection was found in which frames of several writers can be told apart: nothing is written\n",
    ]);
    expect(() => readFileSync(join(folder, "meant.pcapng"))).toThrow();
  });
});
