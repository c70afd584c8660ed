import { expect, it } from "vitest";
import { comesBefore, octetsFrom, sequenceBehind } from "../../src/net/sequence-number.ts";

/** As the wire has it: unsigned. */
const at = (unsigned: number): number => unsigned | 0;

it.each<[rule: string, from: number, to: number, octets: number]>([
  ["the same", 5, 5, 0],
  ["ahead", 5, 12, 7],
  ["behind", 12, 5, -7],
  ["over the wrap at 2^32", 0xffff_fff6, 10, 20],
  ["back over the wrap", 10, 0xffff_fff6, -20],
  ["over the change of sign at 2^31", 0x7fff_ffff, 0x8000_0000, 1],
  ["as far as can be told", 0, 0x7fff_ffff, 0x7fff_ffff],
])("octets from one sequence number to another: %s", (_, from, to, octets) => {
  expect(octetsFrom(at(from), at(to))).toBe(octets);
  expect(sequenceBehind(at(from), octets)).toBe(at(to));
  expect(comesBefore(at(from), at(to))).toBe(octets > 0);
});
