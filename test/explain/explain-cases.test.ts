/**
 * Corruption seen in the field, a row each: what a broker's text says, and what its octets were. The names are those of
 * the reports; "the shape of" marks a text put together from what a report tells.
 */
import { describe, expect, it } from "vitest";
import { type Explanation, explain } from "../../src/explain/explain.ts";
import { tallied } from "./explain-text.ts";

interface Case {
  name: string;
  text: string;
  /** Kind of the best reading, or of the error where it is not about octets. */
  reads: string;
  confidence?: string;
  /** In the best reading's words. */
  says?: RegExp;
  /** Index of the octet at which a frame really begins. */
  boundary?: number;
  /** The likeliest cause. */
  cause: string;
  /** Among the causes. */
  also?: string;
  library?: string;
}

const TORN: Case[] = [
  {
    name: "bunny#226: a second protocol header on a live socket",
    text: "(Bunny::FrameError) Connection-level error: FRAME_ERROR - type 65, all octets = <<>>: {frame_too_large,1342177289,131064}",
    reads: "second-handshake",
    confidence: "near certain",
    cause: "reconnect",
    library: "bunny",
  },
  {
    name: "pika#320 (2013): the same, its log's channel included",
    text: 'AMQP connection <0.783.0> (running), channel 19793 - error:\n{amqp_error,frame_error,\n            "type 65, all octets = <<>>: {frame_too_large,1342177289,131064}",\n            none}',
    reads: "second-handshake",
    confidence: "near certain",
    says: /second handshake/,
    cause: "reconnect",
    also: "reused-socket",
  },
  {
    name: "the same as bare numbers",
    text: "type 65, channel 19793, size 1342177289",
    reads: "second-handshake",
    confidence: "near certain",
    cause: "reconnect",
  },
  {
    name: "the same as one number",
    text: "1342177289",
    reads: "second-handshake",
    confidence: "near certain",
    cause: "reconnect",
  },
  {
    name: "rabbitmq-server#1066: 8 octets late inside channel.open, a heartbeat follows",
    text: "error: Opening channel: server connection error501message: FRAME_ERROR - type 20, all octets = <<>>: {frame_too_large,13502464,131064}",
    reads: "late-frame",
    confidence: "near certain",
    says: /heartbeat/,
    boundary: 5,
    cause: "shared-connection",
    library: "rabbitmq-c",
  },
  {
    name: "the same, as octets",
    text: "14 00 0A 00 CE 08 00",
    reads: "late-frame",
    confidence: "near certain",
    says: /heartbeat/,
    boundary: 5,
    cause: "shared-connection",
  },
  {
    name: "QAMQP#44: end octet, then the body header of channel 1",
    text: "text: FRAME_ERROR - type 2, all octets = <<>>: {frame_too_large,3456303105,131064}",
    reads: "late-frame",
    confidence: "near certain",
    says: /body frame on channel 1/,
    boundary: 4,
    cause: "shared-connection",
  },
  {
    name: "node-amqp#292: a send buffer shared between writers",
    text: "type 101, channel 30510, size 875836213",
    reads: "payload-text",
    confidence: "near certain",
    says: /“ew\.4435”/,
    cause: "shared-connection",
    also: "buffer-reuse",
  },
  {
    name: "pika#320 (2020): payload text (a UUID) at a frame boundary",
    text: 'operation none caused a connection exception frame_error: "type 48, all octets = <<>>: {frame_too_large,946168621,131064}',
    reads: "payload-text",
    confidence: "near certain",
    says: /“0\?\?8ec-”/,
    cause: "shared-connection",
  },
  {
    name: "SimpleAmqpClient#146: payload text (a log date)",
    text: "connection error: 501: FRAME_ERROR - type 91, all octets = <<>>: {frame_too_large,825699632,131064}",
    reads: "payload-text",
    confidence: "near certain",
    says: /“\[\?\?17-0”/,
    cause: "shared-connection",
    library: "rabbitmq-c",
  },
  {
    name: "pika#408: fits one octet before the end octet, then a body header (inferred)",
    text: "FRAME_ERROR - type 109, all octets = <<>>: {frame_too_large,65536,32760}",
    reads: "late-frame",
    confidence: "possible",
    says: /channel 1/,
    boundary: 2,
    cause: "shared-connection",
  },
  {
    name: "bunny#120: a whole publish of channel 3 behind a bare header",
    text: "bad end 110, payload 01 00 03 00 00 00 14 00 3C 00 28",
    reads: "frame-in-payload",
    confidence: "near certain",
    says: /basic\.publish frame on channel 3 of 20 octets/,
    boundary: 7,
    cause: "shared-connection",
  },
  {
    name: "AMQP-CPP#278: a content header of channel 40 inside a body frame",
    text: "type 3, first 16 octets = <<2,0,40,0,0,0,14,0,60,0,0,0,0,0,0,0>>: {invalid_frame_end_marker,0}",
    reads: "frame-in-payload",
    confidence: "near certain",
    says: /content header frame on channel 40/,
    boundary: 7,
    cause: "shared-connection",
  },
  {
    name: "rabbitmq-dotnet-client#457: bad end 0, the write lock dropped in 5.1",
    text: 'RabbitMQ.Client.Exceptions.AlreadyClosedException: Already closed: The AMQP operation was interrupted: AMQP close-reason, initiated by Peer, code=501, text="FRAME_ERROR - type 3, first 16 octets = <<"?{\\"Correlation">>: {invalid_frame_end_marker,\n                                                    0}", classId=0, methodId=0, cause=',
    reads: "torn-later",
    cause: "shared-connection",
    library: "dotnet",
  },
  {
    name: "rabbitmq-dotnet-client#681: bad end 102",
    text: "AMQP close-reason, initiated by Peer, code=501, text='FRAME_ERROR - type 3, all octets = <<1,2>>: {invalid_frame_end_marker,102}', classId=0, methodId=0",
    reads: "torn-later",
    cause: "shared-connection",
    library: "dotnet",
  },
  {
    name: "amqp-client.js#29: bad end 0, a frame buffer reused while being written",
    text: "connection closed by server 501 FRAME_ERROR - type 1, first 16 octets = <<0,60,0,20,0,0,22,119,101,98,104,111,111,107,46,97>>: {invalid_frame_end_marker, 0} 0 0",
    reads: "torn-later",
    says: /basic\.consume/,
    cause: "buffer-reuse",
    library: "amqp-client.js",
  },
  {
    name: "rabbitmq-java-client#1778: a header and an end octet, the payload missing",
    text: "01 00 01 00 00 00 05 CE",
    reads: "payload-missing",
    says: /without the payload/,
    boundary: 8,
    cause: "shared-connection",
  },
  {
    name: "the shape of it in a log",
    text: "type 1, all octets = <<206,1,0,2,0>>: {invalid_frame_end_marker,0}",
    reads: "payload-missing",
    confidence: "near certain",
    boundary: 8,
    cause: "shared-connection",
  },
  {
    name: "py-amqp#462: a live view of a shared buffer",
    text: "amqp.exceptions.FrameSyntaxError: (0, 0): (501) FRAME_ERROR - type 99, all octets = <<>>: {frame_too_large,1667457891,131064}",
    reads: "payload-text",
    says: /“c\?\?cccc”/,
    cause: "shared-connection",
    library: "py-amqp",
  },
  {
    name: "the public report of 2022, over 134 megabytes: a heartbeat inside a torn header",
    text: "134217728",
    reads: "heartbeat-in-header",
    confidence: "likely",
    says: /heartbeat/,
    boundary: 3,
    cause: "heartbeat-thread",
    also: "shared-connection",
  },
  {
    name: "the same, with the header's first octets",
    text: "type 3, channel 2, size 134217728",
    reads: "heartbeat-in-header",
    confidence: "near certain",
    boundary: 3,
    cause: "heartbeat-thread",
  },
  {
    name: "the same size behind an end octet: the channel gives it away",
    text: "type 34, channel 32206, size 134217728",
    reads: "late-frame",
    confidence: "near certain",
    says: /heartbeat/,
    boundary: 3,
    cause: "shared-connection",
  },
  {
    name: "pika threads: the middle of a headers table, traceparent",
    text: "type 0, channel 0, size 1544254578",
    reads: "headers-table",
    confidence: "near certain",
    says: /traceparent/,
    cause: "shared-connection",
  },
  {
    name: "the same in hex",
    text: "0x5c0b7472",
    reads: "headers-table",
    confidence: "likely",
    says: /traceparent/,
    cause: "shared-connection",
  },
  {
    name: "pika threads: BBBB",
    text: "{frame_too_large,1111638594,131064}",
    reads: "payload-text",
    confidence: "likely",
    says: /BBBB/,
    cause: "shared-connection",
  },
  {
    name: "py-amqp threads: cccc",
    text: "1667457891",
    reads: "payload-text",
    confidence: "likely",
    says: /cccc/,
    cause: "shared-connection",
  },
];

const OVERSIZE: Case[] = [
  {
    name: "a content header of 150 KB (pika#831)",
    text: "pika.exceptions.ConnectionClosedByBroker: (501, 'FRAME_ERROR - type 2, all octets = <<>>: {frame_too_large,153651,131064}')",
    reads: "genuine-oversize",
    confidence: "near certain",
    cause: "oversize-headers",
    library: "pika",
  },
  {
    name: "the shape of NServiceBus#102: exceptions in headers",
    text: 'AMQP close-reason, initiated by Peer, code=501, text="FRAME_ERROR - type 2, all octets = <<>>: {frame_too_large,131387,131064}"',
    reads: "genuine-oversize",
    confidence: "near certain",
    cause: "oversize-headers",
    library: "dotnet",
  },
  {
    name: "rabbitmq-server#921",
    text: 'operation none caused a connection exception frame_error: "type 2, all octets = <<>>: {frame_too_large,495535,131064}"',
    reads: "genuine-oversize",
    confidence: "near certain",
    cause: "oversize-headers",
  },
  {
    name: "bunny#97: a body frame too long",
    text: "Unknown reply code: 501, text: FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,130659,130164}",
    reads: "genuine-oversize",
    confidence: "near certain",
    cause: "ignored-frame-max",
  },
  {
    name: "stormed#24: bodies cut for 131072 where 65536 was agreed on",
    text: "Connection Hard Error. code='FRAME_ERROR'. FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,131064,65528}",
    reads: "genuine-oversize",
    confidence: "near certain",
    cause: "ignored-frame-max",
  },
];

const SIGNATURES: Case[] = [
  {
    name: "HTTP/1. = type 72, channel 21588, size 1345270062",
    text: "type 72, channel 21588, size 1345270062",
    reads: "foreign-protocol",
    confidence: "near certain",
    says: /HTTP response/,
    cause: "reused-descriptor",
    also: "wrong-port",
  },
  {
    name: "GET  = type 71",
    text: "type 71",
    reads: "foreign-protocol",
    confidence: "possible",
    says: /HTTP request/,
    cause: "reused-descriptor",
  },
  {
    name: "GET / with all of it",
    text: "47 45 54 20 2f 61 70",
    reads: "foreign-protocol",
    confidence: "near certain",
    says: /HTTP request/,
    cause: "reused-descriptor",
  },
  {
    name: "16 03 0x: TLS",
    text: "16 03 01 02 00 01 00",
    reads: "foreign-protocol",
    confidence: "near certain",
    says: /TLS/,
    cause: "reused-descriptor",
  },
  {
    name: "printable type and size: payload text",
    text: "type 123, size 1768038497",
    reads: "payload-text",
    confidence: "near certain",
    cause: "shared-connection",
  },
  {
    name: "0xCE at octet 0",
    text: "CE 01 00 02 00 00 10",
    reads: "late-frame",
    boundary: 1,
    cause: "shared-connection",
  },
  {
    name: "0xCE at octet 1",
    text: "7d ce 02 00 07 00 00",
    reads: "late-frame",
    boundary: 2,
    cause: "shared-connection",
  },
  {
    name: "0xCE at octet 2",
    text: "22 7d ce 03 00 01 00",
    reads: "late-frame",
    boundary: 3,
    cause: "shared-connection",
  },
  {
    name: "0xCE at octet 3",
    text: "61 22 7d ce 01 00 01",
    reads: "late-frame",
    boundary: 4,
    cause: "shared-connection",
  },
  {
    name: "0xCE at octet 4",
    text: "61 62 22 7d ce 08 00",
    reads: "late-frame",
    boundary: 5,
    cause: "shared-connection",
  },
  {
    name: "a snippet that starts 01/02/03 + channel + 00 00: a foreign frame",
    text: "type 2, first 16 octets = <<3,0,9,0,0,4,176,123,34,105,100,34,58,49,125,44>>: {invalid_frame_end_marker,49}",
    reads: "frame-in-payload",
    says: /body frame on channel 9 of 1,200 octets/,
    boundary: 7,
    cause: "shared-connection",
  },
  {
    name: "a valid type, an open channel, a modest size: genuine",
    text: "type 3, channel 5, size 140000",
    reads: "genuine-oversize",
    cause: "ignored-frame-max",
  },
];

const ORDER: Case[] = [
  {
    name: "wuzapi#362: two threads on one channel",
    text: 'Exception (505) Reason: "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead"',
    reads: "content-order",
    cause: "shared-channel",
    library: "amqp091-go",
  },
  {
    name: "a body nobody waits for",
    text: "UNEXPECTED_FRAME - expected method frame, got non method frame instead",
    reads: "content-order",
    cause: "shared-channel",
  },
  {
    name: "a method inside a body",
    text: "UNEXPECTED_FRAME - expected content body, got non content body frame instead",
    reads: "content-order",
    cause: "shared-channel",
    also: "body-size-miscounted",
  },
];

describe.each([
  ["torn frames", TORN],
  ["genuine oversize, which must not be called corruption", OVERSIZE],
  ["signatures", SIGNATURES],
  ["order", ORDER],
])("%s", (_, cases) => {
  it.each(cases)("$name", ({ text, reads, confidence, says, boundary, cause, also, library }) => {
    const { incidents } = tallied(text);
    expect(incidents).toHaveLength(1);
    const { report } = incidents[0]!;
    const explained: Explanation = explain(report);
    const top = explained.readings[0];
    expect(top?.kind ?? report.error.kind).toBe(reads);
    if (confidence !== undefined) expect(top?.confidence).toBe(confidence);
    if (says !== undefined) expect(top?.meaning).toMatch(says);
    if (boundary !== undefined) expect(top?.boundary).toBe(boundary);
    expect(explained.causes[0]?.id).toBe(cause);
    if (also !== undefined) expect(explained.causes.map(({ id }) => id)).toContain(also);
    if (library !== undefined) expect(report.library).toBe(library);
    // Hypotheses, never one confident guess.
    expect(explained.causes.length).toBeGreaterThan(1);
    expect(explained.causes.every(({ confidence }) => confidence !== "near certain")).toBe(true);
    for (const cause of explained.causes) expect([cause.why, cause.confirm, cause.remedy]).not.toContain("");
  });
});

it.each(OVERSIZE)("$name is not called corrupt", ({ text }) => {
  const { summary, clients, boundary } = explain(tallied(text).incidents[0]!.report);
  expect(summary).toContain("too large, not corrupt");
  expect(boundary).toBe("where it was looked for");
  expect(clients.every(({ recognised }) => recognised)).toBe(true);
});
