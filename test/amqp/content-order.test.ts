/** §4.2.6 as a table: what each frame is in each state, and what the state is behind it. */
import { describe, expect, it } from "vitest";
import {
  AWAITS_ANY,
  AWAITS_HEADER,
  AWAITS_METHOD,
  afterBody,
  afterHeader,
  afterMethod,
  type ContentState,
  contentFault,
  IN_ORDER,
  isInContent,
  OUT_OF_ORDER,
  OVERRUN,
} from "../../src/amqp/content-order.ts";

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const HEARTBEAT = 8;

const faults: [rule: string, state: ContentState, type: number, size: number, fault: number][] = [
  ["a method, where a method is due", AWAITS_METHOD, METHOD, 9, IN_ORDER],
  ["a header without its method", AWAITS_METHOD, HEADER, 14, OUT_OF_ORDER],
  ["a body without method and header", AWAITS_METHOD, BODY, 5, OUT_OF_ORDER],
  ["an empty body without method and header", AWAITS_METHOD, BODY, 0, OUT_OF_ORDER],
  ["a method, where a header is due: the content is aborted", AWAITS_HEADER, METHOD, 9, OUT_OF_ORDER],
  ["a header, where one is due", AWAITS_HEADER, HEADER, 14, IN_ORDER],
  ["a body, where a header is due", AWAITS_HEADER, BODY, 5, OUT_OF_ORDER],
  ["a method inside the body: the content is aborted", 10, METHOD, 9, OUT_OF_ORDER],
  ["a header inside the body", 10, HEADER, 14, OUT_OF_ORDER],
  ["a part of the body", 10, BODY, 4, IN_ORDER],
  ["an empty part of the body", 10, BODY, 0, IN_ORDER],
  ["all of the body", 10, BODY, 10, IN_ORDER],
  ["an octet more than the body", 10, BODY, 11, OVERRUN],
  ["a method, where nothing is known", AWAITS_ANY, METHOD, 9, IN_ORDER],
  ["a header, where nothing is known", AWAITS_ANY, HEADER, 14, IN_ORDER],
  ["a body, where nothing is known", AWAITS_ANY, BODY, 1_000_000, IN_ORDER],
  ["a heartbeat has no part in it", 10, HEARTBEAT, 0, IN_ORDER],
  ["a body of 2^40 octets of 2^53", 2 ** 53, BODY, 2 ** 40, IN_ORDER],
];

describe("a frame's place in the order of content", () => {
  it.each(faults)("%s", (_, state, type, size, fault) => {
    expect(contentFault(state, type, size)).toBe(fault);
  });
});

describe("the state behind a frame", () => {
  it("is known behind a method and a header, whatever came before", () => {
    expect(afterMethod(true)).toBe(AWAITS_HEADER);
    expect(afterMethod(false)).toBe(AWAITS_METHOD);
    expect(afterHeader(0)).toBe(AWAITS_METHOD);
    expect(afterHeader(11)).toBe(11);
  });

  it.each<[rule: string, state: ContentState, size: number, then: ContentState]>([
    ["a part of the body leaves the rest", 10, 4, 6],
    ["an empty body leaves all", 10, 0, 10],
    ["the last part ends the content", 10, 10, AWAITS_METHOD],
    ["an overrun ends it too", 10, 11, AWAITS_METHOD],
    ["a body in a header's place ends it", AWAITS_HEADER, 5, AWAITS_METHOD],
    ["a body in a method's place changes nothing", AWAITS_METHOD, 5, AWAITS_METHOD],
    ["what is not known stays so", AWAITS_ANY, 5, AWAITS_ANY],
    ["a body without end", Number.POSITIVE_INFINITY, 5, Number.POSITIVE_INFINITY],
  ])("behind a body frame: %s", (_, state, size, then) => {
    expect(afterBody(state, size)).toBe(then);
  });

  it.each([
    [AWAITS_METHOD, false],
    [AWAITS_ANY, false],
    [AWAITS_HEADER, true],
    [1, true],
  ])("%s is in a content: %s", (state, is) => {
    expect(isInContent(state)).toBe(is);
  });
});
