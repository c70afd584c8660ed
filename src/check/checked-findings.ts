/** The findings of a check as a table, for databases: those of a report, and how they were judged. */
import { type Column, FINDINGS, type Table } from "../report/tables.ts";
import type { CheckedFinding, CheckResult } from "./check-result.ts";

export interface CheckedRow extends CheckedFinding {
  /** Index of its capture in the result. */
  capture: number;
  /** The capture's path, as in the result. */
  path: string;
}

/** Named as that of `inspect`: a query for one reads the other. */
export const CHECKED_FINDINGS: Table<CheckedRow> = {
  name: FINDINGS.name,
  input: ({ capture }) => capture,
  columns: [
    ...FINDINGS.columns.map(
      ({ name, type, of }): Column<CheckedRow> => ({ name, type, of: ({ finding }) => of(finding) }),
    ),
    ...(["level", "state", "fingerprint", "path"] as const).map(
      (name): Column<CheckedRow> => ({ name, type: "text", of: row => row[name] }),
    ),
  ],
};

/** A row for each finding of the result, in its order; findings of rules that are off are in none. */
export function* checkedRows({ captures }: CheckResult): Generator<CheckedRow> {
  for (const [capture, { path, findings }] of captures.entries()) {
    for (const each of findings) yield { ...each, capture, path };
  }
}
