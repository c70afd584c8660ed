/** The public API: what the command does, for programs. */

export { type CaptureReport, type CheckRules, check } from "./check/check.ts";
export type * from "./check/check-result.ts";
export { policyOf } from "./check/policy.ts";
export { RULES, type RuleId, type Severity } from "./connection/rules.ts";
export { Inspection, type InspectOptions, inspect, inspectPart } from "./inspect.ts";
export { buildReport } from "./report/build-report.ts";
export { type Format, formats } from "./report/formats.ts";
export type * from "./report/live-event.ts";
export type { MessageRecord } from "./report/message-record.ts";
export { merge } from "./report/partial/merge.ts";
export type * from "./report/partial/partial-result.ts";
export type * from "./report/report.ts";
export type { FormatOptions, ReportFormat } from "./report/report-format.ts";
export { VERSION } from "./version.ts";
