/**
 * A client and a broker that do whatever chance has them do, on channels that are opened again and again: publishes
 * with and without confirms and in transactions, returns, deliveries, gets, and all ways to settle them. What became
 * of each message is known, because the broker is this one.
 */
import { randomNumbers } from "./chunkings.ts";
import type { Segment } from "./conversation-capture.ts";
import {
  bits,
  clientHandshake,
  join,
  long,
  longlong,
  serverHandshake,
  short,
  shortstr,
  table,
  type Wire,
  wire,
} from "./wire.ts";

export interface Traffic {
  /** In the order in which they were captured. */
  segments: Segment[];
  /** By operation and message id: `publish p3` was `confirmed`. */
  truth: Map<string, string>;
  /** Settlements that were rolled back: whether one was in a transaction may be in a gap. */
  rolledBack: Map<string, Set<string>>;
}

interface Delivery {
  id: string;
  tag: number;
  noAck: boolean;
}

interface Channel {
  number: number;
  isOpen: boolean;
  mode: "plain" | "confirm" | "tx";
  /** Waits for the answer to a synchronous method. */
  waits: boolean;
  /** The broker's. */
  lastTag: number;
  published: number;
  consumers: Map<string, boolean>;
  /** What came, is to be acknowledged, and is not. */
  unsettled: Map<number, Delivery>;
  /** Published in the transaction at hand, and settled in it. */
  uncommitted: string[];
  settling: [Delivery, string][];
  unconfirmed: Map<number, [id: string, returned: boolean]>;
}

const ACTS = 260;
const CHANNELS = 3;

export function randomTraffic(seed: number): Traffic {
  const player = new Player(seed);
  return player.play();
}

class Player {
  readonly #random: () => number;
  readonly #truth = new Map<string, string>();
  readonly #rolledBack = new Map<string, Set<string>>();
  readonly #sent: { side: 0 | 1; wire: Wire }[] = [];
  readonly #channels: Channel[] = [];
  /** What the broker has not handled yet, in order. */
  readonly #pending: (() => void)[] = [];
  #messages = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    for (let i = 1; i <= CHANNELS; i++) this.#channels.push(fresh(i));
  }

  play(): Traffic {
    this.#sent.push({ side: 0, wire: clientHandshake() }, { side: 1, wire: serverHandshake() });
    for (let act = 0; act < ACTS; act++) {
      if (this.#chance(0.45)) this.#brokerActs();
      else this.#clientActs(this.#pick(this.#channels));
    }
    while (this.#pending.length > 0) this.#brokerActs();
    for (const channel of this.#channels) this.#brokerEnds(channel);
    this.#sent.push({ side: 0, wire: wire().close() }, { side: 1, wire: wire().closeOk() });
    return { segments: this.#segments(), truth: this.#truth, rolledBack: this.#rolledBack };
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)]!;
  }

  #client(sent: Wire, handled: () => void): void {
    this.#sent.push({ side: 0, wire: sent });
    this.#pending.push(handled);
  }

  #broker(sent: Wire): void {
    this.#sent.push({ side: 1, wire: sent });
  }

  /** The client sends it, and waits until the broker has answered. */
  #call(channel: Channel, sent: Wire, handled: () => void): void {
    channel.waits = true;
    this.#client(sent, () => {
      handled();
      channel.waits = false;
    });
  }

  #clientActs(channel: Channel): void {
    if (channel.waits) return;
    const { number } = channel;
    if (!channel.isOpen) {
      this.#call(channel, wire().channelOpen(number), () => {
        this.#channels[number - 1] = Object.assign(fresh(number), { isOpen: true, waits: true });
        this.#broker(wire().channelOpenOk(number));
        this.#channels[number - 1]!.waits = false;
      });
      return;
    }
    const acts = [
      () => this.#select(channel),
      () => this.#publishes(channel),
      () => this.#publishes(channel),
      () => this.#publishes(channel),
      () => this.#consumes(channel),
      () => this.#gets(channel),
      () => this.#settles(channel),
      () => this.#settles(channel),
      () => this.#settles(channel),
      () => this.#commits(channel),
      () => this.#recovers(channel),
      () => this.#closes(channel),
    ];
    this.#pick(acts)();
  }

  #select(channel: Channel): void {
    if (channel.mode !== "plain") return;
    const { number } = channel;
    channel.mode = this.#chance(0.6) ? "confirm" : "tx";
    const isConfirm = channel.mode === "confirm";
    this.#call(channel, isConfirm ? wire().confirmSelect(number) : wire().method(number, 90, 10), () =>
      this.#broker(isConfirm ? wire().confirmSelectOk(number) : wire().method(number, 90, 11)),
    );
  }

  #publishes(channel: Channel): void {
    const { number, mode } = channel;
    const id = `p${++this.#messages}`;
    const isMandatory = this.#chance(0.3);
    const returns = isMandatory && this.#chance(0.6);
    const publishNumber = mode === "confirm" ? ++channel.published : 0;
    const content = (sent: Wire) => sent.content(number, id, { properties: { messageId: id } });
    const routed = [shortstr(""), shortstr(returns ? "nowhere" : "tasks")];
    this.#client(content(wire().method(number, 60, 40, short(0), ...routed, bits(isMandatory, false))), () => {
      const back = content(wire().method(number, 60, 50, short(312), shortstr("NO_ROUTE"), ...routed));
      if (returns && mode !== "tx") {
        this.#broker(back);
        this.#truth.set(`publish ${id}`, "returned");
      }
      if (mode === "tx") channel.uncommitted.push(id);
      else if (mode === "confirm") channel.unconfirmed.set(publishNumber, [id, returns]);
      else if (!returns) this.#truth.set(`publish ${id}`, "accepted");
    });
  }

  #consumes(channel: Channel): void {
    const { number } = channel;
    const tag = this.#pick(["a", "b", "c"]);
    if (channel.consumers.has(tag)) return;
    const noAck = this.#chance(0.4);
    const sent = wire().method(
      number,
      60,
      20,
      short(0),
      shortstr("tasks"),
      shortstr(tag),
      bits(false, noAck, false, false),
      table(),
    );
    this.#call(channel, sent, () => {
      channel.consumers.set(tag, noAck);
      this.#broker(wire().consumeOk(number, tag));
    });
  }

  #gets(channel: Channel): void {
    const { number } = channel;
    const noAck = this.#chance(0.4);
    this.#call(channel, wire().method(number, 60, 70, short(0), shortstr("tasks"), bits(noAck)), () => {
      if (this.#chance(0.2)) this.#broker(wire().method(number, 60, 72, shortstr("")));
      else this.#brings(channel, "get", noAck, null);
    });
  }

  /** The broker sends a message. */
  #brings(channel: Channel, operation: "deliver" | "get", noAck: boolean, consumer: string | null): void {
    const { number } = channel;
    const id = `d${++this.#messages}`;
    const tag = ++channel.lastTag;
    const properties = { messageId: id };
    const place = [longlong(tag), bits(false), shortstr(""), shortstr("tasks")];
    const method =
      consumer === null
        ? wire().method(number, 60, 71, ...place, long(0))
        : wire().method(number, 60, 60, shortstr(consumer), ...place);
    this.#broker(method.content(number, id, { properties }));
    this.#truth.set(`${operation} ${id}`, noAck ? "auto-acked" : "requeued");
    if (!noAck) channel.unsettled.set(tag, { id: `${operation} ${id}`, tag, noAck });
  }

  #settles(channel: Channel): void {
    const { number, unsettled, mode } = channel;
    if (unsettled.size === 0) return;
    const tag = this.#pick([...unsettled.keys()]);
    const [method, outcome, flags] = this.#pick([
      [80, "acked", 0],
      [80, "acked", 0],
      [120, "nacked", 0],
      [120, "requeued", 2],
      [90, "rejected", 0],
    ] as const);
    const multiple = method !== 90 && this.#chance(0.4);
    for (const [each, delivery] of unsettled) {
      if (each !== tag && !(multiple && each < tag)) continue;
      unsettled.delete(each);
      if (mode === "tx") {
        channel.settling.push([delivery, outcome]);
        this.#rolledBack.set(delivery.id, (this.#rolledBack.get(delivery.id) ?? new Set()).add(outcome));
      } else this.#truth.set(delivery.id, outcome);
    }
    this.#client(wire().method(number, 60, method, longlong(tag), [flags | (multiple ? 1 : 0)]), () => {});
  }

  #commits(channel: Channel): void {
    if (channel.mode !== "tx") return;
    const { number } = channel;
    const commits = this.#chance(0.6);
    const settling = channel.settling.splice(0);
    this.#call(channel, wire().method(number, 90, commits ? 20 : 30), () => {
      for (const id of channel.uncommitted.splice(0)) {
        this.#truth.set(`publish ${id}`, commits ? "committed" : "rolled-back");
      }
      if (commits) for (const [{ id }, outcome] of settling) this.#truth.set(id, outcome);
      else for (const [delivery] of settling) channel.unsettled.set(delivery.tag, delivery);
      channel.unsettled = new Map([...channel.unsettled].sort(([one], [other]) => one - other));
      this.#broker(wire().method(number, 90, commits ? 21 : 31));
    });
  }

  #recovers(channel: Channel): void {
    if (channel.mode === "tx" || this.#chance(0.6)) return;
    const { number } = channel;
    this.#call(channel, wire().method(number, 60, 110, bits(true)), () => {
      channel.unsettled.clear();
      this.#broker(wire().method(number, 60, 111));
    });
  }

  #closes(channel: Channel): void {
    if (this.#chance(0.3)) return;
    const { number } = channel;
    this.#call(channel, wire().channelClose(number), () => {
      this.#brokerEnds(channel);
      this.#channels[number - 1] = fresh(number);
      this.#broker(wire().channelCloseOk(number));
    });
  }

  /** What is left on a channel that ends. */
  #brokerEnds(channel: Channel): void {
    channel.isOpen = false;
    for (const [id, returned] of channel.unconfirmed.values()) {
      if (!returned) this.#truth.set(`publish ${id}`, "unconfirmed");
    }
    for (const id of channel.uncommitted) this.#truth.set(`publish ${id}`, "rolled-back");
  }

  #brokerActs(): void {
    const next = this.#chance(0.7) ? this.#pending.shift() : undefined;
    if (next !== undefined) {
      next();
      return;
    }
    const channel = this.#pick(this.#channels);
    if (!channel.isOpen) return;
    if (channel.unconfirmed.size > 0 && this.#chance(0.6)) this.#confirms(channel);
    else if (channel.consumers.size > 0) {
      const [consumer, noAck] = this.#pick([...channel.consumers]);
      this.#brings(channel, "deliver", noAck, consumer);
    }
  }

  #confirms(channel: Channel): void {
    const { number, unconfirmed } = channel;
    const multiple = this.#chance(0.5);
    const acks = this.#chance(0.8);
    const last = this.#pick([...unconfirmed.keys()]);
    for (const [each, [id, returned]] of unconfirmed) {
      if (each !== last && !(multiple && each < last)) continue;
      unconfirmed.delete(each);
      if (!returned) this.#truth.set(`publish ${id}`, acks ? "confirmed" : "nacked");
    }
    this.#broker(
      acks ? wire().ack(number, last, multiple) : wire().method(number, 60, 120, longlong(last), bits(multiple)),
    );
  }

  /** In packets as chance has them: several frames in one, or a frame in two. */
  #segments(): Segment[] {
    const segments: Segment[] = [];
    for (const { side, wire: sent } of this.#sent) {
      const { octets } = sent;
      const last = segments.at(-1);
      if (last?.side === side && segments.length > 2 && this.#chance(0.4)) last.octets = join(last.octets, octets);
      else if (this.#chance(0.1)) {
        const at = Math.floor(this.#random() * octets.length);
        if (at > 0) segments.push({ side, octets: octets.subarray(0, at) });
        segments.push({ side, octets: octets.subarray(at) });
      } else segments.push({ side, octets });
    }
    return segments;
  }
}

function fresh(number: number): Channel {
  return {
    number,
    isOpen: false,
    mode: "plain",
    waits: false,
    lastTag: 0,
    published: 0,
    consumers: new Map(),
    unsettled: new Map(),
    uncommitted: [],
    settling: [],
    unconfirmed: new Map(),
  };
}
