import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markdown } from "../../../src/check/outputs/markdown.ts";
import { codeSpan, markdownText } from "../../../src/report/markdown/markdown-text.ts";
import { capture, checkSamples, fiveHundred, gone, hostileResult, result } from "../../support/check-samples.ts";
import { SEED } from "../../support/chunkings.ts";
import { expectGolden } from "../../support/golden.ts";
import { diagnosis, finding, input, report } from "../../support/report-samples.ts";

const samples = await checkSamples();
const OPTIONS = { columns: 80, colour: false, all: false };
const MEBIBYTE = 1 << 20;

describe.each(Object.entries(samples))("%s", (name, sample) => {
  it("is the golden summary", () => {
    const file = fileURLToPath(new URL(`golden/${name}.summary.md`, import.meta.url));
    expectGolden(file, markdown(sample, OPTIONS));
  });

  it("begins with the outcome", () => {
    const [title, , outcome] = markdown(sample, OPTIONS).split("\n");
    expect(title).toBe(`## ghostframe check ${sample.passed ? "passed" : "failed"}`);
    expect(outcome).toMatch(
      new RegExp(`^\\*\\*${sample.passed ? "PASSED" : "FAILED"}: ${sample.summary.failing} failing`),
    );
  });
});

it("lists the captures with something to say, those that fail first", () => {
  const written = markdown(samples.failing!, OPTIONS);
  const rows = written.split("\n").filter(line => /^\| [\w-]+\//.test(line));
  expect(rows.map(row => row.split(" | ")[1])).toEqual(["**failed**", "**failed**", "passed", "passed", "passed"]);
  expect(written).toContain("\n1 capture with nothing to report.\n");
});

it("folds what is long, and only that", () => {
  const made = (summary: string) => {
    const findings = [finding({ diagnosis: diagnosis({ summary }) })];
    return markdown(result({ captures: [capture(report({ inputs: [input()], findings }), "failing")] }), OPTIONS);
  };
  expect(made("x".repeat(600))).toContain("<details><summary>Diagnosis and remedy</summary>\n\n- where");
  expect(made("x")).not.toContain("<details>");
});

it("tells fifty findings, each rule in turn, and counts the others", () => {
  const written = markdown(fiveHundred(), OPTIONS);
  expect(written.match(/^\*\*error `frame-end`\*\*/gm)).toHaveLength(49);
  expect(written.match(/^\*\*error `stalled-frame`\*\*/gm)).toHaveLength(1);
  expect(written).toContain("Left out: 450 more failing findings, 450 frame-end.");
  expect(markdown(fiveHundred(), { ...OPTIONS, all: true })).not.toContain("Left out");
});

it("stays below a mebibyte and says what it leaves out", () => {
  const long = "漢".repeat(2_000);
  const findings = Array.from({ length: 2_000 }, (_, at) => finding({ id: `f${at}`, message: long }));
  const captures = Array.from({ length: 9_000 }, (_, at) =>
    capture(report({ inputs: [input({ path: `${"long/".repeat(20)}${at}.pcap` })], findings: [finding()] }), "told"),
  );
  captures.push(capture(report({ inputs: [input({ path: "z.pcap" })], findings }), "failing"));
  const baseline = {
    path: "b",
    accepted: 0,
    notChecked: 0,
    gone: Array.from({ length: 9_000 }, () => gone({ message: long })),
  };
  const violations = Array.from({ length: 9_000 }, () => ({ kind: "unreadable", message: long }) as const);
  for (const all of [false, true]) {
    const written = markdown(result({ captures, baseline, violations }), { ...OPTIONS, all });
    expect(new TextEncoder().encode(written).length).toBeLessThan(MEBIBYTE);
    expect(written).toMatch(/more captures with something to say left out of the table/);
    expect(written).toMatch(/more violations left out/);
    expect(written).toMatch(/Left out: [\d,]+ more failing findings, [\d,]+ frame-end\./);
  }
});

it("leaves room for what the file holds already", () => {
  const findings = Array.from({ length: 2_000 }, (_, at) => finding({ id: `f${at}`, message: "x".repeat(900) }));
  const sample = result({ captures: [capture(report({ inputs: [input()], findings }), "failing")] });
  for (const octetsBefore of [0, MEBIBYTE / 2, MEBIBYTE - 6_000]) {
    const written = markdown(sample, { ...OPTIONS, all: true, octetsBefore });
    expect(octetsBefore + new TextEncoder().encode(written).length).toBeLessThanOrEqual(MEBIBYTE);
    expect(written).toMatch(/Left out: /);
  }
});

describe("text in it", () => {
  it.each([
    [
      "FRAME_ERROR at 18:19:51.9 of 127.0.0.1:5672 & (a) #x Thread#kill a.pcap",
      "FRAME_ERROR at 18:19:51.9 of 127.0.0.1:5672 & (a) #x Thread#kill a.pcap",
    ],
    ["<img src=x onerror=y>", "\\<img src=x onerror=y>"],
    ["[a](http://x) ![b](c)", "\\[a\\](http\\://x) !\\[b\\](c)"],
    ["a|b `c` **d** ~~e~~ _f_ g_h", "a\\|b \\`c\\` \\*\\*d\\*\\* \\~\\~e\\~\\~ \\_f\\_ g_h"],
    [
      "&lt; \\| #12 GH-7 @team :tada: $x$",
      "\\&lt; \\\\\\| #<!-- -->12 GH-<!-- -->7 @<!-- -->team :<!-- -->tada: &#36;x&#36;",
    ],
    ["www.evil.example a@b.example", "www\\.evil.example a@<!-- -->b.example"],
    ["two\n\nlines\t ", "two lines"],
    ["- a", "\\- a"],
    ["# a", "\\# a"],
    ["> a", "\\> a"],
    ["12. a", "12\\. a"],
  ])("%j is %s", (text, written) => expect(markdownText(text)).toBe(written));

  it(`means what it says and forms nothing, whatever it is (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), text => {
        const written = markdownText(text);
        expect(written).not.toMatch(/@\w|#\d|:\/\/|\$/);
        const bare = written.replaceAll("<!-- -->", "");
        // Escapes that are none are what GitHub would act on.
        expect(bare.replace(/\\[!-/:-@[-`{-~]/g, "")).not.toMatch(
          /[<[\]|`*~\\]|&[a-z]|(?<!\w)_|_(?!\w)|www\.|^[-+=>#]/i,
        );
        const decoded = bare.replaceAll("&#36;", "$").replace(/\\([!-/:-@[-`{-~])/g, "$1");
        expect(decoded).toBe(text.replace(/\s+/g, " ").trim());
      }),
      { seed: SEED },
    );
  });

  it("in a code span ends at none of its own backticks", () => {
    expect(codeSpan("a b")).toBe("`a b`");
    expect(codeSpan("`` a ```")).toBe("```` `` a ``` ````");
    expect(codeSpan(" ")).toBe("`   `");
    expect(codeSpan("a\n\n# b")).toBe("`a # b`");
  });

  it("makes no row, heading, tag or link of what came from the wire", () => {
    const strange = "\n\n# x\n| a | b |\n<script>[l](http://x)![i](y)</script> `c` <!-- --> </details>";
    const whole = markdown(hostileResult(strange, strange), { ...OPTIONS, all: true });
    // Pictures stand in blocks of code, where nothing forms anything.
    const written = whole.replace(/^(`{3,})text$[\s\S]*?^\1$/gm, "");
    const unescaped = written.replace(/`+[^`\n]+`+/g, "").replace(/\\[!-/:-@[-`{-~]/g, "");
    expect(unescaped).not.toMatch(/<script|<\/script|\]\(|^# /m);
    const tags = [...unescaped.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
    expect(tags.filter(tag => !/^<(?:\/?details|\/?summary|!-- --)>$/.test(tag))).toEqual([]);
    for (const row of written.split("\n").filter(line => line.startsWith("|"))) {
      expect(row.replaceAll("\\|", "").match(/\|/g)).toHaveLength(9);
    }
  });
});
