import { describe, expect, it } from "vitest";
import { unreadPackets } from "../../src/net/unread-packets.ts";
import { carrying } from "../support/segments.ts";
import { Playbook } from "./playbook.ts";

/** A tunnelled frame of 3,000 octets, of which these belong at `offset`. */
function segment(offset: number, octets: number, ports = { from: 50_000, to: 7471 }) {
  const sequence = ((3000 << 16) | offset) >>> 0;
  return carrying(new Uint8Array(octets))
    .tcp({ ...ports, sequence, acknowledgment: 7, flags: "A" })
    .ipv4()
    .ethernet();
}

describe("the Stateless Transport Tunnel", () => {
  it("looks like TCP, and each of its packets counts as not read", () => {
    const { assembler } = new Playbook();
    for (const [offset, octets] of [
      [0, 1400],
      [1400, 1400],
      [2800, 200],
      [0, 1400],
    ] as const) {
      assembler.packet(segment(offset, octets).record());
    }
    assembler.finish();
    expect(unreadPackets(assembler.counters.unread)).toMatchObject([{ reason: "stt", packets: 4, mayHoldAmqp: true }]);
  });

  it.each([
    ["on another port", segment(0, 1400, { from: 50_000, to: 7472 })],
    ["with octets beyond the frame that it is of", segment(2800, 201)],
  ])("is not what comes %s", (_what, packet) => {
    const { assembler } = new Playbook();
    assembler.packet(packet.record());
    assembler.finish();
    expect([...assembler.counters.unread]).toEqual([]);
  });
});
