/** Which reading follows which connection does not change what is found. */
import { describe, expect, it } from "vitest";
import { inspect, inspectPart } from "../../src/inspect.ts";
import { type ConnectionShard, isInShard } from "../../src/net/connection-shard.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { merge } from "../../src/report/partial/merge.ts";
import { shortenRepeatedKinds } from "../../src/report/partial/same-kind.ts";
import { FIXTURES } from "../support/golden.ts";

/** A connection as far as it is asked here. */
function between(...ends: [address: string, port: number][]): TcpConnection {
  const [address, port] = [(side: number) => ends[side]![0], (side: number) => ends[side]![1]];
  return { address, port } as unknown as TcpConnection;
}

function numbersOf(tcp: TcpConnection, of: number): number[] {
  return Array.from({ length: of }, (_, i) => i + 1).filter(number => isInShard(tcp, { number, of }));
}

describe("a connection", () => {
  it("is in one part, the same from either end, and always", () => {
    for (let port = 40_000; port < 40_200; port++) {
      const there = numbersOf(between(["10.0.0.1", port], ["2001:db8::1", 5672]), 7);
      expect(there).toHaveLength(1);
      expect(numbersOf(between(["2001:db8::1", 5672], ["10.0.0.1", port]), 7)).toEqual(there);
    }
    // Another machine, another day: parts that were read apart must fit.
    expect(numbersOf(between(["10.0.0.1", 40_000], ["10.0.0.2", 5672]), 100)).toEqual([29]);
  });

  it("shares its part with about as many others as any", () => {
    const counts = [0, 0, 0, 0];
    for (let port = 0; port < 4000; port++) {
      const [number] = numbersOf(between(["10.0.0.1", 32_768 + port], ["10.0.0.2", 5672]), 4);
      counts[number! - 1]!++;
    }
    for (const count of counts) expect(count).toBeGreaterThan(800);
  });
});

const ringFile = (name: string): string => `files/ring_${name}.pcapng`;

describe("what three parts find", () => {
  it.each([
    ["a ring of files", ["00001_20261121200705", "00002_20261121200706", "00003_20261121200706"].map(ringFile)],
    ["tears, and clean connections on other ports", ["files/two-sections.pcapng", "files/odd-port-torn.pcap"]],
    ["no AMQP at all, and a file that is none", ["connections/strangers-on-loopback.pcap", "files/text.pcapng"]],
    ["a file that is corrupt from some octet on", ["files/corrupt-record-length.pcap"]],
  ])("is what one finds: %s", async (_, names) => {
    const paths = names.map(name => `${FIXTURES}/${name}`);
    const parts = [];
    for (const number of [3, 1, 2]) {
      const shard: ConnectionShard = { number, of: 3 };
      parts.push(await inspectPart(paths, { shard }));
    }
    const { inputs, connections } = merge(parts);
    expect(buildReport({ inputs, connections: shortenRepeatedKinds(connections) })).toEqual(await inspect(paths));
  });
});
