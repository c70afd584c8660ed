/**
 * A baseline: the findings when it was written. From then on they are accepted. Its file is made for version control:
 * sorted, one entry a line, and unchanged as long as the findings are unchanged.
 */
import { byCodeUnit } from "../bytes/code-unit-order.ts";
import { RULES } from "../connection/rules.ts";
import { FINGERPRINT_VERSION } from "../report/fingerprint.ts";
import { jsonLine } from "../report/json.ts";
import type { BaselineEntry, BaselineState, CheckedCapture } from "./check-result.ts";
import { JsonSyntaxError, parseJson } from "./json-text.ts";

export const BASELINE_SCHEMA = "ghostframe.baseline/1";

export interface Baseline {
  path: string;
  entries: readonly BaselineEntry[];
  /** Captures of its entries whose files are gone. */
  missing: ReadonlySet<string>;
}

/** A baseline that cannot be used. The message names no file. */
export class BaselineError extends Error {
  override name = "BaselineError";
  /** It is a baseline, but its fingerprints are of another version: it must be written anew. */
  readonly outdated: boolean;

  constructor(problem: string, outdated = false) {
    super(problem);
    this.outdated = outdated;
  }
}

/**
 * The entries of a baseline's text.
 *
 * @throws BaselineError
 */
export function readBaseline(text: string): BaselineEntry[] {
  const { schema, fingerprints, accepted } = asObject(parsed(text)) ?? {};
  if (typeof schema !== "string" || !schema.startsWith("ghostframe.baseline/")) {
    throw new BaselineError(`is no baseline: expected "schema": "${BASELINE_SCHEMA}"`);
  }
  if (schema !== BASELINE_SCHEMA || fingerprints !== FINGERPRINT_VERSION) {
    const version = schema === BASELINE_SCHEMA ? `fingerprints of version ${String(fingerprints)}` : schema;
    throw new BaselineError(
      `was written by another ghostframe (${version}): write it anew with --update-baseline`,
      true,
    );
  }
  if (!Array.isArray(accepted)) throw new BaselineError(`is no baseline: expected a list "accepted"`);
  return accepted.map((entry: unknown, i) => {
    if (!isEntry(entry)) throw new BaselineError(`accepted[${i}] is no entry of a baseline`);
    return entry;
  });
}

/** The baseline's text: entries sorted, one a line. */
export function baselineText(entries: readonly BaselineEntry[]): string {
  const lines = entries.toSorted(byPlace).map(({ capture, rule, fingerprint, count, message }) => {
    return `    ${jsonLine({ capture, rule, fingerprint, count, message })}`;
  });
  const accepted = lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n  ]`;
  return `{\n  "schema": "${BASELINE_SCHEMA}",\n  "fingerprints": ${FINGERPRINT_VERSION},\n  "accepted": ${accepted}\n}\n`;
}

/** A capture that was checked, with the path by which a baseline knows it. */
export interface PlacedCapture {
  place: string;
  capture: CheckedCapture;
}

/**
 * Marks the findings that a baseline accepts. A capture in the baseline may have as many findings of a fingerprint as
 * its entry allows; more of them fail. A capture that is not in it is a new recording: it may have the findings that
 * were accepted for captures whose files are gone. Captures that exist but were not checked keep their entries.
 */
export function applyBaseline(captures: readonly PlacedCapture[], { path, entries, missing }: Baseline): BaselineState {
  const here = new Set(captures.map(({ place }) => place));
  const inReach = entries.filter(({ capture }) => here.has(capture) || missing.has(capture));
  const known = new Set(entries.map(({ capture }) => capture));
  const own = new Map<string, Allowance[]>();
  const left = new Map<string, Allowance[]>();
  const allowances = inReach.toSorted(byPlace).map(entry => ({ entry, used: 0 }));
  for (const allowance of allowances) {
    const { capture, fingerprint } = allowance.entry;
    if (here.has(capture)) push(own, `${fingerprint} ${capture}`, allowance);
    else push(left, fingerprint, allowance);
  }
  let accepted = 0;
  for (const { place, capture } of captures) {
    for (const finding of capture.findings) {
      if (finding.state === "expected") continue;
      const { fingerprint } = finding;
      const usable = known.has(place) ? own.get(`${fingerprint} ${place}`) : left.get(fingerprint);
      const allowance = usable?.find(({ used, entry }) => used < entry.count);
      if (allowance === undefined) continue;
      allowance.used++;
      accepted++;
      finding.state = "accepted";
    }
  }
  const gone = allowances.filter(({ used }) => used === 0).map(({ entry }) => entry);
  return { path, accepted, gone, notChecked: entries.length - inReach.length };
}

interface Allowance {
  entry: BaselineEntry;
  used: number;
}

/**
 * The baseline that accepts what fails. If `before` accepts a finding as well, its old sentence stays: a second
 * recording of the same traffic is no change. Entries of captures that were not checked stay as long as their files
 * exist.
 */
export function entriesFor(
  captures: readonly PlacedCapture[],
  { entries: before, missing }: Pick<Baseline, "entries" | "missing">,
): BaselineEntry[] {
  const here = new Set(captures.map(({ place }) => place));
  const kept = before.filter(({ capture }) => !here.has(capture) && !missing.has(capture));
  const sentences = new Map(before.map(({ fingerprint, capture, message }) => [`${fingerprint} ${capture}`, message]));
  const entries = new Map<string, BaselineEntry>();
  for (const { place, capture } of captures) {
    for (const { finding, fingerprint, state } of capture.findings) {
      if (state !== "failing") continue;
      const key = `${fingerprint} ${place}`;
      const entry = entries.get(key);
      if (entry !== undefined) {
        entry.count++;
        continue;
      }
      const { rule, message } = finding;
      entries.set(key, { fingerprint, rule, capture: place, count: 1, message: sentences.get(key) ?? message });
    }
  }
  return [...kept, ...entries.values()].sort(byPlace);
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new BaselineError(`is no JSON: ${error.message}`);
    throw error;
  }
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function isEntry(value: unknown): value is BaselineEntry {
  const { fingerprint, rule, capture, count, message } = asObject(value) ?? {};
  return (
    typeof fingerprint === "string" &&
    /^[0-9a-f]{16}$/.test(fingerprint) &&
    typeof rule === "string" &&
    Object.hasOwn(RULES, rule) &&
    typeof capture === "string" &&
    Number.isSafeInteger(count) &&
    (count as number) > 0 &&
    typeof message === "string"
  );
}

/** By capture, rule and fingerprint, in code unit order. */
function byPlace(a: BaselineEntry, b: BaselineEntry): number {
  return byCodeUnit(a.capture, b.capture) || byCodeUnit(a.rule, b.rule) || byCodeUnit(a.fingerprint, b.fingerprint);
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
