/** What a broken client writes, write by write, once its connection, channels 1 and 2 and its queue are there. */
import type { RuleId } from "../../../src/connection/rules.ts";
import { wire } from "../../support/wire.ts";

export interface TornWrites {
  name: string;
  /** What is found first. */
  rule: RuleId;
  writes: (queue: string) => Uint8Array[];
  /** A recording masks the broken octets: they may be the rest of a secret. */
  isMasked?: boolean;
}

const A_OCTETS = 3000;
const A_FRAME = A_OCTETS + 8;

export const TORN_WRITES: readonly TornWrites[] = [
  { name: "a message inside a body", rule: "frame-end", writes: queue => torn(queue, 7 + 1000) },
  { name: "a message inside a frame header", rule: "frame-too-large", writes: queue => torn(queue, 3) },
  {
    name: "a frame of no type",
    rule: "frame-type",
    isMasked: true,
    writes: () => [wire().frame(0x41, 1, [1, 2, 3]).octets, wire().heartbeat().octets],
  },
  {
    name: "two publishes on one channel",
    rule: "content-order",
    writes: queue => [
      wire().publishMethod(1, { routingKey: queue }).octets,
      wire().publishMethod(1, { routingKey: queue }).octets,
      wire().content(1, "first").octets,
      wire().content(1, "second").octets,
    ],
  },
];

/** Writer A's body frame is cut behind so many of its octets: writer B's whole publish comes in between. */
function torn(queue: string, cut: number): Uint8Array[] {
  const a = wire().publish(1, "a".repeat(A_OCTETS), { routingKey: queue }).octets;
  const b = wire().publish(2, "b".repeat(500), { routingKey: queue }).octets;
  const at = a.length - A_FRAME + cut;
  return [a.subarray(0, at), b, a.subarray(at)];
}
