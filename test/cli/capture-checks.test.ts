/** What `doctor` says of captures: whole or not, lossy or not, AMQP or not. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { captureChecks, countsLine } from "../../src/cli/capture-checks.ts";
import { inspect } from "../../src/inspect.ts";
import { FIXTURES } from "../support/golden.ts";

it.each<[fixture: string, states: RegExp[]]>([
  ["clean/confirms-and-acks.pcap", [/^ok .*: pcap, 57 packets/, /^ok .*: 1 AMQP connection/]],
  [
    "loss/go-packets-not-captured.pcap.gz",
    [/^ok/, /^warn .*octets are missing: 2 connections .*-B 65536/, /^ok .*: 3 AMQP/],
  ],
  ["loss/consumer-from-mid-stream.pcap", [/^ok/, /^warn .*begun before the capture/]],
  ["files/truncated-last-packet.pcap", [/^warn .*\(file-truncated\) Copy it again/]],
  ["files/text.pcapng", [/^fail .*Name a pcap or pcapng file/]],
  ["nowhere.pcap", [/^fail nowhere\.pcap: no such file/]],
])("%s", async (fixture, states) => {
  const checks = captureChecks(await inspect([join(FIXTURES, fixture)], { explain: false }));
  const lines = checks.map(({ state, what, found, todo }) => `${state} ${what}: ${found} ${todo}`);
  for (const [at, state] of states.entries()) expect(lines[at]).toMatch(state);
});

it("says what the program that captured lost, and that there is no AMQP", () => {
  const report = {
    inputs: [
      {
        path: "a.pcapng",
        format: "pcapng",
        packets: 1,
        octets: 2,
        notes: ["7 packets dropped while capturing, and missing here"],
      },
    ],
    connections: [],
    findings: [],
  } as const;
  const checks = captureChecks(structuredClone(report) as never);
  expect(checks.map(({ found }) => found)).toContain("7 packets dropped while capturing, and missing here");
  expect(checks.map(({ found }) => found)).toContain("no AMQP 0-9-1 connection");
  expect(countsLine(checks)).toBe("1 ok, 2 to look at, 0 failed");
});
