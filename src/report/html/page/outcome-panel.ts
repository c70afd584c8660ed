/** How a check or a run ended: the outcome, what violates the policy, the policy itself, the baseline, every capture. */
import { grouped } from "../../../bytes/grouped.ts";
import { counted } from "../../text/wording.ts";
import type { JudgedCapture, Outcome } from "../page-data.ts";
import { h, table } from "./dom.ts";

/** Captures that are shown at once; beyond this, the table is folded. */
const OPEN = 12;

export function outcomePanel({ passed, words, command, violations, policy, baseline, captures }: Outcome): HTMLElement {
  return h(
    "section",
    { class: `panel ${passed ? "passed" : "failed"}`, "aria-label": "Outcome" },
    h("p", { class: "lead" }, h("strong", {}, words)),
    command === undefined ? null : h("p", {}, command),
    h(
      "div",
      { class: "facts" },
      ...lines("Violations", violations),
      ...lines("Policy", policy),
      ...lines("Baseline", baseline),
    ),
    captureTable(captures),
  );
}

function lines(title: string, texts: readonly string[]): HTMLElement[] {
  if (texts.length === 0) return [];
  const shown = texts.length === 1 ? [h("span", {}, texts[0])] : texts.map(text => h("div", {}, text));
  return [h("span", { class: "term" }, title), h("span", {}, ...shown)];
}

function captureTable({ list, rest }: Outcome["captures"]): HTMLElement | null {
  if (list.length === 0) return null;
  const rows = table(["Capture", "Outcome", "Connections", "Frames"], list.map(row), "Captures");
  const more = rest > 0 ? h("p", { class: "quiet" }, `${counted(rest, "more capture")}, all of them passed.`) : null;
  const failed = list.filter(({ passed }) => !passed).length;
  const title = `${counted(list.length + rest, "capture")}, ${failed === 0 ? "all passed" : `${grouped(failed)} failed`}`;
  return h("details", { open: list.length <= OPEN }, h("summary", {}, title), rows, more);
}

function row({ path, passed, words, connections, frames }: JudgedCapture) {
  const outcome = h("span", { class: passed ? "good" : "sick" }, `${passed ? "✓" : "✗"} ${words}`);
  return [path, outcome, grouped(connections), grouped(frames)];
}
