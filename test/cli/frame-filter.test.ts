/** The filters of `ghostframe frames`, which look at numbers only. */
import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { FrameFilter, parseTimeBound } from "../../src/cli/frame-filter.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { wire } from "../support/wire.ts";

/** `2026-11-21T20:02:44.170274Z`, to the nanosecond. */
function moment(text: string): Moment {
  const [whole, fraction = ""] = text.replace("Z", "").split(".");
  const made = new Moment();
  made.seconds = Date.parse(`${whole}Z`) / 1000;
  made.nanoseconds = Number(fraction.padEnd(9, "0"));
  return made;
}

describe("a time as it is written stands for all of its span", () => {
  const DAY = "2026-11-21T";
  const cases = [
    { bound: "12:00", in: ["12:00:00", "12:00:59.999999999"], before: "11:59:59.999999999", behind: "12:01:00" },
    { bound: "12:00:01", in: ["12:00:01", "12:00:01.999999999"], before: "12:00:00.999999999", behind: "12:00:02" },
    {
      bound: "12:00:01.5Z",
      in: ["12:00:01.5", "12:00:01.599999999"],
      before: "12:00:01.499999999",
      behind: "12:00:01.6",
    },
    {
      bound: "12:00:01.05",
      in: ["12:00:01.05", "12:00:01.059999999"],
      before: "12:00:01.049999999",
      behind: "12:00:01.06",
    },
    {
      bound: "12:00:01.123456789",
      in: ["12:00:01.123456789"],
      before: "12:00:01.123456788",
      behind: "12:00:01.12345679",
    },
    { bound: "00:00", in: ["00:00:00"], before: null, behind: "00:01:00" },
    { bound: "23:59:59", in: ["23:59:59.999999999"], before: "23:59:58.999999999", behind: null },
  ];

  it.each(cases)("$bound, on any day", ({ bound, in: within, before, behind }) => {
    const from = new FrameFilter({ from: parseTimeBound(bound) });
    const to = new FrameFilter({ to: parseTimeBound(bound) });
    const taken = (time: string | null) =>
      time === null ? null : [from, to].map(filter => filter.takesPlace(1, moment(DAY + time)));
    for (const time of within) expect(taken(time), time).toEqual([true, true]);
    expect(taken(before)).toEqual(before === null ? null : [false, true]);
    expect(taken(behind)).toEqual(behind === null ? null : [true, false]);
  });

  it.each(cases)("$bound, on its day only", ({ bound, in: within, before, behind }) => {
    const at = parseTimeBound(DAY + bound);
    const only = new FrameFilter({ from: at, to: at });
    for (const time of within) {
      expect(only.takesPlace(1, moment(DAY + time)), time).toBe(true);
      expect(only.takesPlace(1, moment(`2026-11-20T${time}`)), "the day before").toBe(false);
      expect(only.takesPlace(1, moment(`2026-11-22T${time}`)), "the day after").toBe(false);
    }
    for (const time of [before, behind]) {
      if (time !== null) expect(only.takesPlace(1, moment(DAY + time)), time).toBe(false);
    }
  });

  it.each(["", "12", "24:00", "12:60", "12:00:60", "2026-02-30T12:00", "2026-13-01T12:00", "12:00:01.", "noon"])(
    'and "%s" is none',
    text => {
      expect(() => parseTimeBound(text)).toThrow(InvalidArgumentError);
    },
  );
});

it("connections are told by their numbers", () => {
  const filter = new FrameFilter({ connection: ["c1", "c12"] });
  expect([1, 2, 12, 121].map(number => filter.takesPlace(number, new Moment()))).toEqual([true, false, true, false]);
});

describe("frames", () => {
  const ackFrame = wire().ack(7, 1).octets;
  const takes = (filter: FrameFilter, type: number, channel = 7, size = ackFrame.length - 8) =>
    filter.takesFrame(type, channel, ackFrame, 7, size);

  it("pass when nothing is asked for", () => {
    for (const type of [1, 2, 3, 8]) expect(takes(new FrameFilter({}), type)).toBe(true);
  });

  it("by type", () => {
    const filter = new FrameFilter({ type: ["body", "heartbeat"] });
    expect([1, 2, 3, 8].map(type => takes(filter, type))).toEqual([false, false, true, true]);
    expect(new FrameFilter({ type: ["method"] }).takesFrame(1, 7, null, 0, 13)).toBe(true);
  });

  it("by method, of method frames only", () => {
    const filter = new FrameFilter({ type: ["basic.ack"] });
    // The same octets as the payload of other frames are no method.
    expect([1, 2, 3, 8].map(type => takes(filter, type))).toEqual([true, false, false, false]);
    expect(takes(new FrameFilter({ type: ["basic.nack", "channel.open"] }), 1)).toBe(false);
  });

  it("by method, where its ids were captured", () => {
    const filter = new FrameFilter({ type: ["basic.ack"] });
    expect(filter.takesFrame(1, 7, null, 0, 13)).toBe(false);
    expect(takes(filter, 1, 7, 3)).toBe(false);
    expect(takes(filter, 1, 7, 4)).toBe(true);
  });

  it("by channel, and by type as well", () => {
    const filter = new FrameFilter({ channel: [7, 9], type: ["header"] });
    expect(takes(filter, 2, 7)).toBe(true);
    expect(takes(filter, 2, 8)).toBe(false);
    expect(takes(filter, 3, 9)).toBe(false);
  });

  it("of messages are not asked for where none of them would pass", () => {
    const takes = (...type: string[]) => new FrameFilter({ type }).takesMessages;
    expect(new FrameFilter({}).takesMessages).toBe(true);
    for (const name of ["method", "header", "body", "basic.publish", "basic.deliver", "basic.return", "basic.get-ok"]) {
      expect(takes("heartbeat", name), name).toBe(true);
    }
    expect(takes("heartbeat", "basic.ack", "channel.open", "connection.close")).toBe(false);
  });
});
