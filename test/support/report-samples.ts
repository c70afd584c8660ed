/** Reports as the inspector makes them, for the tests of the writers. */
import type {
  Connection,
  Diagnosis,
  Finding,
  Input,
  Message,
  OctetReading,
  Report,
  Span,
} from "../../src/report/report.ts";

/** Three threads on one Bunny session without its write lock: a body frame cut by another channel's messages. */
export function tornFrame(): Report {
  return report({
    inputs: [input({ path: "captures/bunny-nolock.pcapng", packets: 48, octets: 471_268 })],
    connections: [
      connection({
        ended: "rst",
        clientProperties: {
          product: "Bunny",
          version: "2.19.0",
          platform: "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]",
          connection_name: "rails-worker-nolock",
        },
        frames: { clientToServer: 29, serverToClient: 12 },
        octets: { clientToServer: 465_309, serverToClient: 778 },
        verdict: {
          predicted: { ...close("FRAME_ERROR", 501, TORN_TEXT), ...PREDICTED },
          observed: close("FRAME_ERROR", 501, TORN_TEXT.replace("97}", `\n${" ".repeat(54)}97}`)),
        },
      }),
    ],
    findings: [
      finding({
        rule: "frame-end",
        spec: "4.2.3",
        streamOffset: 162_315,
        length: 230_698,
        packets: [31, 42],
        time: "2026-11-21T18:19:51.905717411Z",
        frame: { type: 3, channel: 2, size: 50_743 },
        message:
          "The body frame at offset 162315 (channel 2, 50,743 octets) must end with 0xce at offset 213065, where 0x61 (“a”) stands.",
        octets: [
          ...readings(162_315, "03", "type 3 (body)"),
          ...readings(162_316, "00 02", "channel 2"),
          ...readings(162_318, "00 00 c6 37", "size 50,743"),
          ...readings(213_065, "61", "frame-end octet", "text “aaaaa”"),
          ...readings(213_066, "61 61 61 61", "next frame", "text “aaaaa”"),
        ],
        diagnosis: tornByOne(),
      }),
      finding({
        id: "f2",
        rule: "broker-close",
        spec: "1.4.2.8",
        direction: "server-to-client",
        streamOffset: 608,
        length: 170,
        packets: [41, 41],
        time: "2026-11-21T18:19:51.908265267Z",
        frame: null,
        message: `The broker closed the connection: 501 ${TORN_TEXT}`,
        cause: "f1",
      }),
    ],
  });
}

const PREDICTED = {
  fatal: true,
  broker: "rabbitmq-3.10",
  streamOffset: 213_066,
  sequel: "connection.close, then RST after 3 s",
  log: ["closing AMQP connection <…> (127.0.0.1:59768 -> 127.0.0.1:5673):", "fatal_frame_error"],
};

/** Two threads: four whole messages inside one body frame. */
function tornByOne(): Diagnosis {
  const unread = [210_750, 246_800, 303_053, 353_025].map((offset, at) =>
    message({
      messageId: `t0-${at + 1}`,
      appId: "turn_server_power_on",
      traceparent: `00-ab5e3a210e51c70c3aefeac4767cab9${at}-a370145816f3a2f${at}-01`,
      headers: { thread: "turn_server_power_on-0" },
      spans: [[offset, 36_050]],
      fate: "unread",
    }),
  );
  const spans: Span[] = [
    [162_315, 48_435],
    [390_697, 2_316],
  ];
  return diagnosis({
    confidence: 0.99,
    summary:
      "The body frame of writer A on channel 2 (50,743 octets, offset 162315) was interrupted after 48,435 octets: taking out 179,947 octets at 210750, 12 frames on channel 1, its end octet lands on 0xce at 393012 and the stream goes on in order.",
    remedy:
      "Bunny 2 writes a whole message under one lock, so it tears only where the lock is not shared: connect after fork, never before (each worker its own Bunny.new); let no Timeout.timeout or Thread#kill cut a publish; use one channel per thread.",
    torn: [
      {
        type: 3,
        channel: 2,
        size: 50_743,
        spans,
        packets: [
          [31, 31],
          [42, 42],
        ],
        complete: true,
        writer: "A",
      },
    ],
    writers: [
      {
        name: "A",
        channels: [2],
        spans,
        messages: [
          message({
            messageId: "t1-3",
            appId: "enable_switch_ports",
            traceparent: "00-a9aced7e03919e74c034902c8aab312a-848a8f85b8a57e1d-01",
            headers: { thread: "enable_switch_ports-1" },
            spans: [
              [162_110, 48_640],
              [390_697, 2_316],
            ],
            fate: "torn",
          }),
        ],
      },
      { name: "B", channels: [1], spans: [[210_750, 179_947]], messages: unread },
    ],
  });
}

const TORN_TEXT = 'FRAME_ERROR - type 3, first 16 octets = <<"{\\"task\\":\\"enable_">>: {invalid_frame_end_marker,97}';

/** Pika shared by threads: the middle of a headers table stands where a frame header should. */
export function spuriousSize(): Report {
  const text = "FRAME_ERROR - type 0, all octets = <<>>: {frame_too_large,1544254578,131064}";
  return report({
    inputs: [
      input({
        path: "orders-api.pcapng",
        packets: 1_204,
        octets: 25_484,
        notes: ["3 TCP connections without AMQP were left alone."],
      }),
    ],
    connections: [
      connection({
        client: { address: "10.4.17.203", port: 54_264 },
        server: { address: "10.4.2.11", port: 5672 },
        clientProperties: {
          product: "Pika Python Client Library",
          version: "1.2.0",
          platform: "Python 3.11.2",
          connection_name: "orders-api",
        },
        frames: { clientToServer: 1_812, serverToClient: 964 },
        octets: { clientToServer: 2_120_397, serverToClient: 31_006 },
        gaps: { clientToServer: 1, serverToClient: 0 },
        verdict: { predicted: close("FRAME_ERROR", 501, text), observed: null },
      }),
      connection({
        id: "c2",
        client: { address: "10.4.17.203", port: 54_266 },
        server: { address: "10.4.2.11", port: 5672 },
        ended: "open",
        midStream: true,
        clientProperties: {},
        negotiated: null,
      }),
    ],
    findings: [
      finding({
        rule: "frame-too-large",
        spec: "4.2.3",
        streamOffset: 18_342,
        length: 2_055,
        packets: [1_187, 1_189],
        time: "2026-11-21T18:20:02.731572Z",
        frame: { type: 0, channel: 0, size: 1_544_254_578 },
        faults: 3,
        message:
          "A frame header at 18342 claims 1,544,254,578 octets, where frame-max allows 131,072: its octets are the middle of a headers table, so a frame before it is short of octets or another was written into it.",
        octets: [
          ...readings(18_342, "00", "type 0", "headers table: 92 octets"),
          ...readings(18_343, "00 00", "channel 0", "headers table: 92 octets"),
          ...readings(18_345, "5c", "size 1,544,254,578", "headers table: 92 octets"),
          ...readings(18_346, "0b", "size 1,544,254,578", "length of the name “traceparent”"),
          ...readings(18_347, "74 72", "size 1,544,254,578", "headers table: “traceparent”"),
          ...readings(18_349, "61 63 65 70 61 72 65 6e 74", "payload", "headers table: “traceparent”"),
          ...readings(18_358, "53", "payload", "headers table: long string"),
        ],
      }),
      finding({
        id: "f2",
        rule: "capture-gap",
        spec: "",
        severity: "note",
        streamOffset: 9_114,
        length: 1_448,
        packets: [803, 804],
        time: "2026-11-21T18:20:01.118306Z",
        message:
          "1,448 octets from the client are missing from the capture: packets were dropped while it was recorded.",
      }),
      finding({
        id: "f3",
        rule: "mid-stream",
        spec: "",
        severity: "note",
        connection: "c2",
        packets: [2, 2],
        time: "2026-11-21T18:19:58.000113Z",
        message: "The capture begins in the middle of the connection.",
      }),
    ],
  });
}

/** Two connections used as they should be. */
export function clean(): Report {
  const go = { product: "AMQP 0.9.1 Client", version: "1.10.0", platform: "golang" };
  return report({
    inputs: [input({ path: "clean-go.pcap", format: "pcap", packets: 4_817, octets: 631_463 })],
    connections: [
      connection({ clientProperties: go, frames: { clientToServer: 3_204, serverToClient: 1_008 } }),
      connection({
        id: "c2",
        client: { address: "127.0.0.1", port: 41_472 },
        clientProperties: { ...go, connection_name: "consumer" },
      }),
    ],
  });
}

/** A file that holds other traffic, one that is none, and one that ends inside a record. */
export function nothingFound(): Report {
  return report({
    inputs: [
      input({
        path: "web.pcapng",
        packets: 912,
        octets: 88_013,
        notes: ["14 TCP connections were seen, none of them AMQP."],
      }),
      input({
        path: "a/rather/long/way/down/to/the/place/where/captures/are/kept/by/the/people/on/call/notes.txt",
        format: "unknown",
        packets: 0,
        octets: 512,
        error: "at 0: expected the magic number of pcap, pcapng or gzip, found 0x23204a75",
      }),
      input({
        path: "-",
        format: "pcap",
        packets: 77,
        octets: 9_000,
        error: "packet 78 at 8992: expected a record header of 16 octets, found 8",
      }),
    ],
  });
}

/** A long capture of a busy broker: `broken` of its connections have an error, every tenth of all a note. */
export function manyConnections(count = 10_000, broken = 5): Report {
  const connections: Connection[] = [];
  const findings: Finding[] = [];
  for (let at = 0; at < count; at++) {
    const id = `c${at + 1}`;
    const isBroken = (at + 1) % Math.floor(count / broken) === 0;
    connections.push(
      connection({
        id,
        client: { address: `10.${at >> 14}.${(at >> 7) & 127}.${at & 127}`, port: 32_768 + (at % 28_000) },
        server: { address: "10.0.0.5", port: 5672 },
        clientProperties: {
          product: "RabbitMQ",
          version: "5.21.0",
          platform: "Java",
          connection_name: `shop-${at % 40}`,
        },
        frames: { clientToServer: 12 + (at % 900), serverToClient: 8 + (at % 30) },
        verdict: {
          predicted: isBroken
            ? close(
                "UNEXPECTED_FRAME",
                505,
                "UNEXPECTED_FRAME - expected content body, got non content body frame instead",
                60,
                40,
              )
            : null,
          observed: isBroken ? { outcome: "reset", reason: "unknown_method_id" } : null,
        },
      }),
    );
    if (isBroken) {
      findings.push(
        finding({
          id: `f${findings.length + 1}`,
          rule: "content-order",
          spec: "4.2.6",
          connection: id,
          streamOffset: 4_096 + at,
          length: null,
          packets: [1_000_000 + at, 1_000_000 + at],
          frame: { type: 1, channel: 1, size: 14 },
          message: `A basic.publish on channel 1 at ${4_096 + at} comes where a content body of 2,301 octets was announced.`,
        }),
      );
    }
    if (at % 10 === 3) {
      findings.push(
        finding({
          id: `f${findings.length + 1}`,
          rule: "mid-stream",
          spec: "",
          severity: "note",
          connection: id,
          packets: [at + 1],
          message: "The capture begins in the middle of the connection.",
        }),
      );
    }
  }
  return report({
    inputs: [input({ path: "broker-eth0.pcap", format: "pcap", packets: 4_102_998, octets: 2_904_112_038 })],
    connections,
    findings,
  });
}

/** Every string is one of those given, even where the type would not have it; only the ids tie things together. */
export function hostile(text: string, other: string = text): Report {
  return report({
    inputs: [
      input({ path: text, format: text as "pcap", notes: [other, text] }),
      input({ path: other, packets: 0, error: text }),
    ],
    connections: ["c1", text].map(id =>
      connection({
        id,
        ended: text as "fin",
        client: { address: text, port: 1 },
        server: { address: other, port: 2 },
        start: text,
        end: other,
        clientProperties: { product: text, version: other, platform: text, connection_name: other, [text]: other },
        verdict: { predicted: close(text, 501, other), observed: { outcome: "reset", reason: text } },
      }),
    ),
    findings: [
      finding({
        rule: text as "frame-end",
        spec: other,
        message: text,
        time: other,
        octets: [{ streamOffset: 7, hex: text, takenFor: text, likely: other }],
        diagnosis: hostileDiagnosis(text, other),
      }),
      finding({ id: "f2", rule: "broker-close", message: other, cause: "f1", packets: [3] }),
      finding({
        id: text,
        connection: text,
        packets: [],
        message: other,
        time: text,
        cause: other,
        severity: "warning",
      }),
      finding({ id: "f4", rule: other as "capture-gap", severity: "note", connection: text, message: text }),
    ],
  });
}

function hostileDiagnosis(text: string, other: string): Diagnosis {
  const span: Span = [0, 20];
  const behind: Span = [20, 9];
  const messages = (["torn", text, "unread"] as "torn"[]).map(fate =>
    message({
      exchange: text,
      routingKey: other,
      messageId: fate === "torn" ? text : other,
      correlationId: other,
      appId: text,
      traceparent: other,
      headers: { [text]: other, [other]: text, thread: text },
      spans: [span],
      fate,
    }),
  );
  return {
    kind: text as "torn-frame",
    confidence: 0.5,
    summary: other,
    remedy: text,
    torn: [
      { type: 3, channel: 1, size: 99, spans: [span, [40, 3]], packets: [[1, 2]], complete: false, writer: other },
    ],
    replayed: [{ span: [29, 4], of: [0, 4] }],
    missing: [{ streamOffset: 43, octets: 7 }],
    overwritten: [{ span: [33, 2] }],
    foreign: [{ span: [35, 5], protocol: text }],
    unexplained: [[50, 1]],
    writers: [
      { name: text, channels: [1], spans: [span], messages },
      { name: `${other}2`, channels: [2, 65_535, 3], spans: [behind], messages },
    ],
  };
}

export function report(parts: Partial<Report>): Report {
  const findings = parts.findings ?? [];
  const count = (severity: string) => findings.filter(finding => finding.severity === severity).length;
  return {
    schema: "ghostframe.report/1",
    tool: { name: "ghostframe", version: "0.1.0" },
    inputs: [],
    connections: [],
    findings,
    summary: { errors: count("error"), warnings: count("warning"), notes: count("note") },
    ...parts,
  };
}

export function input(parts: Partial<Input> = {}): Input {
  return { path: "sample.pcapng", format: "pcapng", packets: 1, octets: 100, notes: [], ...parts };
}

export function connection(parts: Partial<Connection> = {}): Connection {
  return {
    id: "c1",
    input: 0,
    client: { address: "127.0.0.1", port: 59_768 },
    server: { address: "127.0.0.1", port: 5673 },
    start: "2026-11-21T18:19:51.854470162Z",
    end: "2026-11-21T18:19:54.909514941Z",
    ended: "fin",
    midStream: false,
    clientProperties: {},
    negotiated: { frameMax: 131_072, channelMax: 2_047, heartbeat: 60 },
    frames: { clientToServer: 18, serverToClient: 11 },
    octets: { clientToServer: 2_104, serverToClient: 880 },
    gaps: { clientToServer: 0, serverToClient: 0 },
    verdict: { predicted: null, observed: null },
    ...parts,
  };
}

export function finding(parts: Partial<Finding> = {}): Finding {
  return {
    id: "f1",
    rule: "frame-end",
    spec: "4.2.3",
    severity: "error",
    input: 0,
    connection: "c1",
    direction: "client-to-server",
    streamOffset: 0,
    length: 8,
    packets: [1, 1],
    time: "2026-11-21T18:19:51.905717Z",
    frame: null,
    message: "A sentence with the numbers in it.",
    faults: 1,
    octets: [],
    ...parts,
  };
}

export function diagnosis(parts: Partial<Diagnosis> = {}): Diagnosis {
  return {
    kind: "torn-frame",
    confidence: 0.9,
    summary: "A sentence that proves it.",
    remedy: "A sentence on what to do.",
    torn: [],
    replayed: [],
    missing: [],
    overwritten: [],
    foreign: [],
    unexplained: [],
    writers: [],
    ...parts,
  };
}

export function message(parts: Partial<Message> = {}): Message {
  return { exchange: "", routingKey: "tasks", headers: {}, spans: [[0, 100]], fate: "delivered", ...parts };
}

/** One reading per octet of "00 02", all of them the same field. */
export function readings(streamOffset: number, hex: string, takenFor: string, likely = ""): OctetReading[] {
  return hex.split(" ").map((octet, at) => ({ streamOffset: streamOffset + at, hex: octet, takenFor, likely }));
}

function close(name: string, code: number, text: string, classId = 0, methodId = 0) {
  return { outcome: "close", code, name, text, classId, methodId } as const;
}
