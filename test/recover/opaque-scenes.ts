/**
 * Small scenes of two or three writers on one socket whose bodies are random octets, with the truth of who sent what. Many are
 * symmetric: bodies of one size, cut at one depth, so that several readings fit to the octet.
 */
import { Chance } from "../forensics/untangle/traffic.ts";
import { randomNumbers } from "../support/chunkings.ts";
import { clientHandshake, join, wire } from "../support/wire.ts";

export interface OpaqueScene {
  /** The client's octets, as TCP carries them. */
  segments: Uint8Array[];
  /** Bodies of the messages that were sent, by message id. Those inside of bodies are not sent. */
  sent: ReadonlyMap<string, Uint8Array>;
}

const MSS = 1448;
const CALM_CHANNEL = 9;

type Writes = Uint8Array[];

/** The scene of a seed. */
export function opaqueScene(seed: number): OpaqueScene {
  const chance = new Chance(randomNumbers(seed));
  for (let i = 0; i < 8; i++) chance.int(0, 1);
  const sent = new Map<string, Uint8Array>();
  const count = chance.int(2, 3);
  const shares = chance.one(0.1);
  const size = chance.int(200, 5000);
  const depth = chance.int(20, size - 20);
  const alike = chance.one(0.6);
  const relays = chance.one(0.3);
  const dies = chance.one(0.2) ? chance.int(0, count - 1) : -1;
  const writers = Array.from({ length: count }, (_, writer): Writes => {
    const channel = shares && writer === 1 ? 1 : writer + 1;
    const octets = alike ? size : chance.int(200, 5000);
    const content = relays && chance.one(0.6) ? relayed(chance, octets, count) : chance.octets(octets);
    const id = `m${writer}`;
    sent.set(id, content);
    const message = wire().publish(channel, content, { properties: { messageId: id }, pieces: 131_064 }).octets;
    const begin = message.length - content.length - 1;
    const cuts = alike && chance.one(0.8) ? [begin + depth] : cutsOf(chance, begin, message.length);
    const writes = [0, ...cuts].map((from, i) => message.subarray(from, cuts[i]));
    return writer === dies ? writes.slice(0, -1) : writes;
  });
  const writes = interleaved(chance, writers);
  const calm = Array.from({ length: 6 }, (_, i) => wire().publish(CALM_CHANNEL, `calm ${i}`).octets);
  let opening = clientHandshake().channelOpen(CALM_CHANNEL);
  for (let channel = 1; channel <= count; channel++) opening = opening.channelOpen(channel);
  const all = [opening.octets, ...writes, ...calm];
  return { segments: (chance.one(0.5) ? all : [join(...all)]).flatMap(inSegments), sent };
}

/** A body that holds one or two whole publishes between random octets, as that of a relay or a dead letter does. */
function relayed(chance: Chance, size: number, channels: number): Uint8Array {
  const inner = Array.from({ length: chance.int(1, 2) }, (_, i) => {
    const properties = { messageId: `inner-${i}` };
    return wire().publish(chance.int(1, channels), chance.octets(chance.int(20, 120)), { properties }).octets;
  });
  return join(chance.octets(chance.int(0, size)), ...inner, chance.octets(chance.int(0, size)));
}

function cutsOf(chance: Chance, from: number, to: number): number[] {
  return Array.from({ length: chance.int(1, 2) }, () => chance.int(from + 1, to - 1)).sort((a, b) => a - b);
}

/** One write after the other, each writer's in their order; nobody is done before another one comes between. */
function interleaved(chance: Chance, writers: readonly Writes[]): Writes {
  const left = writers.map(writes => [...writes]);
  const order: Writes = [];
  let last = -1;
  while (left.some(({ length }) => length > 0)) {
    const ready = left.flatMap(({ length }, i) => (length > 0 ? [i] : []));
    const others = ready.filter(i => i !== last);
    last = chance.pick(others.length > 0 && chance.one(0.8) ? others : ready);
    order.push(left[last]!.shift()!);
  }
  return order;
}

function inSegments(octets: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(octets.length / MSS) }, (_, i) => octets.subarray(i * MSS, (i + 1) * MSS));
}
