/**
 * Client octet streams for a broker to judge: valid conversations with one fault or two, at every layer. A stream is
 * made of its seed and index alone, so a number in a failure message is enough to have it again.
 */
import { channelScenarios } from "../broker/streams/channel-scenarios.ts";
import { contentScenarios } from "../broker/streams/content-scenarios.ts";
import { frameScenarios } from "../broker/streams/frame-scenarios.ts";
import { handshakeScenarios } from "../broker/streams/handshake-scenarios.ts";
import { methodScenarios } from "../broker/streams/method-scenarios.ts";
import { octetScenarios } from "../broker/streams/octet-scenarios.ts";
import { Random } from "../broker/streams/random.ts";
import type { Scenario } from "../broker/streams/scenario.ts";

export interface MutatedStream {
  seed: number;
  index: number;
  /** What was done to it: `torn-in-header`, `body-overrun+flip`. */
  kind: string;
  octets: Uint8Array;
}

/** Each group is as likely as the number says; within a group all kinds are. */
const GROUPS: readonly (readonly [weight: number, scenarios: Readonly<Record<string, Scenario>>])[] = [
  [24, octetScenarios],
  [20, frameScenarios],
  [22, methodScenarios],
  [18, contentScenarios],
  [16, handshakeScenarios],
  [16, channelScenarios],
];

const SECOND_FAULT = 0.08;

export function mutatedStream(seed: number, index: number): MutatedStream {
  const random = new Random(seed, index);
  const [kind, scenario] = random.pick(Object.entries(group(random)));
  const octets = scenario(random, `${seed}.${index}`);
  if (!random.chance(SECOND_FAULT) || octets.length < 16) return { seed, index, kind, octets };
  const flipped = octets.slice();
  const at = random.between(8, flipped.length - 1);
  flipped[at] = flipped[at]! ^ (1 << random.below(8));
  return { seed, index, kind: `${kind}+flip`, octets: flipped };
}

export function* mutatedStreams(seed: number, count: number, first = 0): Generator<MutatedStream> {
  for (let index = first; index < first + count; index++) yield mutatedStream(seed, index);
}

function group(random: Random): Readonly<Record<string, Scenario>> {
  let at = random.below(GROUPS.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, scenarios] of GROUPS) {
    at -= weight;
    if (at < 0) return scenarios;
  }
  throw new RangeError("weights do not add up");
}
