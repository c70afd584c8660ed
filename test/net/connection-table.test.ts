import { describe, expect, it } from "vitest";
import { ConnectionTable } from "../../src/net/connection-table.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";
import { TcpSegment } from "../../src/net/tcp-segment.ts";
import { TunnelPaths } from "../../src/net/tunnel-path.ts";
import { carrying } from "../support/segments.ts";

function segment(index: number, version = 4): TcpSegment {
  const made = new TcpSegment();
  made.version = version;
  made.source0 = index;
  made.source3 = version === 6 ? index * 7 : 0;
  made.destination0 = 77;
  made.sourcePort = 40000 + (index & 0xff);
  made.destinationPort = 5672;
  return made;
}

function reversed(forward: TcpSegment): TcpSegment {
  const made = new TcpSegment();
  made.version = forward.version;
  for (const word of [0, 1, 2, 3] as const) {
    made[`source${word}`] = forward[`destination${word}`];
    made[`destination${word}`] = forward[`source${word}`];
  }
  made.sourcePort = forward.destinationPort;
  made.destinationPort = forward.sourcePort;
  return made;
}

const SEED = 20_261_129;

describe("ConnectionTable", () => {
  // By the birthday paradox, some of so many share a 30-bit hash, whatever the seed is.
  it("finds each of 100,000 connections in both directions, and none once it is removed", () => {
    const table = new ConnectionTable(1, 1_000_000, SEED, new TunnelPaths());
    const connections = Array.from({ length: 100_000 }, (_, index) =>
      table.add(segment(index, 4 + 2 * (index % 2)), 0),
    );
    const wrong: number[] = [];
    for (let index = 0; index < connections.length; index++) {
      const forward = segment(index, 4 + 2 * (index % 2));
      if (table.find(forward) !== connections[index]) wrong.push(index);
      if (table.find(reversed(forward)) !== connections[index]) wrong.push(index);
    }
    expect(wrong).toEqual([]);
    expect(table.all()).toEqual(connections);
    for (let index = 0; index < connections.length; index += 2) table.remove(connections[index]!);
    for (let index = 0; index < connections.length; index++) {
      const found = table.find(segment(index, 4 + 2 * (index % 2)));
      if (found !== (index % 2 === 0 ? null : connections[index])) wrong.push(index);
    }
    expect(wrong).toEqual([]);
    expect(table.all()).toHaveLength(50_000);
  });

  it("tells apart what differs in one field only", () => {
    const table = new ConnectionTable(1, 100, SEED, new TunnelPaths());
    const first = segment(1, 6);
    const connection = table.add(first, 0);
    const fields = ["source0", "source1", "source2", "source3", "destination0", "destination3", "sourcePort"] as const;
    for (const field of [...fields, "destinationPort", "version"] as const) {
      const other = Object.assign(new TcpSegment(), first, { [field]: first[field] ^ 2 });
      expect(table.find(other), field).toBeNull();
      expect(table.find(reversed(other)), field).toBeNull();
    }
    expect(table.find(first)).toBe(connection);
    expect(connection.sideOf(first)).toBe(0);
    expect(connection.sideOf(reversed(first))).toBe(1);
  });

  it("names the spare connection unused for longest, then the observed one", () => {
    const table = new ConnectionTable(2, 2, SEED, new TunnelPaths());
    const [a, b, c, d, e] = [1, 2, 3, 4, 5].map(index => table.add(segment(index), 0));
    table.find(segment(1));
    expect(table.surplus()).toBe(b);
    table.remove(b!);
    table.setSpare(c!, false);
    table.setSpare(d!, false);
    expect(table.surplus()).toBeNull();
    table.setSpare(e!, false);
    expect(table.surplus()).toBe(c);
    table.find(segment(3));
    expect(table.surplus()).toBe(d);
    expect(table.all()).toEqual([a, c, d, e]);
  });
});

describe("bounds on connections", () => {
  const packet = (client: number, sequence: number, payload: string, flags = "A") =>
    carrying(payload).tcp({ from: client, to: 5672, sequence, flags }).ipv4().ethernet().record();

  it("foreign connections beyond the limit are forgotten, and asked about again", () => {
    let asked = 0;
    const assembler = new TcpAssembler(
      () => {
        asked++;
        return null;
      },
      { maxSpareConnections: 10 },
    );
    for (let client = 20000; client < 20030; client++) assembler.packet(packet(client, 100, "x"));
    for (let client = 20020; client < 20030; client++) assembler.packet(packet(client, 101, "x"));
    expect(asked).toBe(30);
    assembler.packet(packet(20000, 101, "x"));
    expect(asked).toBe(31);
    expect(assembler.counters.evictedConnections).toBe(0);
  });

  it("foreign connections that have ended are dropped at once", () => {
    const asked: TcpConnection[] = [];
    const assembler = new TcpAssembler(connection => {
      asked.push(connection);
      return null;
    });
    assembler.packet(packet(20000, 100, "x"));
    assembler.packet(packet(20000, 101, "", "FA"));
    const answer = carrying().tcp({ from: 5672, to: 20000, flags: "FA" });
    assembler.packet(answer.ipv4({ source: "10.0.0.2", destination: "10.0.0.1" }).ethernet().record());
    assembler.packet(packet(20000, 102, "x"));
    expect(asked.map(connection => connection.ended)).toEqual(["fin", "open"]);
  });

  it("connections without octets and those that are over make room for others", () => {
    const log: string[] = [];
    const assembler = new TcpAssembler(
      connection => ({
        data: () => log.push(`${connection.port(0)} data`),
        gap: () => log.push(`${connection.port(0)} gap`),
        end: (side, reason) => log.push(`${connection.port(0)} end ${side} ${reason}`),
      }),
      { maxSpareConnections: 2 },
    );
    assembler.packet(packet(20000, 99, "", "S"));
    assembler.packet(packet(20000, 100, "x"));
    assembler.packet(packet(20000, 101, "", "R"));
    expect(log).toEqual(["20000 data", "20000 end 0 rst"]);
    for (let client = 30000; client < 30010; client++) assembler.packet(packet(client, 99, "", "S"));
    expect(log).toEqual(["20000 data", "20000 end 0 rst", "20000 end 1 rst"]);
  });

  it("observed connections beyond the limit end as if the capture ended", () => {
    const log: string[] = [];
    const assembler = new TcpAssembler(
      connection => ({
        data: () => log.push(`${connection.port(0)} data`),
        gap: () => {},
        end: (side, reason) => log.push(`${connection.port(0)} end ${side} ${reason}`),
      }),
      { maxConnections: 2 },
    );
    for (const client of [20001, 20002, 20001, 20003, 20004]) assembler.packet(packet(client, 100, "x"));
    expect(log).toEqual([
      "20001 data",
      "20002 data",
      "20003 data",
      "20002 end 0 capture-ended",
      "20002 end 1 capture-ended",
      "20004 data",
    ]);
    expect(assembler.counters.evictedConnections).toBe(1);
  });
});
