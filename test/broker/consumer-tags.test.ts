/** A consumer tag used twice: an error as long as the consumer is there, which the broker's basic.cancel and others' doings end. */
import { describe, expect, it } from "vitest";
import { join, octet, short, shortstr, table, type Wire, wire } from "../support/wire.ts";
import { judged, said } from "./judged.ts";

const REUSED = "530 (60, 20) NOT_ALLOWED - attempt to reuse consumer tag 'a'";
const TRUE = join([0x74, 1]);
const CAPABILITIES = { capabilities: join([0x46], table({ consumer_cancel_notify: TRUE })) };

const ready = (properties: Parameters<Wire["startOk"]>[0] = CAPABILITIES) =>
  wire().protocolHeader().startOk(properties).tuneOk().open().channelOpen(1);
const consume = (tag = "a") =>
  wire().method(1, 60, 20, short(0), shortstr("orders"), shortstr(tag), octet(0), table()).octets;
const deleteQueue = wire().method(1, 50, 40, short(0), shortstr("orders"), octet(0)).octets;
const later = { pause: 900_000_000 };
const cancelled = (tag = "a") => ({ server: wire().tune().openOk().channelOpenOk(1).cancel(1, tag) });

type Part = Parameters<typeof judged>[0][number];

describe("a consumer tag used twice, the second time a while later", () => {
  it.each<[string, readonly Part[], string]>([
    ["is an error", [ready().octets, consume(), later, consume()], REUSED],
    ["is none of another name", [ready().octets, consume(), later, consume("b")], "nothing"],
    [
      "is none behind the client's cancel",
      [ready().octets, consume(), later, wire().cancel(1, "a").octets, later, consume()],
      "nothing",
    ],
    ["is none behind the broker's cancel", [ready().octets, consume(), cancelled(), later, consume()], "nothing"],
    ["is none where that was captured late", [ready().octets, consume(), later, consume(), cancelled()], "nothing"],
    [
      "is one where another consumer was cancelled",
      [ready().octets, consume(), cancelled("b"), later, consume()],
      REUSED,
    ],
    ["may be none where a queue was deleted", [ready().octets, consume(), deleteQueue, later, consume()], "nothing"],
    ["may be none where the client would not be told", [ready({}).octets, consume(), later, consume()], "nothing"],
  ])("%s", (_what, parts, verdict) => {
    expect(said(judged(parts))).toBe(verdict);
  });

  it("may be none where the broker's octets were not captured", () => {
    expect(said(judged([ready().octets, consume(), later, consume()], { server: null }))).toBe("nothing");
  });
});
