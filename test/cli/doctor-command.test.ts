/** `ghostframe doctor`: exit status, and a broker that is not there. */
import { describe, expect, it } from "vitest";
import { ghostframe } from "../support/command.ts";

describe("doctor", { concurrent: true }, () => {
  it("says of a capture what it holds, and to which things to look", async () => {
    const { code, stdout, stderr } = await ghostframe(["doctor", "clean/confirms-and-acks.pcap"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^ {2}ok {9}node: Node v\d+/);
    expect(stdout).toMatch(/ok {9}confirms-and-acks\.pcap: 1 AMQP connection\n/);
    expect(stdout).toMatch(/\n\n\d+ ok, \d+ to look at, 0 failed\n$/);
  });

  it("fails for a broker that cannot be reached, and shows no password", async () => {
    const { code, stdout } = await ghostframe(["doctor", "--upstream", "amqp://user:hidden@127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/fail {7}broker: /);
    expect(stdout).not.toContain("hidden");
  });

  it.each([
    [["nowhere.pcap"], 1],
    [["--upstream", "http://x"], 2],
    [["--nothing"], 2],
  ])("%o ends with %i", async (args, status) => {
    const { code, stderr } = await ghostframe(["doctor", ...args]);
    expect(code).toBe(status);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
