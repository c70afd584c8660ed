/** Every error there is has a name, a sentence, causes; and octets are told for what they are. */
import { describe, expect, it } from "vitest";
import { CLIENT_LIBRARIES } from "../../src/connection/client-libraries.ts";
import { CAUSES } from "../../src/explain/cause-catalogue.ts";
import { type Explanation, explain } from "../../src/explain/explain.ts";
import { tallied } from "./explain-text.ts";

function explained(text: string): Explanation {
  const { incidents } = tallied(text);
  expect(incidents).toHaveLength(1);
  return explain(incidents[0]!.report, incidents[0]!.tornLater);
}

describe("every sentence of the broker's", () => {
  it.each<[text: string, name: string, code: number | null, cause: string, summary: RegExp]>([
    [
      "UNEXPECTED_FRAME - expected method frame, got non method frame instead",
      "unexpected_frame",
      505,
      "shared-channel",
      /while no message was being sent/,
    ],
    [
      "expected content header for class 60, got non content header frame instead",
      "unexpected_frame",
      505,
      "shared-channel",
      /was not its content header/,
    ],
    [
      "expected content header for class 60, got one for class 50 instead",
      "unexpected_frame",
      505,
      "shared-channel",
      /is of class 50/,
    ],
    [
      "expected content body, got non content body frame instead",
      "unexpected_frame",
      505,
      "shared-channel",
      /octets of its body were still missing/,
    ],
    [
      "UNEXPECTED_FRAME - type 8, all octets = <<>>",
      "unexpected_frame",
      505,
      "protocol-mismatch",
      /heartbeats belong on channel 0/,
    ],
    [
      'UNEXPECTED_FRAME - type 3, first 16 octets = <<"{\\"task\\":\\"enable_">>',
      "unexpected_frame",
      505,
      "shared-connection",
      /content on channel 0/,
    ],
    ["FRAME_ERROR - cannot decode <<0,0,0,200,104,105>>", "cannot decode", 501, "client-encoding", /do not decode/],
    ["FRAME_ERROR - Malformed UTF-8 in shortstr", "malformed UTF-8", 501, "client-encoding", /is not UTF-8/],
    [
      "FRAME_ERROR - content body frame exceeds remaining content size",
      "content body size",
      501,
      "body-size-miscounted",
      /More octets of body/,
    ],
    [
      "FRAME_ERROR - content body size 600000000 exceeds maximum allowed size 536870912",
      "content body size",
      501,
      "body-size-miscounted",
      /600,000,000/,
    ],
    ["FRAME_ERROR - type 4, all octets = <<>>: unknown_frame", "unknown_frame", 501, "protocol-mismatch", /type 4/],
    [
      "exception exit: {unknown_method_id,{60,41}}",
      "unknown_method_id",
      null,
      "buffer-reuse",
      /class-id 60 and method-id 41/,
    ],
    [
      "no function clause matching rabbit_binary_parser:parse_table(<<1>>)",
      "malformed table",
      null,
      "client-encoding",
      /field table/,
    ],
    ["CHANNEL_ERROR - expected 'channel.open'", "channel_error", 504, "closed-channel-used", /not open/],
    ["CHANNEL_ERROR - second 'channel.open' seen", "channel_error", 504, "channel-number-twice", /open already/],
    ["CHANNEL_ERROR - unexpected method in connection state running", "channel_error", 504, "reconnect", /“running”/],
    [
      "NOT_ALLOWED - number of channels opened (10) has reached the negotiated channel_max (10)",
      "channel_max",
      530,
      "channel-leak",
      /than the 10 agreed on/,
    ],
    ["COMMAND_INVALID - unimplemented method", "not supported", 503, "unsupported-method", /unimplemented method/],
    ["NOT_IMPLEMENTED - immediate=true", "not supported", 540, "unsupported-method", /immediate=true/],
    ["541 INTERNAL_ERROR", "internal_error", 541, "client-encoding", /INTERNAL_ERROR/],
    ["{bad_header,<<22,3,1,0,192,1,0,0>>}", "bad_header", null, "plain-answered", /did not begin with AMQP/],
    [
      'client did not start with AMQP protocol header: <<"GET / HT">>',
      "bad_header",
      null,
      "wrong-port",
      /did not begin with AMQP/,
    ],
    ["TLS client detected on non-TLS AMQP port. Ensure …", "bad_header", null, "plain-answered", /TLS handshake/],
    ["HTTP GET request detected on AMQP port. Ensure …", "bad_header", null, "wrong-port", /HTTP request/],
    ["{bad_header,<<8,0,0,0,0,0,0,206>>}", "bad_header", null, "reconnect", /did not begin/],
    ["{bad_version,{0,0,9,2}}", "bad_version", null, "wrong-version", /of a version/],
    ["amqp1_0_plugin_not_enabled", "AMQP 1.0", null, "wrong-version", /AMQP 1\.0/],
    [
      "failed to negotiate connection parameters: negotiated frame_max = 4096 is lower than the minimum allowed value (8192)",
      "tune refused",
      null,
      "frame-max-refused",
      /lower than the minimum/,
    ],
    [
      "FRAME_ERROR - frame size 140000 exceeded max 131072 bytes",
      "frame_too_large",
      501,
      "ignored-frame-max",
      /140,000/,
    ],
    [
      "com.rabbitmq.client.MalformedFrameException: Bad frame end marker: 69",
      "frame end missing",
      null,
      "in-between",
      /69 \(0x45, “E”\)/,
    ],
    ["Error: Frame size exceeds frame max", "frame too large", null, "not-a-broker", /The client read/],
    ["504", "reply code 504", 504, "closed-channel-used", /Only the code/],
    ["541", "reply code 541", 541, "client-encoding", /Only the code/],
  ])("%s", (text, name, code, cause, summary) => {
    const explanation = explained(text);
    expect([explanation.name, explanation.code]).toEqual([name, code]);
    expect(explanation.summary).toMatch(summary);
    expect(explanation.causes[0]?.id).toBe(cause);
    expect(explanation.causes.length).toBeGreaterThan(1);
  });
});

describe("octets", () => {
  const top = (text: string) => explained(text).readings[0];

  it("lays the header open, unknown octets as ??", () => {
    expect(explained("{frame_too_large,134217728,131064}").octets).toEqual([
      { index: 0, hex: "??", takenFor: "type", likely: "start of a frame header, cut off" },
      { index: 1, hex: "??", takenFor: "channel", likely: "start of a frame header, cut off" },
      { index: 2, hex: "??", takenFor: "channel", likely: "start of a frame header, cut off" },
      { index: 3, hex: "08", takenFor: "size 134,217,728", likely: "heartbeat frame" },
      ...[4, 5, 6].map(index => ({ index, hex: "00", takenFor: "size 134,217,728", likely: "heartbeat frame" })),
    ]);
  });

  it.each([
    ["a header torn after 3 octets by a body frame", "03 00 02 03 00 01 00", "frame-in-header", 3],
    ["a content header torn after 4 octets by a heartbeat", "02 00 01 00 08 00 00", "heartbeat-in-header", 4],
    ["a body of 512 KiB", "03 00 01 00 08 00 00", "genuine-oversize", null],
    ["a publish's arguments, their header passed", "00 3c 00 28 00 00 05", "content-octets", null],
    ["the end of a name and a traceparent's length", "6e 74 53 00 00 00 37", "headers-table", null],
    ["tracestate behind the value before it", "2d 30 31 0a 74 72 61", "headers-table", null],
    ["type and channel, then JSON", "03 00 01 7b 22 69 64", "payload-text", null],
    ["UTF-8", "d0 bf d1 80 d0 b8 d0", "payload-text", null],
    ["SSH", "53 53 48 2d 32 2e 30", "foreign-protocol", null],
    ["MQTT", "10 25 00 04 4d 51 54", "foreign-protocol", null],
    ["a PROXY header", "50 52 4f 58 59 20 54", "foreign-protocol", null],
    ["AMQP 1.0", "41 4d 51 50 03 01 00", "second-handshake", null],
    ["nothing known", "9f e3 80 11 b7 02 fa", "unknown", null],
    ["a size in little-endian order", "03 00 01 14 00 00 00", "byte-order", null],
  ])("%s", (_, text, kind, boundary) => {
    expect(top(text)).toMatchObject({ kind, boundary });
  });

  it("warns that a tracing header is the victim, not the culprit", () => {
    expect(top("type 0, channel 0, size 1544254578")?.why).toContain("tracing header");
  });

  it("says where a frame goes on that ended early, and what follows a publish", () => {
    expect(
      top("type 3, first 16 octets = <<123,125,206,1,0,4,0,0,0,14,0,60,0,40,0,0>>: {invalid_frame_end_marker,5}"),
    ).toMatchObject({ kind: "frame-in-payload", boundary: 10 });
    expect(
      top(
        "type 1, first 16 octets = <<0,60,0,40,0,0,9,105,110,103,101,115,116,105,111,110>>: {invalid_frame_end_marker,2}",
      )?.kind,
    ).toBe("torn-later");
    const readings = explained(
      "type 1, first 16 octets = <<0,60,0,40,0,0,9,105,110,103,101,115,116,105,111,110>>: {invalid_frame_end_marker,2}",
    ).readings;
    expect(readings.map(({ kind }) => kind)).toContain("end-missing");
  });

  it("does not take a payload for good that its type does not have", () => {
    expect(top('type 1, first 16 octets = <<"{\\"task\\":\\"enable_">>: {invalid_frame_end_marker,98}')).toMatchObject({
      kind: "payload-text",
      confidence: "likely",
    });
    expect(
      top('type 101, first 16 octets = <<"ask\\":\\"enable_swit">>: {invalid_frame_end_marker,98}')?.kind,
    ).not.toBe("torn-later");
  });

  it("names the argument that does not decode", () => {
    const line =
      'operation queue.bind caused a connection exception frame_error: "cannot decode <<0,0,5,116,97,115,107,115,200,1>>"';
    expect(top(line)?.meaning).toContain("argument exchange of queue.bind wants 200 octets where 1 are left");
  });

  it("reads method ids that are none", () => {
    expect(top("{unknown_method_id,{31522,26996}}")).toMatchObject({ kind: "payload-text" });
    expect(top("{unknown_method_id,{60,0}}")).toMatchObject({ kind: "content-octets" });
  });

  it("tells a token that is too long for the handshake from corruption", () => {
    const explanation = explained("type 1, all octets = <<>>: {frame_too_large,6307,4088}");
    expect(explanation.readings[0]).toMatchObject({ kind: "handshake-oversize", confidence: "near certain" });
    expect(explanation.causes[0]).toMatchObject({ id: "large-token" });
  });

  it("tells genuine oversize by type, channel and size together", () => {
    const kind = (type: number, channel: number, size: number) =>
      top(`type ${type}, channel ${channel}, size ${size}, limit 131064`)?.kind;
    expect(kind(3, 1, 140_000)).toBe("genuine-oversize");
    expect(kind(3, 1, 10_000_000)).toBe("genuine-oversize");
    expect(kind(2, 1, 131_387)).toBe("genuine-oversize");
    expect(kind(3, 30_000, 140_000)).not.toBe("genuine-oversize");
    expect(kind(7, 1, 140_000)).not.toBe("genuine-oversize");
    expect(kind(3, 1, 3_000_000_000)).not.toBe("genuine-oversize");
  });

  it("knows that 8 octets are forgiven", () => {
    expect(top("type 3, channel 1, size 131072, limit 131064")?.why).toContain("RabbitMQ forgives");
    expect(top("type 3, channel 1, size 131073, limit 131064")?.why).not.toContain("RabbitMQ forgives");
  });
});

describe("advice", () => {
  it("is for the library that is told from the text", () => {
    const { clients } = explained(
      "(Bunny::FrameError) FRAME_ERROR - type 48, all octets = <<>>: {frame_too_large,946168621,131064}",
    );
    expect(clients).toEqual([expect.objectContaining({ library: "bunny", recognised: true })]);
  });

  it("is for those that break this way where none is", () => {
    const libraries = (text: string) => explained(text).clients.map(({ library }) => library);
    expect(libraries("946168621")).toContain("pika");
    expect(libraries("946168621")).not.toContain("amqp091-go");
    expect(libraries("expected content body, got non content body frame instead")).toContain("amqp091-go");
    expect(libraries("01 00 01 00 00 00 05 CE")[0]).toBe("java");
    expect(libraries("type 2, channel 1, size 200000")).toEqual([]);
  });

  it("puts a fork and a cut write first where a library locks its writes", () => {
    const text = "Bunny: FRAME_ERROR - type 48, all octets = <<>>: {frame_too_large,946168621,131064}";
    expect(
      explained(text)
        .causes.slice(0, 2)
        .map(({ id }) => id),
    ).toEqual(["fork", "cut-write"]);
  });

  it("puts a shared connection first where frames broke behind an order error", () => {
    const { incidents } = tallied("expected method frame, got non method frame instead");
    expect(explain(incidents[0]!.report, false).causes[0]?.id).toBe("shared-channel");
    expect(explain(incidents[0]!.report, true).causes[0]?.id).toBe("shared-connection");
  });

  it("has all its parts", () => {
    for (const { title, confirm, remedy } of Object.values(CAUSES)) {
      for (const text of [title, confirm, remedy]) expect(text).toMatch(/^\S.*\S$/);
      expect([confirm, remedy].every(text => /[.?]$/.test(text))).toBe(true);
    }
    for (const { label, writes, remedy } of Object.values(CLIENT_LIBRARIES)) {
      expect(label.length).toBeLessThan(11);
      expect(writes).not.toMatch(/\.$/);
      expect(remedy).toMatch(/\.$/);
    }
  });
});
