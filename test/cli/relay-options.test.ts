import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addRelayOptions, octets, type RelayOptions, relaySettings, within } from "../../src/cli/relay-options.ts";
import { parseUpstream } from "../../src/proxy/address.ts";
import { ProxyError } from "../../src/proxy/proxy-error.ts";

const PLAIN = parseUpstream("amqp://broker");
const TLS = parseUpstream("amqps://broker");

/** What a command line makes of the options; throws what the command would complain of. */
function parsed(...args: string[]): RelayOptions {
  const command = addRelayOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: "user" }).opts();
}

it.each([
  ["1", 1],
  ["100", 100],
])("a whole number: %s", (text, number) => {
  expect(within(1, 100)(text)).toBe(number);
});

it.each(["0", "101", "-1", "1.5", "1e1", "", "9999999999999"])("no such number: %s", text => {
  expect(() => within(1, 100)(text)).toThrow("expected a whole number from 1 to 100.");
});

it.each([
  ["1000000", 1_000_000],
  ["64KiB", 65_536],
  ["1.5k", 1500],
  ["100MB", 100_000_000],
  ["1024 GiB", 2 ** 40],
])("a size: %s", (text, size) => {
  expect(octets(1)(text)).toBe(size);
});

it.each([
  ["0", "expected a size from 1 to 1099511627776 octets."],
  ["0.5", "expected a size from 1 "],
  ["1025GiB", "expected a size from 1 "],
  ["1T", "expected a size: 100MB, 64MiB, 1000000."],
])("no size: %s", (text, complaint) => {
  expect(() => octets(1)(text)).toThrow(complaint);
});

describe("a squeeze", () => {
  it.each<[args: string[], octets: number, pauseMs: number]>([
    [[], 32_768, 20],
    [["--squeeze-sip", "1", "--squeeze-pause", "0"], 1, 0],
    [["--squeeze-sip", "65536", "--squeeze-pause", "60000"], 65_536, 60_000],
    [["--squeeze-rate", "1MB"], 32_768, 33],
    [["--squeeze-rate", "1", "--squeeze-sip", "60"], 60, 60_000],
  ])("%j", (args, size, pauseMs) => {
    expect(relaySettings(parsed("--squeeze", ...args), [PLAIN]).pace).toEqual({ octets: size, pauseMs });
  });

  it.each([
    ["--squeeze-sip", "0"],
    ["--squeeze-sip", "65537"],
    ["--squeeze-pause", "60001"],
    ["--squeeze-rate", "0"],
  ])("not %s %s", (...args) => {
    expect(() => parsed(...args)).toThrow("expected a ");
  });

  it("not a rate at which it would stand still", () => {
    expect(() => relaySettings(parsed("--squeeze", "--squeeze-rate", "1"), [PLAIN])).toThrow(
      new ProxyError(
        "--squeeze-rate",
        "expected a pause of at most 60000 ms between two portions, found 32768 octets at 1 a second",
      ),
    );
  });
});

describe("trust", () => {
  it.each([["--insecure"], ["--ca", "ca.pem"]])("%s needs a broker that speaks TLS", (...args) => {
    expect(() => relaySettings(parsed(...args), [PLAIN])).toThrow(
      `${args[0]}: expected an amqps:// upstream, found none: nothing is verified`,
    );
    expect(relaySettings(parsed(...args), [PLAIN, TLS]).upstreamTls).toMatchObject({ insecure: args.length === 1 });
  });
});
