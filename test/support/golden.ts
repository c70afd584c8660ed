/**
 * Fixtures: small captures under fixtures/, each beside a description and the reports expected of it.
 *
 *     interleaving/heartbeat-inside-a-header.pcap             the capture; pcap or pcapng, perhaps .gz
 *     interleaving/heartbeat-inside-a-header.md               what happened on the wire, what must be raised
 *     interleaving/heartbeat-inside-a-header.expected.txt     the report for people
 *     interleaving/heartbeat-inside-a-header.expected.json    the report for programs
 *
 * Captures that differ only in dumpcap's ring suffix (`ring_00001_20261121200705.pcapng`) are one fixture.
 * They are found by walking the folder: to add one, put its capture and its .md there and run with UPDATE_GOLDEN=1.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { Report } from "../../src/report/report.ts";

export const FIXTURES = fileURLToPath(new URL("../../fixtures/", import.meta.url));

const CAPTURE = /^(.+?)(?:_\d{5}_\d{14})?\.(?:pcap|pcapng)(?:\.gz)?$/;
const COMPANION = /^(.+?)\.(?:md|expected\.txt|expected\.json)$/;

export interface Fixture {
  /** Folder and name, without an ending: `interleaving/heartbeat-inside-a-header`. */
  name: string;
  /** Paths of its captures, in order. */
  captures: string[];
}

/** Every fixture, and every other file that is there: files that belong to none. */
export function walkFixtures(): { fixtures: Fixture[]; strays: string[] } {
  const files = readdirSync(FIXTURES, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(FIXTURES, `${entry.parentPath}${sep}${entry.name}`).replaceAll(sep, "/"))
    .sort();
  const fixtures = new Map<string, Fixture>();
  for (const file of files) {
    const name = CAPTURE.exec(file)?.[1];
    if (name === undefined) continue;
    const fixture = fixtures.get(name) ?? { name, captures: [] };
    fixture.captures.push(`${FIXTURES}${file}`);
    fixtures.set(name, fixture);
  }
  const strays = files.filter(file => !CAPTURE.test(file) && !fixtures.has(COMPANION.exec(file)?.[1] ?? ""));
  return { fixtures: [...fixtures.values()], strays };
}

export function companion(fixture: Fixture, ending: "md" | "expected.txt" | "expected.json"): string {
  return `${FIXTURES}${fixture.name}.${ending}`;
}

/** The report on a fixture, with what differs between machines and releases made the same. */
export async function inspectFixture(fixture: Fixture): Promise<Report> {
  const report = await inspect(fixture.captures);
  report.tool.version = "0.0.0";
  for (const input of report.inputs) input.path = relative(FIXTURES, input.path).replaceAll(sep, "/");
  return report;
}

/** Compares with the golden file, or writes it where UPDATE_GOLDEN is set: read the diff then. */
export function expectGolden(file: string, actual: string): void {
  if (process.env.UPDATE_GOLDEN) {
    if (!existsSync(file) || readFileSync(file, "utf8") !== actual) writeFileSync(file, actual);
  }
  expect(existsSync(file), `${file} is missing: run with UPDATE_GOLDEN=1, and read what it writes`).toBe(true);
  expect(actual).toBe(readFileSync(file, "utf8"));
}

/** Fixtures that come to the same live: of TLS that passes through the proxy no records are read, it is left alone. */
export function fixturesReadLive(): Fixture[] {
  return walkFixtures().fixtures.filter(({ name }) => !/^tls\/|tls-and-strangers/.test(name));
}
