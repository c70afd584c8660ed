/** Which packets a second reading needs. */
import { describe, expect, it } from "vitest";
import type { Incident } from "../../src/connection/incident.ts";
import { BrokenConnections } from "../../src/inspection/broken-connections.ts";
import type { InspectedConnection } from "../../src/inspection/inspected-connection.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";

interface Scene {
  first: [input: number, packet: number];
  last: [input: number, packet: number];
  sawSyn?: boolean;
  tunnels?: readonly string[];
}

function connection({ first, last, sawSyn = true, tunnels = [] }: Scene): TcpConnection {
  const place = ([input, packet]: [number, number]) => ({ input, packet });
  return { first: place(first), last: place(last), sawSyn, tunnels: () => tunnels } as unknown as TcpConnection;
}

const INCIDENT = { rule: "frame-end", severity: "error", side: 0, frame: null } as Incident;

function inspected(scene: Scene, number: number): InspectedConnection<TcpConnection> {
  return { carrier: connection(scene), amqp: { number } } as unknown as InspectedConnection<TcpConnection>;
}

function broken(scenes: readonly Scene[]): BrokenConnections {
  const all = new BrokenConnections();
  for (const [i, scene] of scenes.entries()) {
    all.take(inspected(scene, i), INCIDENT);
    all.over(connection(scene));
  }
  return all;
}

describe("the packets that explain what is broken", () => {
  it.each<[string, Scene[], number[], [from: number, to: number][]]>([
    ["end with the last of them", [{ first: [0, 10], last: [0, 42] }], [90_000], [[-16_374, 42]]],
    [
      "begin before the first, as fragments of it may",
      [
        { first: [0, 50_000], last: [0, 60_000] },
        { first: [0, 40_000], last: [0, 40_010] },
      ],
      [90_000],
      [[23_616, 60_000]],
    ],
    [
      "begin with the capture in mid-stream",
      [{ first: [0, 50_000], last: [0, 60_000], sawSyn: false }],
      [90_000],
      [[0, 60_000]],
    ],
    [
      "begin with the capture in a tunnel",
      [{ first: [0, 50_000], last: [0, 60_000], tunnels: ["VXLAN"] }],
      [90_000],
      [[0, 60_000]],
    ],
    [
      "are none of inputs behind the last",
      [{ first: [0, 50_000], last: [1, 7] }],
      [90_000, 90_000, 90_000],
      [
        [0, 90_000],
        [0, 7],
        [0, 0],
      ],
    ],
  ])("%s", (_, scenes, packets, ranges) => {
    expect(broken(scenes).ranges(packets)).toEqual(ranges.map(([from, to]) => ({ from, to })));
  });

  it("are all as long as a broken connection is not over", () => {
    const all = broken([{ first: [0, 1], last: [0, 9] }]);
    all.take(inspected({ first: [0, 3], last: [0, 5] }, 2), INCIDENT);
    expect(all.ranges([100])).toEqual([{ from: 0, to: 100 }]);
  });

  it("do not depend on connections that are in order", () => {
    const all = broken([{ first: [0, 1], last: [0, 9] }]);
    all.over(connection({ first: [0, 4], last: [0, 99] }));
    expect(all.ranges([100])).toEqual([{ from: 1 - 16_384, to: 9 }]);
  });
});
