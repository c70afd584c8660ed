/**
 * Which of the client's octets the broker takes in one read. A reader handles all that it has read before it looks into
 * its mailbox, where the channels' processes report their errors and closed channels. So of two errors in one read the
 * reader's own wins, even if a channel's came first; after a pause, or with more octets than a read takes, the
 * channel's wins. The same holds for channel.close and what follows it. Of two channels' errors in one read, the one
 * wins whose process has no slow commands of that read to do first (ChannelProcess.isBusy).
 *
 * The model: octets are in one read if they were captured without a pause, and are 60,000 at most. It cannot know how
 * busy the broker was, nor how a capture away from the broker changes the pauses: between, say, 30 µs and some
 * milliseconds, and between 60,000 octets and some hundred thousand, the broker's own result varies.
 */

/** Measured on 3.10.8: up to 60 kB behind a channel's error the reader's wins each time, from 64 kB on the channel's. */
const READ_OCTETS = 60_000;
/** Between two captured deliveries, in nanoseconds. No answer of a broker, and nothing that waited for one, is faster. */
const PAUSE = 30_000;

export class ReadClock {
  /** Stream offset behind the octets being judged. */
  offset = 0;
  #run = 0;
  #seconds = 0;
  #nanoseconds = 0;

  /** Octets were captured at this time. */
  delivered(seconds: number, nanoseconds: number): void {
    const elapsed = (seconds - this.#seconds) * 1e9 + nanoseconds - this.#nanoseconds;
    if (elapsed >= PAUSE || elapsed < 0) this.#run++;
    this.#seconds = seconds;
    this.#nanoseconds = nanoseconds;
  }

  mark(): ReadMark {
    return { offset: this.offset, run: this.#run };
  }

  /** Whether the octets being judged came in the same read as those marked. */
  sameRead(mark: ReadMark): boolean {
    return mark.run === this.#run && this.offset - mark.offset <= READ_OCTETS;
  }
}

/** A place in the stream. */
export interface ReadMark {
  readonly offset: number;
  readonly run: number;
}
