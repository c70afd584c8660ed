/** Conversations in good order, made up by chance: many channels, contents that take turns, channels that come and go. */
import fc from "fast-check";
import type { Side } from "../../src/net/connection-observer.ts";
import { randomNumbers } from "../support/chunkings.ts";
import { clientHandshake, field, join, serverHandshake, shortstr, type Wire, wire } from "../support/wire.ts";

/** What a side says, in the order of the conversation. */
export interface Saying {
  side: Side;
  octets: Uint8Array;
}

const KINDS = [
  "publish",
  "deliver",
  "turns",
  "declare",
  "ack",
  "heartbeat",
  "close",
  "closed",
  "get",
  "blocked",
] as const;

interface Step {
  kind: (typeof KINDS)[number];
  channel: number;
  other: number;
  size: number;
  pieces: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    channel: fc.integer({ min: 1, max: 4 }),
    other: fc.integer({ min: 5, max: 6 }),
    size: fc.nat({ max: 300 }),
    pieces: fc.integer({ min: 1, max: 200 }),
  }),
  { minLength: 1, maxLength: 24 },
);

/** What a conversation is made of; short to print where a property fails. */
export interface Plan {
  steps: Step[];
  /** Of the bodies' octets. */
  seed: number;
}

export const plans: fc.Arbitrary<Plan> = fc.record({ steps, seed: fc.nat() });

/** A whole conversation, from the protocol header to connection.close-ok. */
export function converse(plan: Plan): Saying[] {
  const random = randomNumbers(plan.seed);
  const sayings: Saying[] = [];
  const say = (side: Side, octets: Wire | Uint8Array) =>
    sayings.push({ side, octets: octets instanceof Uint8Array ? octets : octets.octets });
  const open = new Set<number>();
  const opened = (channel: number): void => {
    if (open.has(channel)) return;
    open.add(channel);
    say(0, wire().channelOpen(channel));
    say(1, wire().channelOpenOk(channel));
  };
  const body = (size: number) => Uint8Array.from({ length: size }, () => random() * 256);

  const client = clientHandshake({ frameMax: 4096 }).octets;
  say(0, client.subarray(0, 8));
  say(1, serverHandshake({ frameMax: 4096 }));
  say(0, client.subarray(8));
  for (const { kind, channel, other, size, pieces } of plan.steps) {
    const message = { pieces, properties: { headers: { n: field.I(size) }, messageId: "m" } };
    if (kind !== "heartbeat" && kind !== "blocked") opened(channel);
    switch (kind) {
      case "publish":
        say(0, wire().publish(channel, body(size), message));
        break;
      case "deliver":
        say(1, wire().deliver(channel, body(size), message));
        break;
      case "turns":
        opened(other);
        say(0, takingTurns(wire().publish(channel, body(size), message), wire().publish(other, body(size), message)));
        break;
      case "declare":
        say(0, wire().queueDeclare(channel, "tasks"));
        say(1, wire().queueDeclareOk(channel, "tasks"));
        break;
      case "ack":
        say(0, wire().ack(channel, size));
        break;
      case "heartbeat":
        say(0, wire().heartbeat());
        say(1, wire().heartbeat(2));
        break;
      case "close":
        open.delete(channel);
        say(0, wire().channelClose(channel));
        say(1, wire().deliver(channel, body(size)).channelCloseOk(channel));
        break;
      case "closed":
        open.delete(channel);
        say(1, wire().channelClose(channel));
        say(0, wire().publish(channel, body(size)).channelCloseOk(channel));
        break;
      case "get":
        say(0, wire().method(channel, 60, 70, [0, 0], shortstr("tasks"), [0]));
        say(1, wire().method(channel, 60, 72, shortstr("")));
        break;
      case "blocked":
        say(1, wire().blocked("low on memory").unblocked());
    }
  }
  say(0, wire().close());
  say(1, wire().closeOk());
  return sayings;
}

/** The frames of two wires, one of each in turn. */
function takingTurns(one: Wire, other: Wire): Uint8Array {
  const [ones, others] = [frames(one.octets), frames(other.octets)];
  return join(...ones.flatMap((frame, i) => [frame, others[i] ?? []]), ...others.slice(ones.length));
}

function frames(octets: Uint8Array): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = 0; at < octets.length; ) {
    const end = at + 8 + new DataView(octets.buffer, at + 3).getUint32(0);
    list.push(octets.slice(at, end));
    at = end;
  }
  return list;
}

/** Octets [at, at + count) of a side's stream. */
export interface Range {
  side: Side;
  at: number;
  count: number;
}

export const ranges = (most: number): fc.Arbitrary<Range[]> =>
  fc.array(
    fc.record({
      side: fc.constantFrom<Side>(0, 1),
      // Often in the handshake, where a little means much.
      at: fc.oneof(fc.nat({ max: 40 }), fc.integer({ min: 940, max: 1060 }), fc.nat({ max: 6000 })),
      count: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 })),
    }),
    { minLength: 1, maxLength: most },
  );
