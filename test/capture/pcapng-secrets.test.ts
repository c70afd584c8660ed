import { describe, expect, it } from "vitest";
import { CaptureFeed } from "../../src/capture/capture-feed.ts";
import {
  type ByteOrder,
  block,
  enhancedPacket,
  fields,
  hex,
  interfaceDescription,
  join,
  octets,
  sectionHeader,
} from "../support/capture-writer.ts";
import { chunkings, deliver } from "../support/chunkings.ts";
import { text } from "../support/wire.ts";

const KEY_LOG = "CLIENT_RANDOM aa bb\n";
const TLS_KEY_LOG = 0x544c534b;

function secrets(order: ByteOrder, kind: number, content: Uint8Array, size = content.length): Uint8Array {
  return block(order, 10, join(fields(order, [4, kind], [4, size]), content, octets(-content.length & 3, 0)));
}

/** What comes out of a file with this block between two packets: packets as #, key logs as they are. */
function read(order: ByteOrder, secretsBlock: Uint8Array): { log: string[]; notes: readonly string[] } {
  const packet = enhancedPacket({ order, data: hex("01") });
  const file = join(sectionHeader(order), interfaceDescription(order), packet, secretsBlock, packet);
  const outcomes = Array.from(chunkings([file]), chunking => {
    const log: string[] = [];
    const feed = new CaptureFeed(
      ({ number }) => log.push(`#${number}`),
      keyLog => log.push(keyLog),
    );
    deliver(chunking, (bytes, start, end) => feed.push(bytes, start, end));
    expect(feed.finish()).toBeNull();
    return { log, notes: [...(feed.reader?.notes ?? []), feed.reader?.passedOver ?? ""].filter(note => note !== "") };
  });
  for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
  return outcomes[0]!;
}

describe.each(["little", "big"] as const)("decryption secrets, %s-endian", order => {
  it("of TLS are handed on, in their place", () => {
    expect(read(order, secrets(order, TLS_KEY_LOG, text(KEY_LOG)))).toEqual({ log: ["#1", KEY_LOG, "#2"], notes: [] });
  });

  it.each([
    ["of WireGuard", secrets(order, 0x57474b4c, text(KEY_LOG))],
    ["whose length lies", secrets(order, TLS_KEY_LOG, text(KEY_LOG), 10_000)],
  ])("%s are passed over", (_, secretsBlock) => {
    expect(read(order, secretsBlock)).toEqual({
      log: ["#1", "#2"],
      notes: ["1 block of the file was passed over, as ghostframe does not read it: 1 decryption secrets block."],
    });
  });
});
