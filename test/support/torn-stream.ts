/** What a client writes whose two threads share a socket: a message with another one inside, each with the trace of its producer. */
import { clientHandshake, field, join, wire } from "./wire.ts";

export const TORN = { traceId: "a9aced7e03919e74c034902c8aab312a", spanId: "848a8f85b8a57e1d" };
export const TEARING = { traceId: "ab5e3a210e51c70c3aefeac4767cab9a", spanId: "a370145816f3a2fc" };
export const WHOLE = { traceId: "4b4e4270d88330bb42513d69a7e8cb04", spanId: "d03080d1cea8ad9e" };

function publish(channel: number, messageId: string, { traceId, spanId }: typeof TORN, octets: number): Uint8Array {
  const headers = { traceparent: field.S(`00-${traceId}-${spanId}-01`) };
  return wire().publish(channel, "x".repeat(octets), { properties: { messageId, headers } }).octets;
}

/** Its octets in the pieces in which they are written; the last ones are whole messages, which end the incident. */
export function tornStream(): Uint8Array[] {
  const torn = publish(1, "torn", TORN, 3000);
  const cut = torn.length - 1200;
  const quiet = Array.from({ length: 40 }, () => wire().heartbeat().octets);
  return [
    clientHandshake().channelOpen(1).channelOpen(2).octets,
    publish(2, "whole", WHOLE, 300),
    torn.subarray(0, cut),
    publish(2, "tearing", TEARING, 500),
    torn.subarray(cut),
    join(...quiet),
  ];
}
