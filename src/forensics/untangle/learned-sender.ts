/** What the octets themselves show of a sender: channels opened in them, or before the capture saw the stream. */
import { CHANNEL_OPEN } from "../../amqp/method-keys.ts";
import { methodOf } from "../../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_END, FRAME_ENVELOPE, FRAME_HEADER_SIZE, FRAME_METHOD } from "../../amqp/spec/constants.ts";
import { long, short } from "../../bytes/big-endian.ts";
import type { Sender } from "./sender.ts";
import { BODY_START, NO_START, strengthAt, WHOLE_START } from "./starts.ts";

/**
 * The sender, who also uses those channels that frames in octets[from, end) are on. If all of its frames were seen, a
 * channel counts if a whole channel.open opens it; else if a whole method is on it, or a body with another frame right
 * behind it. If frame-max is not known, the largest of those bodies counts as the largest possible one when it comes
 * twice.
 */
export function learnedSender(octets: Uint8Array, from: number, end: number, sender: Sender): Sender {
  const onAny: Sender = { ...sender, usesChannel: () => true };
  const channels = new Set<number>();
  let largest = 0;
  let count = 0;
  for (let at = from; at + FRAME_ENVELOPE <= end; at++) {
    if (sender.seenWhole) at = octets.indexOf(FRAME_METHOD, at);
    if (at < 0 || at + FRAME_ENVELOPE > end) break;
    const type = octets[at];
    if (type !== FRAME_METHOD && type !== FRAME_BODY) continue;
    const channel = short(octets, at + 1);
    const isKnown = sender.usesChannel(channel) || channels.has(channel);
    if (type === FRAME_METHOD) {
      if (isKnown || (sender.seenWhole && !opensChannel(octets, at))) continue;
      if (strengthAt(octets, at, end, onAny) === WHOLE_START) channels.add(channel);
      continue;
    }
    const size = long(octets, at + 3);
    const behind = at + size + FRAME_ENVELOPE;
    if (strengthAt(octets, at, end, onAny) !== BODY_START || octets[behind - 1] !== FRAME_END) continue;
    if (behind >= end || strengthAt(octets, behind, end, onAny) === NO_START) continue;
    channels.add(channel);
    if (size === largest) count++;
    else if (size > largest) {
      largest = size;
      count = 1;
    }
  }
  const maxBody = sender.maxBody ?? (count > 1 ? largest : null);
  if (channels.size === 0) return maxBody === sender.maxBody ? sender : { ...sender, maxBody };
  return { ...sender, maxBody, usesChannel: channel => sender.usesChannel(channel) || channels.has(channel) };
}

function opensChannel(octets: Uint8Array, at: number): boolean {
  const payload = at + FRAME_HEADER_SIZE;
  return methodOf(short(octets, payload), short(octets, payload + 2))?.key === CHANNEL_OPEN;
}
