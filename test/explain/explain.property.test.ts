/** Whatever is thrown at it: it answers, quickly, and says nothing that a terminal would act on. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { withoutCredential } from "../../src/explain/credentials-in-text.ts";
import { explainAll } from "../../src/report/explain.ts";
import { explainText } from "../../src/report/explain-text.ts";
import { json } from "../../src/report/json.ts";
import { tallied } from "./explain-text.ts";

const UNSAFE = /(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0]/u;

/** Pieces of what is recognised, so that arbitrary texts reach deep. */
const piece = fc.oneof(
  fc.constantFrom(
    "{frame_too_large,",
    "{invalid_frame_end_marker,",
    "type ",
    ", all octets = ",
    ", first 16 octets = ",
    "<<",
    ">>",
    '<<"',
    '">>',
    '"/utf8>>',
    "}",
    ": unknown_frame",
    ": ",
    "\n",
    "\\n      ",
    "\\",
    '"',
    "channel ",
    "size ",
    "Error on AMQP connection <0.1.0> (",
    "127.0.0.1:1 -> [::1]:2 - ",
    ", vhost: '/', user: 'x', state: running), channel 1:",
    " operation none caused a connection exception frame_error: ",
    "cannot decode <<",
    "{bad_header,<<",
    "{unknown_method_id,{",
    "expected content body, got non content body frame instead",
    "2026-11-21 18:23:06.185+00:00 [error] <0.1.0> ",
    '{"msg":"',
    '"}',
    "&lt;",
    "«",
    "\u202e",
    "\x1b]0;owned\x07",
    "0x",
    "CE ",
    "?? ",
  ),
  fc.nat().map(String),
  fc.nat({ max: 255 }).map(String),
  fc.array(fc.nat({ max: 255 }), { maxLength: 20 }).map(octets => octets.join(",")),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const anyText = fc.oneof(
  fc.array(piece, { maxLength: 30 }).map(parts => parts.join("")),
  fc.string({ unit: "binary", maxLength: 400 }),
);

it("never throws, and writes nothing unsafe", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 40, max: 120 }), fc.boolean(), (text, columns, all) => {
      const report = explainAll(tallied(text));
      if (report.incidents.length === 0) return;
      expect(explainText(report, { columns, all })).not.toMatch(UNSAFE);
      expect(json(report)).not.toMatch(UNSAFE);
      expect(JSON.parse(json(report))).toEqual(JSON.parse(JSON.stringify(report)));
    }),
    { numRuns: 2000, examples: [["{frame_too_large,1544254578,131064}\u00a0amqp", 80, false]] },
  );
});

it("explains any header, with more than one hypothesis", () => {
  const octet = fc.oneof(
    fc.constant("??"),
    fc.nat({ max: 255 }).map(octet => octet.toString(16).padStart(2, "0")),
  );
  fc.assert(
    fc.property(fc.array(octet, { minLength: 7, maxLength: 24 }), octets => {
      const { incidents } = explainAll(tallied(octets.join(" ")));
      if (octets.every(octet => octet === "??")) return;
      expect(incidents).toHaveLength(1);
      const [{ readings, causes, octets: table }] = incidents as [(typeof incidents)[number]];
      expect(causes.length).toBeGreaterThan(1);
      expect(readings.length).toBeGreaterThan(0);
      const known = octets.map(each => (each === "??" ? null : Number.parseInt(each, 16)));
      expect(table.map(({ hex }) => hex)).toEqual(octets.slice(0, withoutCredential(known).length));
      for (const { boundary } of readings) {
        if (boundary !== null) expect(boundary).toBeLessThanOrEqual(octets.length);
      }
    }),
    { numRuns: 2000 },
  );
});

it("names the heartbeat wherever one stands in a torn header, and any frame behind an end octet", () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 3), fc.nat({ max: 2047 }), (type, channel) => {
      const report = explainAll(tallied(`type ${type}, channel ${channel}, size 134217728`));
      expect(report.incidents[0]!.readings[0]!.meaning).toContain("heartbeat");
    }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 255 }), { minLength: 0, maxLength: 4 }),
      fc.constantFrom(2, 3),
      fc.integer({ min: 1, max: 200 }),
      (tail, type, channel) => {
        const octets = [...tail, 0xce, type, 0, channel, 0, 0, 9, 1].slice(0, 7);
        // Octets before the end octet that are a header or an end themselves leave several answers.
        fc.pre(tail.length !== 0 && !tail.includes(0xce) && tail[0]! > 8);
        const text = octets.map(octet => octet.toString(16).padStart(2, "0")).join(" ");
        const { readings } = explainAll(tallied(text)).incidents[0]!;
        expect(readings.map(({ boundary }) => boundary)).toContain(tail.length + 1);
      },
    ),
  );
});

const SITE =
  "<0.9.0> Error on AMQP connection <0.9.0> (10.0.0.1:4 -> 10.0.0.2:5, vhost: '/', user: 'guest', state: running), channel 1:";

it.each<[what: string, megabytes: number, line: string]>([
  [
    "a healthy log",
    50,
    "2026-11-21 18:20:02.7+00:00 [info] <0.9.0> connection <0.1.0> (10.0.0.1:4 -> 10.0.0.2:5): user 'guest' authenticated",
  ],
  [
    "the same incident",
    50,
    `2026-11-21 18:20:02.7+00:00 [error] ${SITE} operation none caused a connection exception frame_error: "type 66, all octets = <<>>: {frame_too_large,1111638594,131064}"`,
  ],
  ["endless lines", 10, "octets = <<".repeat(10_000)],
  ["lines that promise to go on", 10, `{frame_too_large${" ".repeat(1000)}`],
  ["binaries that never end", 10, `type 3, all octets = <<"${'\\"'.repeat(2000)}`],
  ["heads that never end", 10, `Error on AMQP connection <0.1.0> (${"a".repeat(3000)}`],
])("reads a log of %s, %i MB of it, in seconds", (_, megabytes, line) => {
  // Processor time: other programs may have the machine meanwhile.
  const begun = process.cpuUsage();
  const counts = tallied("");
  for (let read = 0; read < megabytes * 1e6; read += line.length + 1) counts.line(line);
  counts.end();
  explainText(explainAll(counts));
  const { user, system } = process.cpuUsage(begun);
  expect((user + system) / 1e6).toBeLessThan(20);
});
