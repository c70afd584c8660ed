/**
 * Signs that writers share what they must not share, before anything breaks: legal octets that are known to lead to
 * corruption. Searched for in what the client sends.
 */
import { grouped } from "../bytes/grouped.ts";
import type { Side } from "../net/connection-observer.ts";
import { Moment } from "../net/connection-observer.ts";
import type { Channel } from "./channel.ts";
import { type ClientLibrary, contentsOf, libraryOfClient } from "./client-libraries.ts";
import { Incident } from "./incident.ts";
import { threadNamed } from "./thread-header.ts";

/** Producers remembered of a channel. */
const MAX_PRODUCERS = 64;
/** A producer that comes back this often while another's publish is under way or just over: no coincidence. */
const MIN_RETURNS = 6;
/** Publishes with another channel's frames inside that make a habit: for a library that never does so, and others. */
const MIN_SPLITS_OF_WHOLE = 3;
const MIN_SPLITS = 10;
/** Without confirms the end of a publish is not known: another's that begins this soon after it may overlap it. */
const OVERLAP_NANOSECONDS = 1e9;
/** Watches for publishes with other channels' frames inside. */
export class SplitContents {
  publishes = 0;
  #splits = 0;
  /** Splits between the method and its content header: the client writes a publish in pieces. */
  #beforeHeader = 0;
  #outer = 0;
  #inner = 0;
  #streamOffset = 0;
  readonly #first = new Moment();
  readonly #last = new Moment();

  /** A frame on channel `inner` comes inside content on `outer`. Heartbeats do not count: a timer sends them. */
  split(outer: Channel, awaitsHeader: boolean, inner: number, streamOffset: number, moment: Moment): void {
    if (outer.split || inner === 0) return;
    outer.split = true;
    if (this.#splits === 0) {
      this.#outer = outer.number;
      this.#inner = inner;
      this.#streamOffset = streamOffset;
      this.#first.set(moment);
    }
    this.#splits++;
    if (awaitsHeader) this.#beforeHeader++;
    this.#last.set(moment);
  }

  /** `contents` is how the client's library writes a publish: a note if healthy ones are split, or it is unknown. */
  incident(side: Side, contents: ClientLibrary["contents"]): Incident | null {
    if (this.#splits < (contents === "whole" ? MIN_SPLITS_OF_WHOLE : MIN_SPLITS)) return null;
    const closest =
      this.#beforeHeader > 0
        ? `${grouped(this.#beforeHeader)} times right behind the method, before its content header`
        : "always between content header and body";
    const message = `Other channels' frames stand inside ${grouped(this.#splits)} of ${grouped(this.publishes)} publishes (${closest}; first channel ${this.#inner} inside channel ${this.#outer}): legal (§4.2.6)${MEANING[contents]}`;
    const severity = contents === "whole" ? "warning" : "note";
    const incident = new Incident(
      "split-content",
      severity,
      { side, streamOffset: this.#streamOffset, moment: this.#first },
      message,
    );
    incident.to.set(this.#last);
    incident.faults = this.#splits;
    return incident;
  }
}

const MEANING: Readonly<Record<ClientLibrary["contents"], string>> = {
  whole:
    ", but this client's library writes a publish in one go: several writers use its connection, and nothing keeps their frames whole.",
  pieces: ", and usual for this client's library, which writes a publish in pieces.",
  unknown:
    ". This client writes a publish in pieces: where several threads write, only a lock around each piece keeps frames whole.",
};

/** What is known of the producers of one channel. */
interface Producers {
  last: string;
  readonly lastAt: Moment;
  readonly seen: Set<string>;
  returns: number;
  example: [string, string];
  streamOffset: number;
  readonly first: Moment;
}

/**
 * Which content headers are read: the first ones, then short runs of them for as long as the connection lasts, longer
 * runs if headers named a thread.
 */
class HeaderSampling {
  #count = 0;
  namesThreads = false;

  /** Whether the next header is read. */
  next(): boolean {
    const at = this.#count++;
    if (at < 128) return true;
    return this.namesThreads ? (at & 63) < 16 : (at & 1023) < 8;
  }
}

/**
 * Watches for channels on which producers take turns, by the thread that their messages name. A trace id is no
 * producer: one thread may serve many traces, and relay them in any order.
 */
export class ChannelProducers {
  readonly #sampling = new HeaderSampling();
  readonly #deliveries = new HeaderSampling();
  readonly #channels = new Map<number, Producers>();
  /** Producers named in messages delivered to this client: it may pass their headers on. */
  readonly #delivered = new Set<string>();

  /** Whether the next content header is to be read. */
  next(): boolean {
    return this.#sampling.next();
  }

  /** Reads the payload of a content header that the client sent on a channel: bytes[start, start + size). */
  // oxlint-disable-next-line max-params -- hot path: content headers of publishes
  header(channel: Channel, bytes: Uint8Array, start: number, size: number, streamOffset: number, moment: Moment): void {
    const producer = threadNamed(bytes, start, size);
    if (producer === "") return;
    this.#sampling.namesThreads = true;
    const known = this.#channels.get(channel.number);
    if (known === undefined) {
      if (this.#delivered.has(producer)) return;
      const [first, lastAt] = [new Moment(), new Moment()];
      first.set(moment);
      lastAt.set(moment);
      const seen = new Set([producer]);
      const fresh = { last: producer, lastAt, seen, returns: 0, example: ["", ""], streamOffset, first } as Producers;
      this.#channels.set(channel.number, fresh);
      return;
    }
    if (producer !== known.last) this.#turn(known, producer, channel, moment);
    known.lastAt.set(moment);
  }

  /** Reads the payload of a content header that the server sent. */
  delivered(bytes: Uint8Array, start: number, size: number): void {
    if (!this.#deliveries.next() || this.#delivered.size >= MAX_PRODUCERS) return;
    const producer = threadNamed(bytes, start, size);
    if (producer === "") return;
    this.#deliveries.namesThreads = true;
    // A producer that this client itself named first may come back to it.
    for (const { seen } of this.#channels.values()) if (seen.has(producer)) return;
    this.#delivered.add(producer);
  }

  #turn(known: Producers, producer: string, channel: Channel, moment: Moment): void {
    if (known.seen.has(producer)) {
      if (overlaps(known, channel, moment)) {
        known.returns++;
        known.example = [producer, known.last];
      }
    } else if (this.#delivered.has(producer)) return;
    else if (known.seen.size < MAX_PRODUCERS) known.seen.add(producer);
    known.last = producer;
  }

  /** A note if the client's library keeps whole messages together whichever thread writes them. */
  incidents(side: Side, library: ClientLibrary | undefined): Incident[] {
    const keepsWhole = library?.tears === "nothing" || library?.tears === "octets-when-cut-short";
    const severity = keepsWhole ? "note" : "warning";
    const incidents: Incident[] = [];
    for (const [channel, { seen, returns, example, streamOffset, first }] of this.#channels) {
      if (returns < MIN_RETURNS) continue;
      const who = `${seen.size} threads take turns on channel ${channel}`;
      const message = `${who}: ${grouped(returns)} times one published again right after another had (“${example[0]}” after “${example[1]}”). A channel is for one producer; where two publish at a time, their frames mix.`;
      incidents.push(new Incident("shared-channel", severity, { side, streamOffset, moment: first }, message));
    }
    return incidents;
  }
}

/** Whether a publish that begins now may overlap the latest one of another producer. */
function overlaps({ lastAt }: Producers, channel: Channel, { seconds, nanoseconds }: Moment): boolean {
  // The publish that begins is counted already.
  if (channel.confirms) return channel.published - 1 > channel.confirmed;
  return (seconds - lastAt.seconds) * 1e9 + (nanoseconds - lastAt.nanoseconds) < OVERLAP_NANOSECONDS;
}

/** All early warnings of one direction. */
export class EarlyWarnings {
  readonly splits = new SplitContents();
  readonly producers = new ChannelProducers();

  /** What was seen so far. */
  incidents(side: Side, clientProperties: ReadonlyMap<string, string>): Incident[] {
    const split = this.splits.incident(side, contentsOf(clientProperties));
    const shared = this.producers.incidents(side, libraryOfClient(clientProperties));
    return [...(split === null ? [] : [split]), ...shared];
  }
}
