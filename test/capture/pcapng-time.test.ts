import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PacketRecord } from "../../src/capture/packet-record.ts";
import { CaptureInterface } from "../../src/capture/pcapng-interface.ts";
import { enhancedPacket, hex, interfaceDescription, join, sectionHeader } from "../support/capture-writer.ts";
import { packetLog } from "./packet-log.ts";
import { PROPERTY } from "./property-runs.ts";

interface Case {
  rule: string;
  tsresol: number;
  tsoffset?: bigint;
  ticks: bigint;
  time: string;
}

/** 2^-n, as if_tsresol has it. */
const binary = (exponent: number): number => 0x80 + exponent;

const cases: Case[] = [
  { rule: "10^0", tsresol: 0, ticks: 1_700_000_000n, time: "1700000000.000000000/0" },
  { rule: "10^-1", tsresol: 1, ticks: 17_000_000_009n, time: "1700000000.900000000/1" },
  { rule: "10^-3, before the second", tsresol: 3, ticks: 1_699_999_999_999n, time: "1699999999.999000000/3" },
  { rule: "10^-3, on the second", tsresol: 3, ticks: 1_700_000_000_000n, time: "1700000000.000000000/3" },
  { rule: "10^-3, after the second", tsresol: 3, ticks: 1_700_000_000_001n, time: "1700000000.001000000/3" },
  { rule: "10^-6, before the second", tsresol: 6, ticks: 1_699_999_999_999_999n, time: "1699999999.999999000/6" },
  { rule: "10^-6, on the second", tsresol: 6, ticks: 1_700_000_000_000_000n, time: "1700000000.000000000/6" },
  { rule: "10^-6, after the second", tsresol: 6, ticks: 1_700_000_000_000_001n, time: "1700000000.000001000/6" },
  { rule: "10^-9, before the second", tsresol: 9, ticks: 1_699_999_999_999_999_999n, time: "1699999999.999999999/9" },
  { rule: "10^-9, on the second", tsresol: 9, ticks: 1_700_000_000_000_000_000n, time: "1700000000.000000000/9" },
  { rule: "10^-9, after the second", tsresol: 9, ticks: 1_700_000_000_000_000_001n, time: "1700000000.000000001/9" },
  { rule: "10^-9, the last there is", tsresol: 9, ticks: 2n ** 64n - 1n, time: "18446744073.709551615/9" },
  { rule: "10^-12: cut to nanoseconds", tsresol: 12, ticks: 1_700_000_999_999_999_999n, time: "1700000.999999999/9" },
  { rule: "10^-127: nothing is left", tsresol: 127, ticks: 2n ** 64n - 1n, time: "0.000000000/9" },
  { rule: "2^-10, before the second", tsresol: binary(10), ticks: 1024n * 7n - 1n, time: "6.999023437/9" },
  { rule: "2^-10, on the second", tsresol: binary(10), ticks: 1024n * 7n, time: "7.000000000/9" },
  { rule: "2^-10, after the second", tsresol: binary(10), ticks: 1024n * 7n + 1n, time: "7.000976562/9" },
  { rule: "2^-32, before the second", tsresol: binary(32), ticks: (7n << 32n) - 1n, time: "6.999999999/9" },
  { rule: "2^-32, on the second", tsresol: binary(32), ticks: 7n << 32n, time: "7.000000000/9" },
  { rule: "2^-32, half a second", tsresol: binary(32), ticks: (7n << 32n) + (1n << 31n), time: "7.500000000/9" },
  { rule: "2^-64", tsresol: binary(64), ticks: 1n << 63n, time: "0.500000000/9" },
  { rule: "if_tsoffset is added", tsresol: 6, tsoffset: 1_700_000_000n, ticks: 1n, time: "1700000000.000001000/6" },
  { rule: "if_tsoffset is signed", tsresol: 6, tsoffset: -3600n, ticks: 7_200_000_001n, time: "3600.000001000/6" },
  { rule: "a time before 1970", tsresol: 3, tsoffset: -10n, ticks: 9_001n, time: "-1.001000000/3" },
  { rule: "if_tsoffset, with a power of two", tsresol: binary(1), tsoffset: 40n, ticks: 5n, time: "42.500000000/9" },
];

describe.each(["big", "little"] as const)("time, %s-endian", order => {
  test.each(cases)("$rule ($time)", ({ tsresol, tsoffset, ticks, time }) => {
    const description = interfaceDescription(order, tsoffset === undefined ? { tsresol } : { tsresol, tsoffset });
    const packet = enhancedPacket({ order, ticks, data: hex("01") });
    expect(packetLog(join(sectionHeader(order), description, packet)).lines).toEqual([`#1 ${time} link 1, 1 of 1: 01`]);
  });
});

test("without if_tsresol, ticks are microseconds", () => {
  const file = join(sectionHeader(), interfaceDescription(), enhancedPacket({ ticks: 1_999_999n, data: hex("01") }));
  expect(packetLog(file).lines).toEqual(["#1 1.999999000/6 link 1, 1 of 1: 01"]);
});

test(`any ticks of any resolution come out as integer arithmetic has them (seed ${PROPERTY.seed})`, () => {
  const record = new PacketRecord();
  const resolution = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 255 }));
  const nearSecond = fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 34n }), fc.bigInt({ min: -2n, max: 2n }))
    .map(([seconds, off]) => ({ seconds, off }));
  fc.assert(
    fc.property(resolution, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), nearSecond, (tsresol, any, near) => {
      const perSecond = (tsresol > 0x7f ? 2n : 10n) ** BigInt(tsresol & 0x7f);
      const source = new CaptureInterface(1, 0, tsresol, 0);
      for (const ticks of [any, BigInt.asUintN(64, near.seconds * perSecond + near.off)]) {
        source.stamp(record, Number(ticks >> 32n), Number(ticks & 0xffffffffn));
        expect(record.seconds).toBe(Number(ticks / perSecond));
        expect(record.nanoseconds).toBe(Number(((ticks % perSecond) * 1_000_000_000n) / perSecond));
      }
    }),
    { ...PROPERTY, numRuns: 20_000 },
  );
});
