import type { CauseId } from "./cause-catalogue.ts";
import { type HeaderWindow, hexOf, octetsFrom } from "./header-window.ts";

/** In words, because a number would claim a precision that does not exist. */
export type Confidence = "near certain" | "likely" | "possible" | "unlikely";

/** What some octets are: one hypothesis of several. */
export interface Reading {
  kind: ReadingKind;
  /** What they are, as a clause: "a heartbeat frame inside a torn frame header". */
  meaning: string;
  /** Which octets show it. Sentences. */
  why: string;
  /** The same in a few words, to refer to: "08 00 00 00 at octets 3–6". */
  evidence: string;
  /** 0 to 100: how well the octets fit, only to rank by and to choose the word. */
  score: number;
  /** Index of the octet, counted from the header's first, at which a frame really begins; null if none is found. */
  boundary: number | null;
  /** What each octet is, "" if that is not known. */
  octets: readonly string[];
}

/** A cause, its weight (0 to 100, only to rank by and to choose the word), and its evidence. */
export type Weighed = readonly [id: CauseId, score: number, why: string];

export type ReadingKind =
  | "heartbeat-in-header"
  | "frame-in-header"
  | "late-frame"
  | "frame-in-payload"
  | "second-handshake"
  | "foreign-protocol"
  | "protocol-refusal"
  | "field-kind"
  | "payload-text"
  | "headers-table"
  | "content-octets"
  | "genuine-oversize"
  | "handshake-oversize"
  | "byte-order"
  | "modest-size"
  | "torn-later"
  | "end-missing"
  | "payload-missing"
  | "zeros"
  | "unknown";

/** `08 00 00 00 at octets 3–6`. */
export function evidenceAt(window: HeaderWindow, from: number, to: number): string {
  const end = Math.min(window.length, to);
  return `${hexOf(window, from, end)} at ${octetsFrom(from, end)}`;
}

/** The words in a sentence: "most likely a heartbeat frame". */
export const ADVERBS: Readonly<Record<Confidence, string>> = {
  "near certain": "almost certainly",
  likely: "most likely",
  possible: "possibly",
  unlikely: "perhaps",
};

export function confidenceOf(score: number): Confidence {
  if (score >= 85) return "near certain";
  if (score >= 58) return "likely";
  return score >= 25 ? "possible" : "unlikely";
}

/** As many labels as the window has octets, `label` on [from, to) and "" elsewhere. */
export function labels(
  window: HeaderWindow,
  ...parts: readonly (readonly [from: number, to: number, label: string])[]
) {
  const made = Array.from(window, () => "");
  for (const [from, to, label] of parts) made.fill(label, Math.max(0, from), Math.max(0, to));
  return made;
}
