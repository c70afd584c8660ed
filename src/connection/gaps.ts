import { capital, plural } from "../bytes/words.ts";
import { Moment, type Side } from "../net/connection-observer.ts";
import { Incident } from "./incident.ts";
import type { RuleId } from "./rules.ts";

/**
 * Counts the octets of one direction that the capture does not hold, and makes one note of them all: a lossy capture
 * has thousands of gaps, and its reader wants to know that it is lossy, how much, and from where on.
 */
export class Gaps {
  readonly #lost = new GapCount();
  readonly #cut = new GapCount();

  /** `missing` octets (−1: unknown, at a start in mid-stream) at this stream offset; `cut` off by the snap length. */
  add(missing: number, cut: boolean, streamOffset: number, moment: Moment): void {
    if (missing < 0 && streamOffset === 0) return;
    (cut ? this.#cut : this.#lost).add(missing, streamOffset, moment);
  }

  get count(): number {
    return this.#lost.count + this.#cut.count;
  }

  incidents(side: Side): Incident[] {
    const notes: Incident[] = [];
    const { count: lost, octets: missing } = this.#lost;
    if (lost > 0) {
      const amount = missing === 0 ? "octets, nobody knows how many," : plural(missing, "octet");
      const message = `${amount} of this direction ${missing === 1 ? "is" : "are"} missing from the capture, in ${plural(lost, "gap")}.`;
      notes.push(this.#lost.incident("capture-gap", side, capital(message)));
    }
    const { count: cut, octets: gone } = this.#cut;
    if (cut > 0) {
      const message = `The snap length cut ${plural(gone, "octet")} off ${plural(cut, "segment")} of this direction.`;
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
