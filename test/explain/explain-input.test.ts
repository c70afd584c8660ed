/** What explain reads: logs of every format, exceptions of every client, and what people type. */
import { describe, expect, it } from "vitest";
import type { BrokerError, ErrorReport } from "../../src/explain/error-report.ts";
import { explain } from "../../src/explain/explain.ts";
import { tallied } from "./explain-text.ts";

const JSON_START = Uint8Array.from(Buffer.from('{"task":"enable_'));
const TORN: BrokerError = { kind: "frame-end", type: 3, endOctet: 98, snippet: { octets: JSON_START, whole: false } };
const LARGE: BrokerError = { kind: "frame-too-large", type: 66, size: 1_111_638_594, limit: 131_064 };
const REPLY = 'FRAME_ERROR - type 3, first 16 octets = <<"{\\"task\\":\\"enable_">>: {invalid_frame_end_marker,98}';

function only(text: string): ErrorReport {
  const { incidents } = tallied(text);
  expect(incidents).toHaveLength(1);
  return incidents[0]!.report;
}

describe("logs of RabbitMQ", () => {
  const PREFIX = "2026-11-21 18:23:06.185045+00:00 [error] <0.5388.1> ";
  const HEAD =
    "Error on AMQP connection <0.5388.1> (127.0.0.1:58622 -> 127.0.0.1:5673 - rails-worker-fork, vhost: '/', user: 'guest', state: running), channel 2:";
  const WRAPPED = `${" ".repeat(54)}98}"`;
  const EXCEPTION = ` operation none caused a connection exception frame_error: "type 3, first 16 octets = <<\\"{\\\\\\"task\\\\\\":\\\\\\"enable_\\">>: {invalid_frame_end_marker,\\n${WRAPPED}`;

  const logs: [format: string, text: string][] = [
    ["3.10: every line with a prefix", `${PREFIX}${HEAD}\n${PREFIX}${EXCEPTION}`],
    ["3.8: the first line only", `2026-11-21 18:23:06.185 [error] <0.5388.1> ${HEAD}\n${EXCEPTION.trim()}`],
    ["3.6: a report", `=ERROR REPORT==== 21-Nov-2026::18:23:06 ===\n${HEAD}\n${EXCEPTION.trim()}`],
    ["4.x: ISO times", `${PREFIX.replace(" ", "T")}${HEAD}\n${PREFIX.replace(" ", "T")}${EXCEPTION}`],
    ["seconds since the epoch", `1795285386 [error] <0.5388.1> ${HEAD}\n1795285386 [error] <0.5388.1> ${EXCEPTION}`],
    ["no prefix at all", `${HEAD}\n${EXCEPTION}`],
    ["in colour", `\x1b[38;5;160m${PREFIX}${HEAD}\x1b[0m\n\x1b[38;5;160m${PREFIX}${EXCEPTION}\x1b[0m`],
    ["Windows line ends", `${PREFIX}${HEAD}\r\n${PREFIX}${EXCEPTION}\r\n`],
    ["behind docker compose", `rabbit-1  | ${PREFIX}${HEAD}\nrabbit-1  | ${PREFIX}${EXCEPTION}`],
    [
      "behind kubectl logs --timestamps",
      `2026-11-21T18:23:06.2Z ${PREFIX}${HEAD}\n2026-11-21T18:23:06.2Z ${PREFIX}${EXCEPTION}`,
    ],
    ["behind syslog", `Nov 21 18:23:06 mq rabbitmq[7]: ${HEAD}\nNov 21 18:23:06 mq rabbitmq[7]: ${EXCEPTION}`],
    [
      "JSON of RabbitMQ",
      JSON.stringify({
        time: "2026-11-21 18:23:06.185045+00:00",
        level: "error",
        msg: `${HEAD}\n${EXCEPTION}`,
        pid: "<0.5388.1>",
        domain: "rabbitmq.connection",
      }),
    ],
    [
      "JSON of a collector, line by line",
      [HEAD, EXCEPTION]
        .map(line => JSON.stringify({ log: `${PREFIX}${line}\n`, stream: "stdout", time: "2026-11-21T18:23:07Z" }))
        .join("\n"),
    ],
    ["broken by a terminal", `${PREFIX}${HEAD}${EXCEPTION}`.replace(/.{80}/g, "$&\n")],
  ];

  it.each(logs)("%s", (format, text) => {
    const report = only(text);
    expect(report.error).toEqual(TORN);
    if (format === "broken by a terminal") return;
    expect(report.channel).toBe(2);
    expect(report.site).toMatchObject({
      peer: { address: "127.0.0.1", port: 58_622 },
      host: { address: "127.0.0.1", port: 5673 },
      name: "rails-worker-fork",
      vhost: "/",
      user: "guest",
      state: "running",
    });
  });

  it.each([
    ["2026-11-21 18:23:06.185045+00:00 [error] <0.1.0> ", "2026-11-21T18:23:06.185045Z"],
    ["2026-11-21T19:23:06.185045+01:00 [error] <0.1.0> ", "2026-11-21T18:23:06.185045Z"],
    ["2026-11-21 12:53:06-05:30 [error] <0.1.0> ", "2026-11-21T18:23:06Z"],
    ["2026-11-21 18:23:06.185 [error] <0.1.0> ", "2026-11-21T18:23:06.185"],
    ["=ERROR REPORT==== 6-Feb-2014::20:28:35 ===\n", "2014-02-06T20:28:35"],
    ["1795285386123456 [error] <0.1.0> ", "2026-11-21T18:23:06.123456Z"],
  ])("time of %j", (prefix, iso) => {
    const { first } = tallied(`${prefix}${HEAD}${EXCEPTION}`).incidents[0]!;
    expect(first?.iso).toBe(iso);
    expect(first?.zoned).toBe(iso.endsWith("Z"));
  });

  it("tells a name that imitates what stands behind it", () => {
    const name = "evil, vhost: 'x', user: 'y', state: closed), channel 9: (";
    const line = `${PREFIX}Error on AMQP connection <0.1.0> ([::1]:4000 -> [::1]:5672 - ${name}, vhost: 'real', user: 'me', state: running), channel 2: operation none caused a connection exception unexpected_frame: "expected method frame, got non method frame instead"`;
    const { site, channel } = only(line);
    expect(site).toMatchObject({
      peer: { address: "::1", port: 4000 },
      name,
      vhost: "real",
      user: "me",
      state: "running",
    });
    expect(channel).toBe(2);
  });

  it("reads the format of 3.5 and before", () => {
    const report = only(
      '=ERROR REPORT==== 6-Feb-2014::20:28:35 ===\nAMQP connection <0.23404.215> (running), channel 1 - error:\n{amqp_error,frame_error,\n            "type 1, first 16 octets = <<0,60,0,40,0,0,9,105,110,103,101,115,116,105,111,110>>: {invalid_frame_end_marker,\\n                                                                                    2}",\n            none}',
    );
    expect(report).toMatchObject({ channel: 1, error: { kind: "frame-end", type: 1, endOctet: 2 } });
    expect(report.site?.state).toBe("running");
  });

  it("reads a handshake's error over several prefixed lines", () => {
    const lines = [
      "closing AMQP connection <0.2771.0> (10.244.136.164:45024 -> 10.244.136.141:5672):",
      "{handshake_error,starting,0,",
      "                 {amqp_error,frame_error,",
      '                             "type 1, all octets = <<>>: {frame_too_large,6307,4088}",',
      "                             none}}",
    ];
    const report = only(lines.map(line => `2025-03-15 05:55:24.745906+00:00 [error] <0.2771.0> ${line}`).join("\n"));
    expect(report.error).toEqual({ kind: "frame-too-large", type: 1, size: 6307, limit: 4088 });
    expect(report.site?.peer).toEqual({ address: "10.244.136.164", port: 45_024 });
  });

  it("tells every incident once, counts those alike, and passes over the rest", () => {
    const incident = (second: number, port: number) =>
      [HEAD.replace("58622", `${port}`), EXCEPTION]
        .map(line => `2026-11-21 18:23:${second}.5+00:00 [error] <0.${port}.0> ${line}\n`)
        .join("");
    const other = "2026-11-21 18:24:00.1+00:00 [info] <0.9.0> Time to publish: 134217728\n";
    const counts = tallied(
      incident(10, 4001) + other + incident(20, 4002) + other + incident(15, 4001).replace("98}", "99}"),
    );
    expect(counts.incidents.map(({ count, peers, first, last }) => [count, peers, first?.iso, last?.iso])).toEqual([
      [2, ["127.0.0.1:4001", "127.0.0.1:4002"], "2026-11-21T18:23:10.5Z", "2026-11-21T18:23:20.5Z"],
      [1, ["127.0.0.1:4001"], "2026-11-21T18:23:15.5Z", "2026-11-21T18:23:15.5Z"],
    ]);
    expect([counts.lines, counts.unrelatedLines]).toEqual([8 + 1, 2]);
  });

  it("ties an error of a connection given up to the one it was given up for", () => {
    const line = (text: string) => `2026-11-21 18:20:02.7+00:00 [error] <0.1396.0> ${text}\n`;
    const site =
      "Error on AMQP connection <0.1396.0> (127.0.0.1:54264 -> 127.0.0.1:5673, vhost: '/', user: 'guest', state: ";
    const { incidents } = tallied(
      line(`${site}running), channel 1:`) +
        line(
          ' operation none caused a connection exception unexpected_frame: "expected method frame, got non method frame instead"',
        ) +
        line(`${site}closed), channel 16962:`).replace(".7", ".8") +
        line(
          ' operation none caused a connection exception frame_error: "type 66, all octets = <<>>: {frame_too_large,1111638594,131064}"',
        ).replace(".7", ".8"),
    );
    expect(incidents.map(({ report }) => report.error)).toEqual([
      { kind: "content-order", expected: "method", otherClass: null },
      LARGE,
    ]);
    expect(incidents[1]!.follows).toBe(incidents[0]);
    expect(incidents[0]!.tornLater).toBe(true);
  });
});

describe("exceptions of clients", () => {
  const python = REPLY.replaceAll("\\", "\\\\");
  const escaped = JSON.stringify(REPLY).slice(1, -1);
  it.each([
    ["bunny", `Connection-level error: ${REPLY} (Bunny::FrameError)`],
    ["pika", `pika.exceptions.ConnectionClosedByBroker: (501, '${python}')`],
    ["pika", `pika.exceptions.ConnectionClosedByBroker: (501) '${REPLY}'`],
    ["py-amqp", `amqp.exceptions.FrameSyntaxError: (0, 0): (501) ${REPLY}`],
    ["aiormq", `aiormq.exceptions.ConnectionFrameError: 501, ${REPLY}`],
    ["amqplib", `Error: Connection closed: 501 (FRAME-ERROR) with message "${REPLY}"`],
    ["php-amqplib", `PhpAmqpLib\\Exception\\AMQPConnectionClosedException: ${REPLY} in /srv/vendor/x.php:704`],
    [
      "java",
      `com.rabbitmq.client.ShutdownSignalException: connection error; protocol method: #method<connection.close>(reply-code=501, reply-text=${REPLY}, class-id=0, method-id=0)`,
    ],
    ["dotnet", `AMQP close-reason, initiated by Peer, code=501, text='${REPLY}', classId=0, methodId=0`],
    ["amqp091-go", `Exception (501) Reason: "${escaped}"`],
    ["rabbitmq-c", `Publishing: server connection error 501, message: ${REPLY}`],
    ["lapin", `AMQP hard error: FRAME-ERROR: ${REPLY}`],
    ["amqp-client.js", `AMQPError: connection closed by server 501 ${REPLY} 0 0`],
  ] as const)("%s", (library, text) => {
    const report = only(text);
    expect(report.error).toEqual(TORN);
    expect(report.library).toBe(library);
  });

  it.each([
    ["a real line break in the term", REPLY.replace(",98}", `,\n${" ".repeat(52)}98}`)],
    ["a quoted line break in the term", REPLY.replace(",98}", `,\\n${" ".repeat(52)}98}`)],
    ["HTML", REPLY.replaceAll("<", "&lt;").replaceAll(">", "&gt;")],
    ["quotation marks that a page made", REPLY.replace("<<", "«").replace(">>", "»")],
    ["quoted three times", JSON.stringify(JSON.stringify(JSON.stringify(REPLY)))],
    ["a string in two pieces", REPLY.replace(":\\", ':"\n          "\\')],
    ["UTF-8", REPLY.replace('enable_">>', 'enable_"/utf8>>')],
    ["numbers", REPLY.replace(/<<.*>>/, `<<${[...JSON_START].join(",")}>>`)],
    ["numbers, wrapped", REPLY.replace(/<<.*>>/, `<<${[...JSON_START].join(",\n      ")}>>`)],
  ])("%s", (_, text) => {
    expect(only(text).error).toEqual(TORN);
  });

  it("reads Latin-1 and UTF-8 binaries to their octets", () => {
    const snippet = (binary: string) => only(`type 3, all octets = ${binary}: {invalid_frame_end_marker,1}`).error;
    const octets = (...expected: number[]) => ({ snippet: { octets: Uint8Array.from(expected) } });
    expect(snippet('<<"é\\e\\x{1}\\0">>')).toMatchObject(octets(0xe9, 0x1b, 1, 0));
    expect(snippet('<<"é"/utf8>>')).toMatchObject(octets(0xc3, 0xa9));
    expect(snippet('<<">>\\"<<">>')).toMatchObject(octets(0x3e, 0x3e, 0x22, 0x3c, 0x3c));
    expect(snippet("<<>>")).toMatchObject(octets());
    expect(snippet('<<"">>')).toMatchObject(octets());
  });
});

describe("what people type", () => {
  it.each<[string, BrokerError]>([
    [
      "{frame_too_large,1544254578,131064}",
      { kind: "frame-too-large", type: null, size: 1_544_254_578, limit: 131_064 },
    ],
    ["{frame_too_large, 1544254578}", { kind: "frame-too-large", type: null, size: 1_544_254_578, limit: null }],
    ["{invalid_frame_end_marker,97}", { kind: "frame-end", type: null, endOctet: 97, snippet: null }],
    ["134,217,728", { kind: "frame-too-large", type: null, size: 134_217_728, limit: null }],
    ["134217728 bytes", { kind: "frame-too-large", type: null, size: 134_217_728, limit: null }],
    ["0x08000000", { kind: "frame-too-large", type: null, size: 134_217_728, limit: null }],
    ["type=66 size=1111638594", { kind: "frame-too-large", type: 66, size: 1_111_638_594, limit: null }],
    ["08 00 00 00", { kind: "header-octets", octets: [null, null, null, 8, 0, 0, 0] }],
    ["AMQP 00 00 09", { kind: "header-octets", octets: [65, 77, 81, 80, 0, 0, 9] }],
    ["m CE 03 00 01 00 00", { kind: "header-octets", octets: [109, 0xce, 3, 0, 1, 0, 0] }],
    ["size ≥ 134217728", { kind: "frame-too-large", type: null, size: 134_217_728, limit: null }],
    ["02 ?? ?? CE 03 00 01", { kind: "header-octets", octets: [2, null, null, 0xce, 3, 0, 1] }],
    ["505", { kind: "code-only", code: 505 }],
    ["501 FRAME-ERROR", { kind: "code-only", code: 501 }],
  ])("%s", (text, error) => {
    expect(only(text).error).toEqual(error);
  });

  it("takes several, one a line", () => {
    expect(tallied("134217728\n0x5c0b7472\n").incidents).toHaveLength(2);
  });

  it.each([
    "",
    "hello",
    "4294967296",
    "type 300, size 5",
    "all is well at 18:20",
    "{frame_too_large,x,y}",
    "99999999999",
  ])("knows nothing of %j", text => {
    expect(tallied(text).incidents).toEqual([]);
  });

  it.each<[typed: string, headline: RegExp]>([
    ["{frame_too_large,1,2}", /^frame_too_large that cannot be|does not write/],
    ["{frame_too_large,99999999999999999999,131064}", /does not write/],
    ["frame_too_large", /frame header with a size over the limit/],
    ["invalid_frame_end_marker", /another octet where a frame's end octet/],
    ["200", /closed on purpose/],
    ["404", /does not know the queue/],
    ["AMQConnectionException", /exception of Qpid's/],
    ["lapin::ErrorKind::ProtocolError", /closed the connection or the channel/],
    ["ParsingError", /octets that are no AMQP frame/],
  ])("says of %j what it is, and what is missing", (text, headline) => {
    const { incidents } = tallied(text);
    expect(incidents).toHaveLength(1);
    expect(explain(incidents[0]!.report).summary).toMatch(headline);
  });
});

it("counts each message of a log once, whether messages come again or each is another", () => {
  const of = (size: number, i: number) =>
    `2026-11-21 18:23:06.${100 + (i % 900)} [error] <0.1.0> closing AMQP connection <0.1.0> (10.0.0.1:1 -> 10.0.0.2:5672): {frame_too_large,${size},131064}`;
  const sizes = Array.from({ length: 700 }, (_, i) => 1_000_000 + i);
  const log = [...sizes, ...sizes, ...sizes, ...Array.from({ length: 700 }, () => 1_000_000)].map(of);
  const { incidents, omitted } = tallied(log.join("\n"));
  expect(incidents.map(({ count }) => count)).toEqual([703, ...Array.from({ length: 199 }, () => 3)]);
  expect(omitted).toBe(1500);
});
