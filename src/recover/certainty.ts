/** How certain it is that a message that was put together is one that was sent, and no mixture of two. */
import type { Span } from "../forensics/diagnosis.ts";
import { MAX_DOUBTFUL } from "../forensics/untangle/doubts.ts";
import { joined } from "../forensics/writers.ts";
import type { Finding, Report } from "../report/report.ts";
import type { LostPublish } from "./lost-publish.ts";

/** Rules about a frame's envelope: behind such a break it must be found out where frames begin. */
const BREAKS_FRAMES: ReadonlySet<string> = new Set(["frame-end", "frame-too-large", "frame-type", "frame-malformed"]);

/** The highest confidence of a diagnosis that leaves octets unexplained. */
const UNEXPLAINED = 0.5;

/** The highest confidence where another reading is as near. */
const TIED = 0.6;

/** What is known of a message's connection makes it more or less certain. */
export class Certainty {
  readonly #byConnection = new Map<string, Finding[]>();

  constructor({ findings }: Report) {
    for (const finding of findings) {
      const { connection, severity, direction } = finding;
      if (connection === null || severity !== "error" || direction !== "client-to-server") continue;
      const known = this.#byConnection.get(connection) ?? [];
      this.#byConnection.set(connection, known);
      known.push(finding);
    }
  }

  of(lost: LostPublish): LostPublish {
    const { record, isExplained } = lost;
    const findings = this.#byConnection.get(record.connection) ?? [];
    if (isExplained) {
      const finding = findings.find(({ id }) => id === record.finding);
      if (finding === undefined) return lost;
      const isSole = isSoleWriter(finding, record.streamOffset);
      return { ...lost, isSoleWriter: isSole, doubtful: doubtfulOf(finding, lost.spans) };
    }
    // Between the frame that broke and where the broker stopped: what the diagnosis does not account for may be the rest of that frame.
    if (lost.fate === "swallowed") return { ...lost, confidence: TIED, doubtful: [...lost.spans] };
    // What is not explained may hide that the frames behind it lie inside a message body.
    const before = findings.filter(({ rule, streamOffset }) => {
      return BREAKS_FRAMES.has(rule) && (streamOffset ?? 0) <= record.streamOffset;
    });
    const least = Math.min(1, ...before.map(({ diagnosis }) => diagnosis?.confidence ?? 0));
    return least > UNEXPLAINED ? lost : { ...lost, confidence: least };
  }
}

/** The stretches of a message that may be another's; all if it may be longer, or not all doubts are reported. */
function doubtfulOf({ diagnosis }: Finding, spans: readonly Span[]): Span[] {
  const doubts = diagnosis?.doubtful ?? [];
  const has = (offset: number): boolean => spans.some(([from, octets]) => offset >= from && offset < from + octets);
  if (doubts.length >= MAX_DOUBTFUL) return [...spans];
  const own = doubts.filter(({ span: [at, count], frame, other }) => {
    return has(frame) || has(other) || spans.some(([from, octets]) => from < at + count && at < from + octets);
  });
  if (own.length === 0) return [];
  const shared: Span[] = [];
  for (const [from, octets] of spans) {
    let behind = from;
    for (const [at, count] of own.map(({ span }) => span).toSorted((a, b) => a[0] - b[0])) {
      const [begin, end] = [Math.max(behind, at), Math.min(from + octets, at + count)];
      if (begin >= end) continue;
      shared.push([begin, end - begin]);
      behind = end;
    }
  }
  if (shared.length > 0) return joined(shared);
  return [...spans];
}

/** No other writer is seen on its writer's channels, and nothing came again, or was written over. */
function isSoleWriter({ diagnosis }: Finding, offset: number): boolean {
  if (diagnosis === undefined) return false;
  const { writers, overwritten, replayed, foreign } = diagnosis;
  if (overwritten.length + replayed.length + foreign.length > 0) return false;
  const own = writers.find(({ messages }) => messages.some(({ spans }) => spans[0]?.[0] === offset));
  return (
    own !== undefined &&
    writers.every(each => each === own || !each.channels.some(channel => own.channels.includes(channel)))
  );
}
