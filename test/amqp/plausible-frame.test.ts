import { describe, expect, it } from "vitest";
import { arePlausibleIds, hasIds, isPlausibleHeader } from "../../src/amqp/plausible-frame.ts";

const LIMIT = 4096;

describe("a frame header (§4.2.3 to §4.2.7)", () => {
  it.each<[rule: string, type: number, channel: number, size: number, is: boolean]>([
    ["a method on a channel", 1, 5, 9, true],
    ["a method on channel 0", 1, 0, 12, true],
    ["a method that is its ids only", 1, 1, 4, true],
    ["a method too short for its ids", 1, 1, 3, false],
    ["a content header without properties", 2, 1, 14, true],
    ["a content header too short for its flags", 2, 1, 13, false],
    ["a content header on channel 0", 2, 0, 14, false],
    ["a content body", 3, 65535, 4096, true],
    ["an empty content body", 3, 1, 0, true],
    ["a content body on channel 0", 3, 0, 10, false],
    ["a heartbeat", 8, 0, 0, true],
    ["a heartbeat on a channel", 8, 1, 0, false],
    ["a heartbeat with a payload", 8, 0, 1, false],
    ["the heartbeat's type in §4.2.3's list, which nobody uses", 4, 0, 0, false],
    ["type 0", 0, 0, 0, false],
    ["an octet of text", 0x41, 1, 10, false],
    ["a payload of the limit", 3, 1, LIMIT, true],
    ["a payload beyond the limit", 3, 1, LIMIT + 1, false],
  ])("%s", (_, type, channel, size, is) => {
    expect(isPlausibleHeader(type, channel, size, LIMIT)).toBe(is);
  });
});

describe("the ids behind it", () => {
  it.each<[rule: string, type: number, channel: number, classId: number, second: number, is: boolean]>([
    ["basic.publish on a channel", 1, 1, 60, 40, true],
    ["basic.publish on channel 0", 1, 0, 60, 40, false],
    ["connection.close on channel 0", 1, 0, 10, 50, true],
    ["connection.close on a channel", 1, 1, 10, 50, false],
    ["a method that does not exist", 1, 1, 60, 41, false],
    ["a class that does not exist", 1, 1, 61, 40, false],
    ["a content header of class basic", 2, 1, 60, 0, true],
    ["a content header with a weight", 2, 1, 60, 1, false],
    ["a content header of another class", 2, 1, 50, 0, false],
  ])("%s", (_, type, channel, classId, second, is) => {
    expect(arePlausibleIds(type, channel, classId, second)).toBe(is);
  });

  it("stand behind the headers of methods and content headers", () => {
    expect([1, 2, 3, 8].map(hasIds)).toEqual([true, true, false, false]);
  });
});
