/** The three fields of a frame header, the frame-end octet, and the order of whole frames. */
import { call, content, conversation } from "./conversation.ts";
import { anyFrame, insertAnywhere, insertBetween, type Scenario, serialise } from "./scenario.ts";
import { type Frame, heartbeat, METHOD } from "./wire.ts";

export const frameScenarios: Readonly<Record<string, Scenario>> = {
  "frame-size": (random, tag) => {
    const talk = conversation(random, tag);
    const frame = anyFrame(random, talk);
    const { length } = frame.payload;
    frame.size = random.pick([
      0,
      1,
      3,
      4,
      11,
      12,
      length - 1,
      length + 1,
      length + 8,
      4088,
      4089,
      4095,
      4096,
      4097,
      4104,
      random.between(131_064, 131_073),
      131_080,
      talk.frameMax - 8,
      talk.frameMax - 7,
      talk.frameMax,
      talk.frameMax + 1,
      0x7fffffff,
      0x80000000,
      0xffffffff,
      random.below(0x1_0000_0000),
      random.below(20_000),
    ]);
    if (frame.size < 0) frame.size = 0xffffffff;
    return serialise(talk);
  },
  // A frame that really is as large as it says, at the edge of what was negotiated.
  "frame-at-frame-max": (random, tag) => {
    const talk = conversation(random, tag);
    const channel = random.pick(talk.channels);
    const size = talk.frameMax + random.pick([-9, -8, -7, -1, 0, 1, 8]);
    return insertBetween(random, talk, {
      type: random.pick([3, 3, 1, 2, 8, 0, 9]),
      channel,
      payload: new Uint8Array(size),
    });
  },
  "frame-type": (random, tag) => {
    const talk = conversation(random, tag);
    anyFrame(random, talk).type = random.chance(0.5) ? random.below(256) : random.pick([0, 1, 2, 3, 4, 5, 8, 9, 255]);
    return serialise(talk);
  },
  "frame-channel": (random, tag) => {
    const talk = conversation(random, tag);
    const channels = [0, 0, 1, 2, 2046, 2047, 2048, 65535, random.below(65536), ...talk.channels];
    anyFrame(random, talk).channel = random.pick(channels);
    return serialise(talk);
  },
  "frame-end": (random, tag) => {
    const talk = conversation(random, tag);
    anyFrame(random, talk).end = random.pick([-1, 0, 1, 205, 207, 255, 10, random.below(256)]);
    return serialise(talk);
  },
  "frame-short": (random, tag) => {
    const talk = conversation(random, tag);
    const frame = anyFrame(random, talk);
    frame.payload = frame.payload.subarray(0, random.below(Math.min(frame.payload.length, 16) + 1));
    return serialise(talk);
  },
  "frames-swapped": (random, tag) => {
    const talk = conversation(random, tag);
    swap(talk.frames, random.below(talk.frames.length), random.below(talk.frames.length));
    return serialise(talk);
  },
  "frames-moved": (random, tag) => {
    const talk = conversation(random, tag);
    const moved = talk.frames.splice(random.below(talk.frames.length), random.between(1, 3));
    return insertAnywhere(random, talk, ...moved);
  },
  "frame-removed": (random, tag) => {
    const talk = conversation(random, tag);
    talk.frames.splice(random.below(talk.frames.length), random.pick([1, 1, 1, 2]));
    return serialise(talk);
  },
  "frame-doubled": (random, tag) => {
    const talk = conversation(random, tag);
    const at = random.below(talk.frames.length);
    talk.frames.splice(at, 0, talk.frames[at]!);
    return serialise(talk);
  },
  "frames-mixed": (random, tag) => {
    // Two messages on one channel, as two threads would write them that take turns at the socket.
    const talk = conversation(random, tag);
    const channel = random.pick(talk.channels);
    const messages = [0, 1].map(() => [call(channel, "basic.publish"), ...content(random, channel, talk.frameMax)]);
    const mixed: Frame[] = [];
    for (let left = messages.flat().length; left > 0; left--) {
      mixed.push(random.pick(messages.filter(message => message.length > 0)).shift()!);
    }
    return insertBetween(random, talk, ...mixed);
  },
  "frame-random": (random, tag) => {
    const talk = conversation(random, tag);
    const frame: Frame = {
      type: random.pick([1, 2, 3, 8, random.below(256)]),
      channel: random.pick([0, 1, 2, ...talk.channels, random.below(65536)]),
      payload: random.octets(random.pick([0, 1, 3, 4, 8, 11, 12, 14, 16, 17, 30])),
    };
    return insertAnywhere(random, talk, frame);
  },
  "frame-printable": (random, tag) => {
    // What the broker prints of a frame depends on which octets it takes for printable.
    const talk = conversation(random, tag);
    const payload = Uint8Array.from({ length: random.below(24) }, () => random.pick(PRINTABLE));
    const frame: Frame = { type: random.pick([0, 4, 65, 255]), channel: random.pick([0, ...talk.channels]), payload };
    if (random.chance(0.3)) Object.assign(frame, { type: 3, end: random.below(256) });
    return insertAnywhere(random, talk, frame);
  },
  "heartbeat-payload": (random, tag) => {
    const talk = conversation(random, tag);
    const channel = random.pick([0, 0, ...talk.channels]);
    return insertAnywhere(random, talk, heartbeat(channel, random.octets(random.between(1, 20))));
  },
  "heartbeat-channel": (random, tag) => {
    const talk = conversation(random, tag);
    return insertAnywhere(random, talk, heartbeat(random.pick([...talk.channels, 99, 65535])));
  },
  "heartbeats-anywhere": (random, tag) => {
    const talk = conversation(random, tag);
    for (const frames of [talk.frames, talk.frames, talk.frames, talk.handshake]) {
      frames.splice(random.between(0, frames.length), 0, heartbeat());
    }
    return serialise(talk);
  },
  "channel-zero": (random, tag) => {
    const talk = conversation(random, tag);
    const frames = [call(0, "basic.publish"), ...content(random, 0, talk.frameMax)];
    return insertAnywhere(random, talk, ...frames.slice(random.below(2)));
  },
  "method-in-content": (random, tag) => {
    const talk = conversation(random, tag);
    const places = talk.frames.flatMap((frame, at) => (frame.type === METHOD || at === 0 ? [] : [at]));
    const at = places.length > 0 ? random.pick(places) : talk.frames.length;
    const channel = talk.frames[at]?.channel ?? 1;
    const name = random.pick([
      "channel.close",
      "channel.close-ok",
      "basic.publish",
      "basic.qos",
      "channel.open",
      "tx.select",
    ]);
    talk.frames.splice(at, 0, call(channel, name));
    return serialise(talk);
  },
};

// The edges of what Erlang's ~p takes for text in latin-1, quotes and backslashes, some letters; and, rarer, the others.
const TEXT = [8, 9, 10, 11, 12, 13, 27, 32, 34, 39, 92, 126, 160, 161, 228, 255, 65, 66, 97, 98];
const PRINTABLE = [...TEXT, ...TEXT, ...TEXT, 7, 14, 127, 159];

function swap(frames: Frame[], a: number, b: number): void {
  [frames[a], frames[b]] = [frames[b]!, frames[a]!];
}
