import type { Conversation } from "./conversation.ts";
import type { Random } from "./random.ts";
import { type Frame, frameOctets, join } from "./wire.ts";

/** Makes the octets of one stream. `tag` begins every name the stream gives to a queue or an exchange. */
export type Scenario = (random: Random, tag: string) => Uint8Array;

export function serialise(talk: Conversation): Uint8Array {
  return join(talk.header, ...talk.handshake.map(frameOctets), ...talk.frames.map(frameOctets));
}

/** Where each frame's octets start in the stream, the handshake's included. */
export function placed(talk: Conversation): { frame: Frame; start: number; length: number }[] {
  let at = talk.header.length;
  return [...talk.handshake, ...talk.frames].map(frame => {
    const start = at;
    const { length } = frameOctets(frame);
    at += length;
    return { frame, start, length };
  });
}

/** Puts frames at a random place behind the handshake. */
export function insertAnywhere(random: Random, talk: Conversation, ...frames: Frame[]): Uint8Array {
  talk.frames.splice(random.between(0, talk.frames.length), 0, ...frames);
  return serialise(talk);
}

/** Puts frames where the channels are open and no content is under way. */
export function insertBetween(random: Random, talk: Conversation, ...frames: Frame[]): Uint8Array {
  const places: number[] = [talk.frames.length];
  for (let at = talk.channels.length; at < talk.frames.length; at++) {
    if (talk.frames[at]!.type === 1 && talk.frames[at]!.channel > 0) places.push(at);
  }
  talk.frames.splice(random.pick(places), 0, ...frames);
  return serialise(talk);
}

/** Any frame of the stream; the handshake's with the probability given. */
export function anyFrame(random: Random, talk: Conversation, ofHandshake = 0.1): Frame {
  return random.pick(random.chance(ofHandshake) ? talk.handshake : talk.frames);
}
