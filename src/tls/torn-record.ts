import { short } from "../bytes/big-endian.ts";
import type { RecentOctets } from "./recent-octets.ts";
import { APPLICATION_DATA, isRecordHeader, RECORD_HEADER_SIZE } from "./record-layer.ts";

/** A stretch of one direction's stream: offset and octets. */
export type Span = readonly [streamOffset: number, octets: number];

/** What the octets around a broken record are, if that could be found out. */
export interface TornRecord {
  kind: "torn" | "cut-short" | "replayed" | "unexplained";
  /** The record that does not end on a header; null if its header is not known. */
  record: { streamOffset: number; length: number } | null;
  /** Where the record's own octets are. */
  spans: Span[];
  /** Whole records of another writer inside it. */
  inserted: Span | null;
  /** Octets of the record that are nowhere in the stream. */
  missing: number;
  /** A stretch that repeats another. */
  replayed: { span: Span; of: Span } | null;
}

/** Records that an inserted chain may have. */
const MAX_INSERTED = 4096;
/** The shortest stretch that counts as a repetition: chance makes one of 8 octets once in 2^64. */
const MIN_REPEATED = 8;

/**
 * Explains why no header stands at `faultOffset`, the end of the record at `recordOffset` (−1: not known), now that the
 * boundary was found again at `foundAt` (−1: never). Only what the octets prove is reported: a record *torn* by others
 * proves itself, because with their length taken out its own length ends on a boundary; one that was *cut short* has a
 * chain of headers inside it that goes on beyond its end.
 */
export function explainTear(
  octets: RecentOctets,
  recordOffset: number,
  faultOffset: number,
  foundAt: number,
): TornRecord {
  const length = faultOffset - recordOffset - RECORD_HEADER_SIZE;
  const known = recordOffset >= octets.base && recordOffset >= 0 && recordOffset < faultOffset;
  const record = known ? { streamOffset: recordOffset, length } : null;
  const plain: TornRecord = { kind: "unexplained", record, spans: [], inserted: null, missing: 0, replayed: null };
  if (record !== null) {
    const tear = tornBy(octets, recordOffset, faultOffset, foundAt);
    if (tear !== null) return { ...plain, ...tear };
  }
  const repeated = foundAt < 0 ? null : repetition(octets, faultOffset, foundAt);
  if (repeated !== null) return { ...plain, kind: "replayed", replayed: repeated };
  return plain;
}

function tornBy(
  octets: RecentOctets,
  recordOffset: number,
  faultOffset: number,
  foundAt: number,
): Pick<TornRecord, "kind" | "spans" | "inserted" | "missing"> | null {
  const { bytes, base } = octets;
  const whole = faultOffset - recordOffset;
  for (let from = recordOffset + RECORD_HEADER_SIZE; from < faultOffset; from++) {
    // The header of a record that was interrupted has been checked; those that interrupt it carry data.
    if (bytes[from - base] !== APPLICATION_DATA) continue;
    let at = from;
    for (let records = 0; records < MAX_INSERTED && headerAt(octets, at); records++) {
      at += RECORD_HEADER_SIZE + short(bytes, at - base + 3);
      const end = faultOffset + at - from;
      // One record inside another is little proof by itself: a header must stand behind the end of both.
      if (isBoundary(octets, end, foundAt)) {
        const spans: Span[] = [
          [recordOffset, from - recordOffset],
          [at, end - at],
        ];
        return { kind: "torn", spans, inserted: [from, at - from], missing: 0 };
      }
      if (at > faultOffset && isBoundary(octets, at, foundAt) && (records > 0 || at === foundAt)) {
        const written = from - recordOffset;
        return { kind: "cut-short", spans: [[recordOffset, written]], inserted: null, missing: whole - written };
      }
    }
  }
  return null;
}

/** A header stands here that leads to another one, or to where the boundary was found again. */
function isBoundary(octets: RecentOctets, streamOffset: number, foundAt: number): boolean {
  if (streamOffset === foundAt) return true;
  if (!headerAt(octets, streamOffset)) return false;
  const next = streamOffset + RECORD_HEADER_SIZE + short(octets.bytes, streamOffset - octets.base + 3);
  return next === foundAt || headerAt(octets, next);
}

function headerAt(octets: RecentOctets, streamOffset: number): boolean {
  const at = streamOffset - octets.base;
  return at >= 0 && streamOffset + RECORD_HEADER_SIZE <= octets.end && isRecordHeader(octets.bytes, at);
}

/** Whether the octets that belong to no record are the ones right before them, once more. */
function repetition(octets: RecentOctets, from: number, to: number): { span: Span; of: Span } | null {
  const size = to - from;
  if (size < MIN_REPEATED || from - size < octets.base || to > octets.end) return null;
  const { bytes, base } = octets;
  for (let i = 0; i < size; i++) if (bytes[from - base + i] !== bytes[from - base - size + i]) return null;
  return { span: [from, size], of: [from - size, size] };
}
