import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PcapngWriter } from "../../src/capture/pcapng-writer.ts";
import type { Side } from "../../src/net/connection-observer.ts";
import { MAX_SEGMENT, type SyntheticEnd, SyntheticTcp } from "../../src/net/synthetic-tcp.ts";
import { PROPERTY } from "../capture/property-runs.ts";
import { temporaryFolder } from "../support/command.ts";
import { hasTshark } from "../support/oracle-tools.ts";
import { listenTo, sharkPackets } from "../support/recorded.ts";
import { join as joined } from "../support/wire.ts";

const CLIENT = { address: "192.0.2.7", port: 50123 };
const SERVER = { address: "192.0.2.1", port: 5673 };
const SECONDS = 1_790_000_000;

class Conversation {
  readonly writer = new PcapngWriter();
  readonly sent: [Uint8Array[], Uint8Array[]] = [[], []];
  readonly tcp: SyntheticTcp;
  #microseconds = 0;

  constructor(
    initial: readonly [number, number] = [7, 9],
    client: SyntheticEnd = CLIENT,
    server: SyntheticEnd = SERVER,
  ) {
    this.writer.begin("test");
    this.tcp = new SyntheticTcp(this.writer, client, server, initial);
    this.tcp.open(SECONDS, 0);
  }

  data(side: Side, octets: Uint8Array, comment: string | null = null): this {
    this.sent[side].push(octets);
    // Not at its buffer's beginning, and not the whole of it.
    const bytes = joined([1, 2, 3], octets, [4, 5]);
    this.tcp.data(side, bytes, 3, 3 + octets.length, SECONDS, this.#next(), comment);
    return this;
  }

  end(side: Side, reason: "fin" | "rst"): this {
    this.tcp.end(side, reason, SECONDS, this.#next(), null);
    return this;
  }

  comment(side: Side, text: string): this {
    this.tcp.comment(side, text, SECONDS, this.#next());
    return this;
  }

  get capture(): Uint8Array {
    return this.writer.bytes.slice(0, this.writer.length);
  }

  #next(): number {
    return ++this.#microseconds * 1000;
  }
}

function octets(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i * 7) & 0xff);
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ side: fc.constantFrom(0, 1), length: fc.integer({ min: 1, max: 3000 }) }) },
  { weight: 1, arbitrary: fc.record({ side: fc.constantFrom(0, 1), length: fc.constantFrom(1, 32_767, MAX_SEGMENT) }) },
  { weight: 1, arbitrary: fc.record({ side: fc.constantFrom(0, 1), comment: fc.constant("comment") }) },
  { weight: 1, arbitrary: fc.record({ side: fc.constantFrom(0, 1), end: fc.constantFrom("fin", "rst") }) },
);
/** Most wrap around 2^32 or 2^31 before long. */
const initial = fc.constantFrom(0, 1, -1, -2, -100, -40_000, 0x7fff_ffff, 0x7fff_0000, 0x8000_0000 | 0);
const families: readonly (readonly [string, string])[] = [
  ["192.0.2.7", "192.0.2.1"],
  ["2001:db8::7", "2001:db8::1"],
  ["::ffff:192.0.2.7", "::ffff:192.0.2.1"],
  ["::ffff:192.0.2.7", "fe80::1%eth0"],
  ["what is no address", "192.0.2.1"],
];

/** Plays steps as far as TCP allows them: nothing of a side behind its end, no octets behind a reset. */
function play(conversation: Conversation, steps: readonly object[]): ["fin" | "rst" | null, "fin" | "rst" | null] {
  const ends: ["fin" | "rst" | null, "fin" | "rst" | null] = [null, null];
  for (const [i, each] of steps.entries()) {
    const { side, length, comment, end } = each as {
      side: Side;
      length?: number;
      comment?: string;
      end?: "fin" | "rst";
    };
    if (ends[side] !== null || ends.includes("rst")) continue;
    if (length !== undefined) conversation.data(side, octets(length, i));
    else if (comment !== undefined) conversation.comment(side, `${comment} ${i}`);
    else if (end !== undefined) {
      conversation.end(side, end);
      ends[side] = end;
    }
  }
  return ends;
}

describe("the assembler hears what was sent", () => {
  it(`in any conversation (seed ${PROPERTY.seed})`, () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        initial,
        initial,
        fc.constantFrom(...families),
        (steps, c, s, ips) => {
          const conversation = new Conversation([c, s], { ...CLIENT, address: ips[0] }, { ...SERVER, address: ips[1] });
          const ends = play(conversation, steps);
          const { connections, assembler } = listenTo(conversation.capture);
          const sent = conversation.sent.map(pieces => joined(...pieces));
          if (sent.every(each => each.length === 0)) return;
          expect(connections).toHaveLength(1);
          const [connection] = connections;
          for (const side of [0, 1] as const) {
            expect(Buffer.compare(connection!.octets(side), sent[side]!)).toBe(0);
            expect(connection!.gaps[side]).toEqual([]);
            if (!ends.includes("rst")) expect(connection!.ends[side]).toBe(ends[side] ?? "capture-ended");
          }
          const { unread, retransmissions, outOfOrder, straySegments, resynchronisations } = assembler.counters;
          expect({ unread: unread.size, retransmissions, outOfOrder, straySegments, resynchronisations }).toEqual({
            unread: 0,
            retransmissions: 0,
            outOfOrder: 0,
            straySegments: 0,
            resynchronisations: 0,
          });
        },
      ),
      { ...PROPERTY, numRuns: 150 },
    );
  });

  it("of a side that goes on after the other's FIN", () => {
    const conversation = new Conversation().data(0, octets(10)).end(0, "fin").data(1, octets(20_000)).end(1, "fin");
    const [connection] = listenTo(conversation.capture).connections;
    expect(connection!.octets(1)).toEqual(octets(20_000));
    expect(connection!.ends).toEqual(["fin", "fin"]);
  });

  it("and nothing of a side behind its end", () => {
    const conversation = new Conversation().data(0, octets(10)).end(0, "fin");
    const before = conversation.writer.length;
    conversation.data(0, octets(10)).end(0, "rst");
    expect(conversation.writer.length).toBe(before);
  });
});

describe.skipIf(!hasTshark())("tshark has no objection", () => {
  it.for(families)("to packets from %s to %s", ([client, server], { onTestFinished }) => {
    const path = join(temporaryFolder(onTestFinished), "recording.pcapng");
    const conversation = new Conversation(
      [-1000, -70_000],
      { ...CLIENT, address: client },
      { ...SERVER, address: server },
    );
    conversation
      .data(0, octets(8), "the first")
      .data(1, octets(501))
      .data(0, octets(300))
      .comment(1, "f1: näher erklärt");
    // Far more than the receiver has to say anything about, and odd lengths.
    for (let i = 0; i < 40; i++) conversation.data(0, octets(MAX_SEGMENT - (i % 5), i)).comment(1, `comment ${i}`);
    conversation.comment(0, "one").comment(0, "two").comment(0, "three");
    conversation.end(0, "fin").comment(0, "behind the FIN").data(1, octets(24_464)).end(1, "fin").comment(1, "last");
    writeFileSync(path, conversation.capture);

    const packets = sharkPackets(path);
    expect(packets.reduce((sum, { length }) => sum + length, 0)).toBe(
      conversation.sent.flat().reduce((sum, each) => sum + each.length, 0),
    );
    const comments = packets.map(({ comment }) => comment).filter(comment => comment !== "");
    expect(comments).toHaveLength(47);
    expect(comments.slice(0, 2)).toEqual(["the first", "f1: näher erklärt"]);
  });
});
