/** What a report says of packets, by the packet. */
import { describe, expect, it } from "vitest";
import { packetComments } from "../../src/annotate/packet-comments.ts";
import { inspect } from "../../src/inspect.ts";
import type { Report } from "../../src/report/report.ts";
import { FIXTURES } from "../support/golden.ts";

async function commentsOf(name: string, packetsBefore = [0]): Promise<Map<number, string[]>> {
  const report = await inspect([`${FIXTURES}/${name}`]);
  const [comments] = packetComments(report, packetsBefore);
  return new Map([...comments!].map(([packet, all]) => [packet, all.map(({ text }) => text)]));
}

describe("comments", () => {
  it("stand where a message was torn, goes on, and was lost", async () => {
    const comments = await commentsOf("interleaving/message-inside-a-body.pcap");
    const all = [...comments.values()].flat();
    expect(all.some(text => text.startsWith("ghostframe f1 piece 1 of 2 of the frame torn here"))).toBe(true);
    const first = [...comments].find(([, texts]) => texts.some(text => text.includes("piece 1 of 2")))![0];
    const second = [...comments].find(([, texts]) => texts.some(text => text.includes("piece 2 of 2")))!;
    expect(second[1].find(text => text.includes("piece 2 of 2"))).toContain(`torn in packet ${first} (`);
    expect(all.filter(text => / message .* begins here, to .*: (torn|swallowed|unread)$/.test(text))).not.toEqual([]);
  });

  it("count packets on from where an input begins in the file that is written", async () => {
    const comments = [
      ...(await commentsOf("interleaving/two-publishers-one-socket.pcapng.gz", [1000])).values(),
    ].flat();
    expect(comments.some(text => text.includes("torn in packet 1031 ("))).toBe(true);
  });

  it("hold nothing that acts on a terminal, however the wire names it, and are bounded in number", async () => {
    const report = await inspect([`${FIXTURES}/interleaving/two-publishers-one-socket.pcapng.gz`]);
    const [finding] = report.findings;
    const nasty = { ...finding!, message: "evil \x1b]0;title\x07 \u202e text", diagnosis: undefined };
    const many = Array.from({ length: 100 }, (_, i) => ({ ...nasty, id: `f${i + 1}` }));
    const [comments] = packetComments({ ...report, findings: many } as unknown as Report, [0]);
    const texts = comments!.get(31)!.map(({ text }) => text);
    expect(texts[0]).toContain("evil \\x1b]0;title\\x07 \\u{202e} text");
    expect(texts).toHaveLength(32);
    expect(texts.at(-1)).toBe("ghostframe: more is found in this packet (ghostframe inspect --all)");
  });
});
