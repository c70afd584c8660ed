/** The manual page: every command and option of --help, and nothing that roff takes for a request. */
import { expect, it } from "vitest";
import { ABOUT, allUsages } from "../../../src/cli/program.ts";
import { manualPage } from "../../../src/cli/usage/manual-page.ts";

const usages = await allUsages();
const page = manualPage(usages, "0.0.0", ABOUT);
/** As it is read: without roff's escapes. */
const shown = page
  .replaceAll("\\-", "-")
  .replaceAll(/\\f[BIR]/g, "")
  .replaceAll("\\&", "")
  .replaceAll("\\e", "\\");

it("names every command, with its options and their choices, exit status and examples", () => {
  expect(usages.length).toBeGreaterThan(12);
  for (const { name, takes, description, options, after } of usages) {
    const from = shown.indexOf(`.SH ${name.toUpperCase()}\nghostframe ${name} ${takes}`);
    expect(from, name).toBeGreaterThan(0);
    const section = shown.slice(from, shown.indexOf("\n.SH ", from + 1));
    expect(section).toContain(description);
    for (const { long, value, choices } of options) {
      expect(section).toContain(value === null ? long : `${long} ${value}`);
      for (const choice of choices) expect(section).toContain(choice);
    }
    expect(after).toContain("Examples:");
    expect(section).toContain(after.split("\n").at(-1));
  }
});

it("holds no request but those of man(7) that it means", () => {
  const requests = page.split("\n").filter(line => /^[.']/.test(line));
  expect(new Set(requests.map(line => line.split(" ")[0]))).toEqual(
    new Set([".PP", ".SH", ".TH", ".TP", ".br", ".fi", ".nf"]),
  );
});
