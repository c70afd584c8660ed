import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLAVORS } from "../../src/report/markdown/markup.ts";
import { markdown } from "../../src/report/markdown.ts";
import * as samples from "../support/report-samples.ts";

describe.each(FLAVORS)("markdown for %s", flavor => {
  const shown = markdown(samples.tornFrame(), { flavor });

  it("has the answer, the cause, what to do and the picture", () => {
    for (const part of ["1 of 1 connection sick. At least 5 messages lost.", "Cause", "Do", "██", "frame.number"]) {
      expect(shown.replaceAll("\u200b", "")).toContain(part);
    }
    expect(markdown(samples.clean(), { flavor })).toContain("nothing wrong");
  });

  it("lets no string from the wire form anything (printed seed)", () => {
    const strange = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.constantFrom("```", "{noformat}", "<!channel>", "<b>", "![x](https://a.b)", "@all", "|", "h1. x", "{code}"),
    );
    fc.assert(
      fc.property(strange, strange, (one, other) => {
        const text = markdown(samples.hostile(one, other), { flavor });
        const prose = text.split("\n").filter(line => !line.startsWith("  "));
        const fence = { github: /^`{3,}(?:text)?$/, slack: /^```$/, jira: /^\{noformat\}$/ }[flavor];
        const fences = text.split("\n").filter(line => fence.test(line));
        expect(fences.length % 2).toBe(0);
        if (flavor === "jira") expect(text.match(/\{noformat\}/g)?.length ?? 0).toBe(fences.length);
        if (flavor === "slack") expect(text).not.toContain("<!channel>");
        if (flavor === "github")
          expect(
            prose
              .join("\n")
              .replaceAll("<!-- -->", "")
              .replace(/`+[^`\n]+`+|\\[!-/:-@[-`{-~]/g, ""),
          ).not.toMatch(/<[a-z!]|!\[/i);
      }),
      { numRuns: 60 },
    );
  });
});
