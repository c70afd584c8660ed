import { describe, expect, it } from "vitest";
import { NamedWriters, UNNAMED } from "../../../src/forensics/untangle/named-writers.ts";
import { Starts } from "../../../src/forensics/untangle/starts.ts";
import { headerPayload } from "../../support/wire.ts";
import { body, frame, join, method } from "./frames.ts";

const sender = { sizeLimit: 131_064, isClient: true, seenWhole: true, maxBody: 131_056, usesChannel: () => true };
const SIZE = 500;

/** A publish with a message id, of SIZE octets of body. */
const message = (messageId: string): Uint8Array =>
  join(method(1), frame(2, 1, headerPayload(SIZE, { messageId })), body(1, new Uint8Array(SIZE).fill(0x61)));

/** Messages one behind the other; those that end in "!" are cut in their bodies by the next one. */
function writersOf(ids: readonly string[]): { writers: NamedWriters; names: number[] } {
  const parts = ids.map(id => {
    const whole = message(id.replace("!", ""));
    return id.endsWith("!") ? whole.subarray(0, whole.length - SIZE / 2) : whole;
  });
  const octets = join(...parts);
  const starts = new Starts(octets, 0, octets.length, sender);
  const writers = new NamedWriters(octets, starts, sender.maxBody, { steps: 1000 });
  const names = starts.at.filter(at => octets[at] === 2).map(at => writers.of(at));
  return { writers, names };
}

describe("writers known by name", () => {
  it("are told by ids that each of them counts, the surer the more of them cut each other", () => {
    const few = writersOf(["a-1", "b-1", "a-2!", "b-2", "a-3", "b-3"]);
    expect(few.names).toEqual([0, 1, 0, 1, 0, 1]);
    const many = writersOf(["a-1", "b-1", "a-2!", "b-2!", "a-3!", "b-3!", "a-4"]);
    expect(few.writers.price).toBeGreaterThan(2);
    expect(many.writers.price).toBeGreaterThan(few.writers.price);
  });
  it.each([
    ["ids of which none comes again", ["f3", "9c", "07!", "b1", "d8"]],
    ["one name for all", ["a-1", "a-2!", "a-3", "a-4"]],
    ["names of which the same cut each other", ["a-1!", "a-2!", "a-3", "b-1!", "b-2!", "b-3"]],
  ])("are not, by %s", (_, ids) => {
    expect(writersOf(ids).writers.price).toBeLessThan(0.5);
  });
  it("are nobody where no header says it", () => {
    expect(writersOf(["one", "two!", "three"]).names).toEqual([UNNAMED, UNNAMED, UNNAMED]);
  });
});
