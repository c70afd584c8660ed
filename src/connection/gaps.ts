import { capital, plural } from "../bytes/words.ts";
import { Moment, type Side } from "../net/connection-observer.ts";
import { Incident } from "./incident.ts";
import type { RuleId } from "./rules.ts";

/**
 * Counts the octets of one direction that the capture does not hold, and makes one note of them all: a lossy capture
 * has thousands of gaps, and its reader needs to know that it is lossy, how much, and from where on.
 */
export class Gaps {
  /** Made with the first gap: most captures have none. */
  #lost: GapCount | null = null;
  #cut: GapCount | null = null;

  /** `missing` octets (−1: unknown, at a start in mid-stream) at this stream offset; `cut` off by the snap length. */
  add(missing: number, cut: boolean, streamOffset: number, moment: Moment): void {
    if (missing < 0 && streamOffset === 0) return;
    if (cut) this.#cut ??= new GapCount();
    else this.#lost ??= new GapCount();
    (cut ? this.#cut : this.#lost)?.add(missing, streamOffset, moment);
  }

  get count(): number {
    return (this.#lost?.count ?? 0) + (this.#cut?.count ?? 0);
  }

  /** Behind a segment that was cut off, it was not known where the next frame begins. */
  lostBoundary = false;

  /** Segments of which a part was cut off. */
  get cut(): number {
    return this.#cut?.count ?? 0;
  }

  incidents(side: Side): Incident[] {
    const notes: Incident[] = [];
    if (this.#lost !== null) {
      const { count: lost, octets: missing } = this.#lost;
      const amount = missing === 0 ? "octets, nobody knows how many," : plural(missing, "octet");
      const message = `${amount} of this direction ${missing === 1 ? "is" : "are"} missing from the capture, in ${plural(lost, "gap")}.`;
      notes.push(this.#lost.incident("capture-gap", side, capital(message)));
    }
    if (this.#cut !== null) {
      const { count: cut, octets: gone } = this.#cut;
      const message = `${plural(gone, "octet")} of ${plural(cut, "segment")} of this direction ${gone === 1 ? "is" : "are"} cut off: a snap length left ${gone === 1 ? "it" : "them"} out, or the headers claim more than there was.`;
      notes.push(this.#cut.incident("snap-length", side, message));
    }
    return notes;
  }
}

class GapCount {
  count = 0;
  octets = 0;
  #streamOffset = 0;
  readonly #first = new Moment();
  readonly #last = new Moment();

  add(missing: number, streamOffset: number, moment: Moment): void {
    if (this.count === 0) {
      this.#streamOffset = streamOffset;
      this.#first.set(moment);
    }
    this.#last.set(moment);
    this.count++;
    this.octets += Math.max(missing, 0);
  }

  incident(rule: RuleId, side: Side, message: string): Incident {
    const incident = new Incident(
      rule,
      "note",
      { side, streamOffset: this.#streamOffset, moment: this.#first },
      message,
    );
    incident.to.set(this.#last);
    return incident;
  }
}

/** The capture does not hold the beginning of a connection, of which it has the first octets at `first`. */
export function midStreamIncident(first: Moment): Incident {
  const message = "The capture begins in the middle of this connection: its limits and open channels are not known.";
  return new Incident("mid-stream", "note", { side: null, streamOffset: -1, moment: first }, message);
}
