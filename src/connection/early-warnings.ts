/**
 * Signs that writers share what they must not share, before anything breaks: legal octets, and a known road to
 * corruption. Looked for in what the client sends.
 */
import { decodeProperties } from "../amqp/payload.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Side } from "../net/connection-observer.ts";
import { Moment } from "../net/connection-observer.ts";
import type { Channel } from "./channel.ts";
import { Incident } from "./incident.ts";

/** Content headers of a direction whose producers are looked at; a client that shares a channel does so from the start. */
const SAMPLED_HEADERS = 128;
/** Producers remembered of a channel. */
const MAX_PRODUCERS = 64;
/** A producer that comes back so often, after another has published on its channel, is no coincidence. */
const MIN_RETURNS = 6;
/** Publishes with another channel's frames inside, and their share of all publishes, before it is a habit. */
const MIN_SPLITS = 10;
const MIN_SPLIT_SHARE = 0.02;
/** Headers in which applications name the thread that publishes. */
const THREAD_HEADER = /^(x-)?(thread|worker|goroutine|fiber|process)([-_. ]?(id|name))?$/i;

/** Watches for publishes that other channels' frames come into. */
export class SplitContents {
  publishes = 0;
  #splits = 0;
  /** Those that came between the method and its content header: the client writes a publish in pieces. */
  #beforeHeader = 0;
  #outer = 0;
  #inner = 0;
  #streamOffset = 0;
  readonly #first = new Moment();
  readonly #last = new Moment();

  /** A frame on channel `inner` comes while content on `outer` is unfinished. */
  split(outer: Channel, awaitsHeader: boolean, inner: number, streamOffset: number, moment: Moment): void {
    if (outer.split) return;
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

  incident(side: Side): Incident | null {
    if (this.#splits < MIN_SPLITS || this.#splits < this.publishes * MIN_SPLIT_SHARE) return null;
    const closest =
      this.#beforeHeader > 0
        ? `${grouped(this.#beforeHeader)} times right behind the method, before its content header`
        : "always between content header and body";
    const message = `Other channels' frames stand inside ${grouped(this.#splits)} of ${grouped(this.publishes)} publishes (${closest}; first channel ${this.#inner} inside channel ${this.#outer}): legal (§4.2.6), but this client writes a publish in pieces: where several threads write, only a lock around each piece keeps frames whole.`;
    const incident = new Incident("split-content", "warning", side, this.#streamOffset, this.#first, message);
    incident.to.set(this.#last);
    incident.faults = this.#splits;
    return incident;
  }
}

/** What is known of the producers of one channel. */
interface Producers {
  kind: "thread" | "trace";
  last: string;
  seen: Set<string>;
  returns: number;
  example: [string, string];
  streamOffset: number;
  first: Moment;
}

/** Watches for channels on which producers take turns, by the thread or the trace their messages name. */
export class ChannelProducers {
  #left = SAMPLED_HEADERS;
  readonly #channels = new Map<number, Producers>();

  /** Whether content headers are still looked at. */
  get sampling(): boolean {
    return this.#left > 0;
  }

  /** Looks at a content header's payload, bytes[start, start + size). */
  header(channel: number, bytes: Uint8Array, start: number, size: number, streamOffset: number, moment: Moment): void {
    if (!this.sampling) return;
    this.#left--;
    const headers = decodeProperties(bytes, start, size).get("headers");
    if (!(headers instanceof Map)) return;
    let kind: Producers["kind"] = "trace";
    let producer = "";
    for (const [name, value] of headers) {
      if (typeof value !== "string") continue;
      if (THREAD_HEADER.test(name)) {
        kind = "thread";
        producer = value;
        break;
      }
      // W3C Trace Context: version, trace-id, parent-id, flags.
      if (name === "traceparent") producer = value.slice(3, 35);
    }
    if (producer !== "") this.#note(channel, kind, producer.slice(0, 64), streamOffset, moment);
  }

  #note(channel: number, kind: Producers["kind"], producer: string, streamOffset: number, moment: Moment): void {
    const known = this.#channels.get(channel);
    if (known === undefined || known.kind !== kind) {
      const first = new Moment();
      first.set(moment);
      const fresh: Producers = {
        kind,
        last: producer,
        seen: new Set([producer]),
        returns: 0,
        example: ["", ""],
        streamOffset,
        first,
      };
      this.#channels.set(channel, fresh);
      return;
    }
    if (producer === known.last) return;
    if (known.seen.has(producer)) {
      known.returns++;
      known.example = [producer, known.last];
    } else if (known.seen.size < MAX_PRODUCERS) known.seen.add(producer);
    known.last = producer;
  }

  incidents(side: Side): Incident[] {
    const incidents: Incident[] = [];
    for (const [channel, { kind, seen, returns, example, streamOffset, first }] of this.#channels) {
      if (returns < MIN_RETURNS) continue;
      const who = `${seen.size} ${kind}s take turns on channel ${channel}`;
      const message = `${who}: ${grouped(returns)} times one published again after another had (“${example[0]}” after “${example[1]}”). A channel is for one producer; where two publish at a time, their frames mix.`;
      incidents.push(new Incident("shared-channel", "warning", side, streamOffset, first, message));
    }
    return incidents;
  }
}

/** All that is watched in one direction. */
export class EarlyWarnings {
  readonly splits = new SplitContents();
  readonly producers = new ChannelProducers();

  /** What was seen so far. */
  incidents(side: Side): Incident[] {
    const split = this.splits.incident(side);
    return [...(split === null ? [] : [split]), ...this.producers.incidents(side)];
  }
}
