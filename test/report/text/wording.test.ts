import { expect, it } from "vitest";
import {
  byRule,
  clock,
  counted,
  displayFilter,
  endpoint,
  packetRange,
  platform,
  size,
} from "../../../src/report/text/wording.ts";
import { connection, finding } from "../../support/report-samples.ts";

it.each([
  [0, "0 octets"],
  [1, "1 octet"],
  [999, "999 octets"],
  [1_000, "1.00 kB"],
  [99_950, "100 kB"],
  [471_268, "471 kB"],
  [999_499, "999 kB"],
  [999_500, "1.00 MB"],
  [4_294_967_296, "4.29 GB"],
  [3_000_000_000_000_000, "3,000 TB"],
])("size of %i", (octets, shown) => {
  expect(size(octets)).toBe(shown);
});

it("counts", () => {
  expect([counted(0, "note"), counted(1, "note"), counted(4_212, "frame")]).toEqual([
    "0 notes",
    "1 note",
    "4,212 frames",
  ]);
  const findings = [
    finding(),
    finding({ rule: "heartbeat" }),
    finding({ rule: "heartbeat" }),
    finding({ rule: "handshake" }),
  ];
  expect(byRule(findings)).toBe("2 heartbeat, 1 frame-end, 1 handshake");
});

it.each([
  ["2026-11-21T18:19:51Z", "18:19:51 UTC"],
  ["2026-11-21T18:19:51.905Z", "18:19:51.905 UTC"],
  ["2026-11-21T18:19:51.905717411Z", "18:19:51.905717 UTC"],
  ["yesterday\n", "yesterday\\n"],
])("clock of %s", (time, shown) => {
  expect(clock(time, false)).toBe(shown);
});

it("writes filters that Wireshark takes", () => {
  expect(displayFilter([31, 31], connection())).toBe("frame.number == 31");
  expect(displayFilter([31], undefined)).toBe("frame.number == 31");
  expect(displayFilter([31, 42], undefined)).toBe("frame.number in {31..42}");
  expect(displayFilter([31, 42], connection())).toBe("frame.number in {31..42} && tcp.port==59768");
  expect([packetRange([31, 31]), packetRange([31, 42])]).toEqual(["packet 31", "packets 31–42"]);
});

it("puts IPv6 addresses in brackets", () => {
  expect(endpoint({ address: "2001:db8::5", port: 5672 })).toBe("[2001:db8::5]:5672");
});

it("leaves a platform's small print out", () => {
  const ruby = { platform: "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]" };
  expect(platform(connection({ clientProperties: ruby }))).toBe("ruby 3.1.2p20");
});
