/** The tables of known lines: each row explains its own example, says all it must, and reads in one way only. */
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CAUSES, type CauseId } from "../../src/explain/cause-catalogue.ts";
import { NOW_COLUMNS } from "../../src/explain/cause-text.ts";
import { errorsIn, mayNameError } from "../../src/explain/error-text.ts";
import { KNOWN_LINES } from "../../src/explain/known-lines/catalogue.ts";
import { requiredWords } from "../../src/explain/known-lines/required-words.ts";
import { causeIn } from "../../src/explain/runtime.ts";
import { explainAll } from "../../src/report/explain.ts";
import { errorsPage } from "./errors-page.ts";
import { tallied } from "./explain-text.ts";
import { asPhp } from "./php-words.ts";

const PAGE = new URL("../../docs/errors.md", import.meta.url);

it("has a name of its own for every row", () => {
  const ids = KNOWN_LINES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
});

describe.each(KNOWN_LINES)("$id", line => {
  it("explains its example", () => {
    expect(mayNameError(line.example, "broker")).toBe(true);
    const { incidents } = explainAll(tallied(line.example));
    expect(incidents.map(({ error }) => error.line)).toEqual([line.id]);
    const [{ name, seenBy, about, causes, summary, headline }] = incidents as [(typeof incidents)[number]];
    expect({ name, seenBy, about }).toEqual({ name: line.name, seenBy: line.seenBy, about: line.about });
    expect(causes.length).toBeGreaterThan(1);
    expect(summary).not.toMatch(/\{\w+\}|…\)/);
    expect(headline.length).toBeGreaterThan(10);
  });

  it("says what happened, and why, in sentences", () => {
    expect(line.says).toMatch(/^[A-Z].*[.”]$/);
    for (const [id, score, why] of line.causes) {
      expect(CAUSES[id]).toBeDefined();
      expect(score).toBeGreaterThan(0);
      expect(why).toMatch(/[.…]$/);
    }
    expect(line.source).not.toBe("");
  });

  it("claims nothing to be corrupt that is not about frames", () => {
    if (line.about === "frames") return;
    expect(line.says).toMatch(
      /no frame|nothing (?:was|that|is)|not reached|not involved|no octet|not shown|is no TLS|another protocol|did not|reads nothing|blocks|short of|runs? out|ran out|refused|closed|expired|failed|wants another|without SASL|worth explaining|what it means|cut/i,
    );
  });

  it("never speaks of threads to PHP", () => {
    const { incidents } = explainAll(tallied(asPhp(line.example)));
    const [{ causes, summary, readings, clients, library }] = incidents as [(typeof incidents)[number]];
    // Some examples name another library themselves.
    if (library !== null && library !== "php-amqplib" && library !== "rabbitmq-c") return;
    const texts = [
      summary,
      ...causes.flatMap(cause => Object.values(cause)),
      ...readings.map(({ meaning }) => meaning),
    ];
    for (const text of [...texts, ...clients.flatMap(({ writes, remedy }) => [writes, remedy])])
      expect(text).not.toMatch(/thread/i);
  });
});

it("has a title, a way to confirm and a remedy for every cause", () => {
  for (const { title, confirm, remedy } of Object.values(CAUSES)) {
    expect(title).toMatch(/^[A-Z]/);
    expect(title).not.toMatch(/\.$/);
    for (const text of [confirm, remedy]) expect(text).toMatch(/^\S.*[.?]$/);
  }
});

it("says what to do now in one whole sentence that fits its line", () => {
  for (const runtime of ["threads", "processes", "event-loop"] as const)
    for (const id of Object.keys(CAUSES) as CauseId[]) {
      const text = causeIn(runtime, id);
      if (text === null) continue;
      const { remedy, now = /^.*?[.?](?= [A-Z]|$)/.exec(remedy)?.[0] ?? "" } = text;
      expect(now, id).toMatch(/^\S.*\.$/);
      expect(now.length, `${id}: ${now}`).toBeLessThanOrEqual(NOW_COLUMNS);
      if (runtime === "processes") expect(now, id).not.toMatch(/thread/i);
    }
});

it.each(KNOWN_LINES)("lets the prefilter pass whatever $id matches", ({ pattern }) => {
  expect(requiredWords(pattern)).not.toBeNull();
  // Without what only looks ahead, which texts cannot be made of.
  const source = pattern.source.replace(/\(\?[=!](?:[^()[\]\\]|\\.|\[[^\]]*\])*\)|\\b/g, "");
  fc.assert(
    fc.property(fc.stringMatching(new RegExp(source)), text => {
      if (pattern.test(text)) expect(mayNameError(text, "broker")).toBe(true);
    }),
    { numRuns: 100 },
  );
});

it("stands in docs/errors.md as it is", () => {
  const page = errorsPage();
  if (process.env.UPDATE_GOLDEN) writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, "utf8").replaceAll("\r\n", "\n")).toBe(page);
});

/** What backtracking could take long over: runs of what the patterns repeat, without the end they wait for. */
const ADVERSARIAL: readonly (readonly [name: string, unit: string, head: string])[] = [
  ["backslashes", "\\", ""],
  ["backslashes behind a binary", "\\", 'octets = <<"'],
  ["blanks", " ", "type 3, all octets ="],
  ["blanks and line feeds", " \n", "{frame_too_large,"],
  ["quoted line feeds", "\\n ", "type 3, all octets = <<"],
  ["brackets", "<<", "did not start with AMQP protocol header: "],
  ["commas", "1,", "cannot decode <<"],
  ["octets = <<", "octets = <<", "type 3, all "],
  ["words", "frame ", "amqp "],
  ["quotes", "'", "amqp vhost '"],
  ["dashes", " - ", "amqp ALERT: Fatal"],
  ["a name", "a", "Error on AMQP connection <0.1.0> ("],
  ["expected", "expected ", "amqp 206 "],
  ["lmq", "lmq.a ", "lmq.amqp "],
  ["colons", "user:", "amqp://"],
  ["at signs", "a:b@", "amqp://"],
  ["times", "2026-11-21 18:20:02 ", ""],
  ["collectors", "a.b | ", ""],
  ["JSON", '{"a":', '{"msg":'],
  ["password", "password=", "amqp "],
  ["numbers", "123,", "got frame: ["],
  ["terms", "{inet_error,", ""],
  ["no queue", "no queue '", "amqp "],
];

it.each(ADVERSARIAL)("takes no more than its share of time for twice as many %s", (_, unit, head) => {
  const time = (size: number): number => {
    const text = `${head}${unit.repeat(size / unit.length)}`;
    let least = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 3; turn++) {
      const begun = process.cpuUsage();
      errorsIn(text, "broker");
      tallied(text);
      const { user, system } = process.cpuUsage(begun);
      least = Math.min(least, (user + system) / 1000);
    }
    return least;
  };
  time(4000);
  // Processor time; the collector may spoil one measurement, not every one. Below 10 ms the clock decides.
  const ratios = Array.from({ length: 4 }, () => {
    const once = time(24_000);
    const twice = time(48_000);
    return twice < 10 ? 0 : twice / once;
  });
  expect(Math.min(...ratios)).toBeLessThan(2.5);
});

it("takes no more than its share of time for twice as much of any row's beginning, again and again", () => {
  /** Processor time of all patterns, in milliseconds: each over its example's first half, which is no match yet. */
  const time = (characters: number): number => {
    const texts = KNOWN_LINES.map(({ example }) => {
      const half = example.slice(0, Math.ceil(example.length / 2));
      return half.repeat(Math.ceil(characters / half.length)).slice(0, characters);
    });
    let least = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 3; turn++) {
      const begun = process.cpuUsage();
      for (const [row, { pattern }] of KNOWN_LINES.entries()) pattern.test(texts[row]!);
      const { user, system } = process.cpuUsage(begun);
      least = Math.min(least, (user + system) / 1000);
    }
    return least;
  };
  time(2000);
  const ratios = Array.from({ length: 4 }, () => {
    const once = time(5000);
    const twice = time(10_000);
    return twice < 10 ? 0 : twice / once;
  });
  expect(Math.min(...ratios)).toBeLessThan(2.5);
});
