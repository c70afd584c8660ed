import { existsSync, readFileSync, statSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { columns } from "../src/bytes/printable.ts";
import { RULES } from "../src/connection/rules.ts";
import { formats } from "../src/report/formats.ts";
import schema from "../src/report/report.schema.json" with { type: "json" };
import type { Report } from "../src/report/report.ts";
import { companion, expectGolden, type Fixture, inspectFixture, walkFixtures } from "./support/golden.ts";

const { fixtures, strays } = walkFixtures();
const text = await formats.text();
const json = await formats.json();
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

const NOTHING = "nothing";
const ANYTHING_ELSE = "anything else";
const MOST_OCTETS = 2.1e6;

interface Description {
  mustRaise: string[];
  mustNotRaise: string[];
  /** What ghostframe gets wrong so far, if anything. */
  notYet: string | undefined;
}

/** Reads `Must raise: frame-end, broker-close.` and its like out of a fixture's .md. */
function describeFixture(fixture: Fixture): Description {
  const lines = readFileSync(companion(fixture, "md"), "utf8").split("\n");
  const after = (label: string) => lines.find(line => line.startsWith(label))?.slice(label.length);
  const list = (label: string) => {
    const names = after(label)?.replace(/\.$/, "").split(", ");
    expect(names, `${fixture.name}.md says nothing of what it "${label}"`).toBeDefined();
    return names!.filter(name => name !== NOTHING);
  };
  return { mustRaise: list("Must raise: "), mustNotRaise: list("Must not raise: "), notYet: after("Not yet: ") };
}

const reports = new Map<Fixture, Promise<Report>>();

function reportOf(fixture: Fixture): Promise<Report> {
  const report = reports.get(fixture) ?? inspectFixture(fixture);
  reports.set(fixture, report);
  return report;
}

describe.each(fixtures.map(fixture => [fixture.name, fixture] as const))("%s", (_, fixture) => {
  if (!existsSync(companion(fixture, "md"))) {
    it("has a description", () => expect.unreachable(`${fixture.name}.md is missing`));
    return;
  }
  const { mustRaise, mustNotRaise, notYet } = describeFixture(fixture);

  // Fails when what is wrong has been mended: take the "Not yet" out then, and write the golden reports.
  const test = notYet === undefined ? it : it.fails;
  test("raises what its description says, and nothing it excludes", async () => {
    const raised = [...new Set((await reportOf(fixture)).findings.map(finding => finding.rule as string))];
    for (const name of mustRaise) expect(raised).toContain(name);
    for (const name of mustNotRaise) expect(raised).not.toContain(name);
    if (mustNotRaise.includes(ANYTHING_ELSE)) expect(raised.toSorted()).toEqual(mustRaise.toSorted());
  });

  it("is described in the words of the rules", () => {
    const known = [...Object.keys(RULES), ANYTHING_ELSE];
    for (const name of [...mustRaise, ...mustNotRaise]) expect(known).toContain(name);
  });

  it("gives a valid report", async () => {
    validate(await reportOf(fixture));
    expect(validate.errors).toBeNull();
  });

  it("gives a report of 80 columns", async () => {
    const tooWide = text(await reportOf(fixture), { all: true })
      .split("\n")
      .filter(line => columns(line) > 80);
    expect(tooWide).toEqual([]);
  });

  if (notYet !== undefined) return;
  it("gives the expected text", async () => {
    expectGolden(companion(fixture, "expected.txt"), text(await reportOf(fixture)));
  });

  it("gives the expected JSON", async () => {
    expectGolden(companion(fixture, "expected.json"), json(await reportOf(fixture)));
  });
});

/** Which processes hold a socket, no capture tells; and none makes ghostframe fail that we know of. */
const LIVE_ONLY = ["shared-socket", "internal-error"];

describe("the folder", () => {
  it("holds fixtures and nothing else", () => expect(strays).toEqual([]));

  it("has a fixture for every rule", () => {
    const raised = new Set(fixtures.flatMap(fixture => describeFixture(fixture).mustRaise));
    expect(Object.keys(RULES).filter(rule => !raised.has(rule))).toEqual(LIVE_ONLY);
  });

  it("stays small", () => {
    const files = fixtures.flatMap(fixture => [
      ...fixture.captures,
      ...(["md", "expected.txt", "expected.json"] as const).map(ending => companion(fixture, ending)),
    ]);
    const octets = files.filter(file => existsSync(file)).reduce((sum, file) => sum + statSync(file).size, 0);
    expect(octets).toBeLessThan(MOST_OCTETS);
  });

  it("shows no password", async () => {
    for (const fixture of fixtures) expect(json(await reportOf(fixture))).not.toContain("wrong-password");
  });
});
