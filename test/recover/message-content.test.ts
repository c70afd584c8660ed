/** A message read from its own octets, whole or in part; and from a stream that comes in any pieces. */
import { describe, expect, it } from "vitest";
import { Discretion } from "../../src/connection/discretion.ts";
import type { Span } from "../../src/forensics/diagnosis.ts";
import { LostOctets } from "../../src/recover/lost-octets.ts";
import type { LostPublish } from "../../src/recover/lost-publish.ts";
import { type MessageContent, readContent } from "../../src/recover/message-content.ts";
import { chunkings, deliver } from "../support/chunkings.ts";
import { bits, frame, headerPayload, join, methodPayload, short, shortstr, text } from "../support/wire.ts";

const CHANNEL = 3;
const PROPERTIES = { messageId: "m-1", deliveryMode: 2 };
const publish = frame(1, CHANNEL, methodPayload(60, 40, short(0), shortstr("ex"), shortstr("key"), bits(true, false)));
const header = (size: number): Uint8Array => frame(2, CHANNEL, headerPayload(size, PROPERTIES));
const body = (words: string): Uint8Array => frame(3, CHANNEL, text(words));
const heartbeat = frame(8, 0, []);
const other = frame(3, 5, text("of another channel"));

function shown(content: MessageContent | null): string {
  if (content === null) return "none";
  const { exchange, routingKey, mandatory, bodySize, isWhole } = content;
  const words = new TextDecoder().decode(content.body);
  return `${exchange} ${routingKey}${mandatory ? " mandatory" : ""} ${words} of ${bodySize}${isWhole ? " whole" : ""}`;
}

describe("a message is", () => {
  const cases: [rule: string, octets: Uint8Array[], isAlone: boolean, expected: string][] = [
    [
      "method, header and bodies",
      [publish, header(5), body("he"), body("llo")],
      true,
      "ex key mandatory hello of 5 whole",
    ],
    ["method and header, where there is no body", [publish, header(0)], true, "ex key mandatory  of 0 whole"],
    ["not whole without its last body", [publish, header(5), body("he")], true, "ex key mandatory he of 5"],
    [
      "not whole where a body is cut",
      [publish, header(5), body("hello").subarray(0, 10)],
      true,
      "ex key mandatory hel of 5",
    ],
    [
      "not whole without an end octet",
      [publish, header(5), frame(3, CHANNEL, text("hello"), { end: 0xcd })],
      true,
      "ex key mandatory hello of 5",
    ],
    [
      "not whole where more is there than is announced",
      [publish, header(4), body("hello")],
      true,
      "ex key mandatory  of 4",
    ],
    [
      "not whole where its stretches hold more than it",
      [publish, header(5), body("hello"), other],
      true,
      "ex key mandatory hello of 5",
    ],
    [
      "not whole where another's frame is among its own",
      [publish, header(5), other, body("hello")],
      true,
      "ex key mandatory  of 5",
    ],
    [
      "found among frames of others",
      [publish, other, header(5), heartbeat, body("hello")],
      false,
      "ex key mandatory hello of 5 whole",
    ],
    ["a method without a header", [publish], true, "ex key mandatory  of -1"],
    ["not there where another frame begins", [header(5), body("hello")], true, "none"],
    ["not there where the method is cut", [publish.subarray(0, 12)], true, "none"],
  ];
  it.each(cases)("%s", (_, octets, isAlone, expected) => {
    expect(shown(readContent(join(...octets), isAlone))).toBe(expected);
  });

  it("never thrown over, however it is cut or changed", () => {
    const octets = join(publish, header(5), body("hello"));
    for (let at = 0; at <= octets.length; at++) {
      expect(readContent(octets.subarray(0, at), true)?.isWhole ?? false).toBe(at === octets.length);
      for (const changed of [0, 1, 0x7f, 0xff]) {
        const wrong = octets.slice();
        if (at < octets.length) wrong[at] = changed;
        readContent(wrong, true);
      }
    }
  });
});

describe("octets of lost messages", () => {
  const first = join(publish, header(5), body("first"));
  const second = join(publish, header(6), body("second"));
  const cutAt = first.length - 4;
  // The second message stands inside the first one.
  const stream = join(heartbeat, first.subarray(0, cutAt), second, first.subarray(cutAt), other);
  const begin = heartbeat.length;
  const spans: Span[] = [
    [begin, cutAt],
    [begin + cutAt + second.length, 4],
  ];
  const lost = (own: Span[], isExplained = true): LostPublish =>
    ({
      side: 0,
      spans: own,
      isExplained,
      record: { channel: CHANNEL },
      discretion: new Discretion(),
    }) as unknown as LostPublish;

  it("are put together in any pieces, and handed out in the order in which they begin", () => {
    for (const chunking of chunkings([stream])) {
      const found: string[] = [];
      // Given in the wrong order.
      const tap = new LostOctets([lost([[begin + cutAt, second.length]]), lost(spans)], (_, content) =>
        found.push(shown(content)),
      );
      deliver(chunking, (bytes, start, end) => {
        tap.data(0, bytes, start, end);
        tap.data(1, bytes, start, end);
      });
      expect(found, chunking.name).toEqual(["ex key mandatory first of 5 whole", "ex key mandatory second of 6 whole"]);
    }
  });

  it("that were not captured are missing, and nothing takes their place", () => {
    for (const missing of [1, 7, 20]) {
      for (let at = 0; at <= first.length - missing; at++) {
        const found: (MessageContent | null)[] = [];
        const tap = new LostOctets([lost([[0, first.length]])], (_, content) => found.push(content));
        tap.data(0, first, 0, at);
        tap.gap(0, missing);
        tap.data(0, first, at + missing, first.length);
        tap.finish();
        expect(found).toHaveLength(1);
        expect(found[0]?.isWhole ?? false).toBe(false);
        expect("first".startsWith(new TextDecoder().decode(found[0]?.body))).toBe(true);
      }
    }
  });

  it("whose end never comes are handed out as they are", () => {
    const found: string[] = [];
    const tap = new LostOctets([lost(spans), lost([[10_000, 5]])], (_, content) => found.push(shown(content)));
    tap.data(0, stream, 0, begin + cutAt);
    expect(found).toEqual([]);
    tap.finish();
    expect(found).toEqual(["ex key mandatory fi of 5", "none"]);
  });
});
