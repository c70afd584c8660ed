/** A broker's log in the report of a capture. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { columns } from "../../src/bytes/printable.ts";
import { BrokerLog } from "../../src/explain/broker-log.ts";
import { withBrokerLog } from "../../src/report/broker-log-section.ts";
import schema from "../../src/report/report.schema.json" with { type: "json" };
import type { Finding, Report } from "../../src/report/report.ts";
import { text } from "../../src/report/text.ts";
import { finding, tornFrame } from "../support/report-samples.ts";

const PREFIX = "2026-11-21 18:19:51.907608+00:00 [error] <0.1334.0> ";
const LOG = [
  `${PREFIX}Error on AMQP connection <0.1334.0> (127.0.0.1:59768 -> 127.0.0.1:5673 - rails-worker-nolock, vhost: '/', user: 'guest', state: running), channel 2:`,
  `${PREFIX} operation none caused a connection exception frame_error: "type 3, first 16 octets = <<\\"{\\\\\\"task\\\\\\":\\\\\\"enable_\\">>: {invalid_frame_end_marker,\\n${" ".repeat(54)}97}"`,
  `${PREFIX}Error on AMQP connection <0.1334.0> (10.0.0.9:1 -> 127.0.0.1:5673 - \x1b]0;owned\x07\u202e, vhost: '/', user: 'guest', state: running), channel 2:`.replaceAll(
    "1334",
    "9",
  ),
  `${PREFIX} operation none caused a connection exception unexpected_frame: "expected method frame, got non method frame instead"`.replaceAll(
    "1334",
    "9",
  ),
];

function logged(lines: readonly string[], error: string | null = null, sample: Report = tornFrame()): Report {
  const log = new BrokerLog();
  for (const line of lines) log.line(line);
  log.end();
  return withBrokerLog(sample, "rabbit@host.log", log, error);
}

it("stands with its connection, and what is of none by itself", () => {
  const report = logged(LOG);
  expect(report.connections[0]?.brokerLog).toEqual([
    {
      time: "2026-11-21T18:19:51.907608Z",
      lines: [expect.stringContaining("Error on AMQP"), expect.stringContaining("operation none")],
    },
  ]);
  expect(report.brokerLog).toMatchObject({
    path: "rabbit@host.log",
    lines: 4,
    tied: 1,
    untied: [{ time: "2026-11-21T18:19:51.907608Z", reason: "its peer is not in the capture" }],
    omitted: 0,
  });
  const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);
  validate(report);
  expect(validate.errors).toBeNull();
});

it("is shown where it helps: in the incident, and in a block", () => {
  for (const width of [40, 80, 120]) {
    for (const all of [false, true]) {
      const page = text(logged(LOG), { columns: width, all });
      for (const line of page.split("\n")) expect(columns(line)).toBeLessThanOrEqual(width);
      expect(page).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0]/u);
    }
  }
  const page = text(logged(LOG));
  expect(page).toContain("  log        18:19:51.907608 UTC  Error on AMQP connection <0.1334.0>\n");
  expect(page).toContain(
    "BROKER LOG rabbit@host.log\n  4 lines, 2 messages about connections in trouble, 1 of them tied",
  );
  expect(page).toContain("  untied     2026-11-21 18:19:51.907608 UTC  Error on AMQP connection <0.9.0>\n");
  expect(page).toContain("(its peer is not in the capture)");
});

it("is compared with the prediction", () => {
  const sample = tornFrame();
  const prediction = (exception: string): Report => ({
    ...sample,
    connections: sample.connections.map(connection => ({
      ...connection,
      verdict: {
        ...connection.verdict,
        predicted: {
          ...connection.verdict.predicted!,
          log: [` operation none caused a connection exception ${exception}`],
        },
      },
    })),
  });
  const same = prediction(
    'frame_error: "type 3, first 16 octets = <<\\"{\\\\\\"task\\\\\\":\\\\\\"enable_\\">>: {invalid_frame_end_marker,97}"',
  );
  expect(logged(LOG, null, same).connections[0]?.brokerLogDiffers).toBeUndefined();
  const other = logged(LOG, null, prediction('frame_error: "type 3, all octets = <<>>: unknown_frame"'));
  expect(other.connections[0]?.brokerLogDiffers).toContain("was predicted");
  expect(text(other)).toContain("  but        The broker logged frame_error: type 3");
});

it("says what became of a log without anything, or that could not be read", () => {
  expect(text(logged([]))).toContain("BROKER LOG rabbit@host.log\n  0 lines, nothing about connections in trouble.\n");
  expect(text(logged([], "no such file"))).toContain("  could not be read: no such file\n");
  expect(text(tornFrame())).not.toContain("BROKER LOG");
});

it("tells of a connection in which the capture shows nothing wrong", () => {
  const sample = { ...tornFrame(), findings: [] };
  expect(text(logged(LOG, null, sample))).toContain(
    "  about      c1, in which nothing was found:\n  log        18:19:51",
  );
});

describe("a TLS record that the broker could not read", () => {
  const prefix = "2026-11-21 18:19:51.907608+00:00 [notice] <0.1331.0> ";
  const lines = [
    `${prefix}TLS server: In state connection at tls_record.erl:564 generated SERVER ALERT: Fatal - Unexpected Message`,
    `${prefix} - {unsupported_record_type,155}`,
    `${PREFIX}closing AMQP connection <0.1334.0> (127.0.0.1:59768 -> 127.0.0.1:5673 - a, vhost: '/', user: 'guest'):`,
    `${PREFIX}client unexpectedly closed TCP connection`,
  ];
  const direction = "client-to-server" as const;
  const sentTwice = finding({
    rule: "tls-record",
    direction,
    diagnosis: { ...tornFrame().findings[0]!.diagnosis!, kind: "replayed-record" },
  });
  const torn = finding({
    rule: "tls-record",
    direction,
    diagnosis: { ...tornFrame().findings[0]!.diagnosis!, kind: "torn-record" },
  });
  const gap = finding({ id: "f2", rule: "capture-gap", severity: "note", direction, packets: [77] });
  const shown = (findings: Finding[]) => {
    const [tls] = logged(lines, null, { ...tornFrame(), findings }).connections;
    return tls!.brokerLogDiffers;
  };

  it("is said to be missing, where a gap may hold it", () => {
    expect(shown([sentTwice, gap])).toBe(
      "The broker logged unsupported_record_type,155: octet 155 stood where a TLS record must begin. All records in front of packet 77 begin as they must: the torn one is among the octets that are missing there, or behind them.",
    );
  });

  it("is said not to be there, without a gap", () => {
    expect(shown([sentTwice])).toBe(
      "The broker logged unsupported_record_type,155: octet 155 stood where a TLS record must begin. No record in the capture begins so.",
    );
  });

  it("is the one that was found", () => {
    expect(shown([torn, gap])).toBeUndefined();
  });
});
