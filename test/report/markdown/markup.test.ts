/** What Slack and Jira make nothing of, and what is left as it came: people copy from it. */
import { describe, expect, it } from "vitest";
import { MARKUP } from "../../../src/report/markdown/markup.ts";

const ZERO = "\u200b";
const PLAIN = "FRAME_ERROR at 18:19:51.9 of 127.0.0.1:5672, t1-3, a*b, Thread.timeout & more";

it.each(["github", "slack", "jira"] as const)("%s leaves plain text as it is", flavor => {
  expect(MARKUP[flavor].text(PLAIN)).toBe(PLAIN.replace("a*b", flavor === "github" ? "a\\*b" : "a*b"));
});

describe("slack", () => {
  it.each([
    ["*bold* _it_ ~gone~", `*${ZERO}bold*${ZERO} _${ZERO}it_${ZERO} ~${ZERO}gone~${ZERO}`],
    ["<!channel> @all :tada: #x", `‹!channel> @${ZERO}all :${ZERO}tada: #${ZERO}x`],
    ["https://evil.example `c`", `https:${ZERO}//evil.example \`${ZERO}c\`${ZERO}`],
    ["> quoted", `${ZERO}> quoted`],
  ])("%j", (text, written) => expect(MARKUP.slack.text(text)).toBe(written));

  it("has no backtick and nobody's name in code", () => {
    expect(MARKUP.slack.code("a`b <!here> :tada:")).toBe("`a'b ‹!here> :tada:`");
    expect(MARKUP.slack.block(["```", "<@U1>"])).toBe("```\n'''\n‹@U1>\n```");
  });
});

describe("jira", () => {
  it.each([
    ["*bold* _it_ -gone- +in+", "\\*bold\\* \\_it\\_ \\-gone\\- \\+in\\+"],
    ["{code} [~ann] !x.png! a|b", "\\{code\\} \\[\\~ann\\] \\!x.png\\! a\\|b"],
    // These have no escape of their own.
    ["a\\b & c#d", "a&#92;b & c#d"],
    ["(y) (f2)", "\\(y) (f2)"],
    ["https://evil.example", `https${ZERO}://evil.example`],
    ["# one", `${ZERO}# one`],
    ["h1. x", `${ZERO}h1. x`],
  ])("%j", (text, written) => expect(MARKUP.jira.text(text)).toBe(written));

  it("ends no block inside of it", () => {
    expect(MARKUP.jira.block(["{noformat}", "{x"])).toBe("{noformat}\n{ noformat}\n{x\n{noformat}");
  });
});
