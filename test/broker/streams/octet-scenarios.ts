/** Octets dropped, inserted, changed, sent twice; and frames torn by another producer's. */
import { type Conversation, call, content, conversation } from "./conversation.ts";
import type { Random } from "./random.ts";
import { placed, type Scenario, serialise } from "./scenario.ts";
import { type Frame, frameOctets, heartbeat, join, latin1 } from "./wire.ts";

export const octetScenarios: Readonly<Record<string, Scenario>> = {
  clean: (random, tag) => serialise(conversation(random, tag)),
  drop: edited((random, octets, at) => cut(octets, at, random.pick([1, 1, 2, 7, 8, random.between(1, 200)]))),
  insert: edited((random, octets, at) =>
    splice(octets, at, random.octets(random.pick([1, 1, 2, 7, 8, random.between(1, 60)]))),
  ),
  flip: edited((random, octets, at) => {
    const changed = octets.slice();
    for (let count = random.pick([1, 1, 1, 2, 5]); count > 0; count--) {
      changed[at] = changed[at]! ^ (1 << random.below(8));
      at = Math.min(changed.length - 1, at + random.below(20));
    }
    return changed;
  }),
  overwrite: edited((random, octets, at) => {
    const changed = octets.slice();
    changed.set(random.octets(Math.min(random.between(1, 40), changed.length - at)), at);
    return changed;
  }),
  double: edited((random, octets, at) =>
    splice(octets, at, octets.subarray(at, at + random.pick([1, 7, 8, random.between(1, 300)]))),
  ),
  truncate: edited((_random, octets, at) => octets.subarray(0, at)),
  foreign: edited((random, octets, at) => splice(octets, at, random.pick(FOREIGN))),
  torn: (random, tag) => torn(random, tag, frame => random.between(1, frame.length - 1)),
  "torn-in-header": (random, tag) => torn(random, tag, () => random.between(1, 6)),
  "torn-at-payload": (random, tag) =>
    torn(random, tag, frame => Math.min(frame.length - 1, random.pick([7, 8, 11, 19]))),
  "torn-by-heartbeat": (random, tag) => {
    const talk = conversation(random, tag);
    const { start, length } = random.pick(placed(talk).slice(3));
    return splice(serialise(talk), start + random.between(1, length - 1), frameOctets(heartbeat()));
  },
  "torn-twice": (random, tag) => {
    const talk = conversation(random, tag, 8);
    const octets = serialise(talk);
    const frames = placed(talk).slice(3);
    const [a, b] = [random.pick(frames), random.pick(frames)];
    const [first, second] = a.start > b.start ? [a, b] : [b, a];
    const once = splice(octets, first.start + random.between(1, first.length - 1), foreignMessage(random, talk));
    return splice(once, second.start + random.between(1, second.length - 1), foreignMessage(random, talk));
  },
  // The rest of a torn frame never comes.
  "torn-and-lost": (random, tag) => {
    const talk = conversation(random, tag);
    const { start, length } = random.pick(placed(talk).slice(3));
    const octets = serialise(talk);
    return join(octets.subarray(0, start + random.between(1, length - 1)), octets.subarray(start + length));
  },
};

interface Place {
  start: number;
  length: number;
}

const FOREIGN = [
  "GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
  "HTTP/1.1 400 Bad Request\r\n\r\n",
  '{"level":"info","message":"published"}\n',
  "AMQP\x00\x00\x09\x01",
  "AMQP\x00\x01\x00\x00",
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "\0\0\0\0\0\0\0\0",
  "\xce\xce\xce",
  "\x08\0\0\0\0\0\0",
].map(latin1);

/** A change of octets at a random place, mostly behind the handshake. */
function edited(change: (random: Random, octets: Uint8Array, at: number) => Uint8Array): Scenario {
  return (random, tag) => {
    const talk = conversation(random, tag);
    const octets = serialise(talk);
    const places = placed(talk);
    const first = places[3]!.start;
    // Half of the places near the start of a frame: bodies take up most of the octets and least of the rules.
    const at = random.chance(0.12)
      ? random.below(first)
      : random.chance(0.5)
        ? Math.min(octets.length - 1, random.pick(places.slice(3)).start + random.below(24))
        : random.between(first, octets.length - 1);
    return change(random, octets, at);
  };
}

function torn(random: Random, tag: string, cutAt: (frame: Place) => number): Uint8Array {
  const talk = conversation(random, tag);
  const place = random.pick(placed(talk).slice(3));
  return splice(serialise(talk), place.start + cutAt(place), foreignMessage(random, talk));
}

/** A message or a method of another producer, whole frames, on a channel that may be open or not. */
function foreignMessage(random: Random, talk: Conversation): Uint8Array {
  const channel = random.chance(0.7) ? random.pick(talk.channels) : random.pick([1, 2, 77]);
  const frames: Frame[] = random.chance(0.75)
    ? [call(channel, "basic.publish", { "routing-key": "other" }), ...content(random, channel, talk.frameMax)]
    : [call(channel, "basic.qos", { "prefetch-count": 7 })];
  return join(...frames.map(frameOctets));
}

export function cut(octets: Uint8Array, at: number, count: number): Uint8Array {
  return join(octets.subarray(0, at), octets.subarray(at + count));
}

export function splice(octets: Uint8Array, at: number, inserted: Uint8Array): Uint8Array {
  return join(octets.subarray(0, at), inserted, octets.subarray(at));
}
