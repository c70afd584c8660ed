/** Two writers on one TLS session: proved from the ciphertext alone, and told apart with a key log. */
import { describe, expect, it } from "vitest";
import { tlsMeaning, tlsSentence, xorReading } from "../../src/tls/tls-sentence.ts";
import { randomNumbers, SEED } from "../support/chunkings.ts";
import { ObservedTls } from "../support/tls-observed.ts";
import { publish, type Scene, scene12, scene13, scenes } from "../support/tls-scenes.ts";
import { join, text } from "../support/wire.ts";

function begin(scene: Scene, keys = false): ObservedTls {
  const observed = new ObservedTls(keys ? { keys: scene.keys } : {});
  return observed.data(0, scene.opening[0]).data(1, scene.opening[1]);
}

describe.each(scenes().map(({ name }, i) => [name, i] as const))("%s", (_, i) => {
  const scene = () => scenes()[i]!;

  it("is silent about one writer, however alike its messages are", () => {
    const one = scene();
    const observed = begin(one);
    for (let n = 0; n < 500; n++)
      for (const octets of publish(1, "the same every time")) observed.data(0, one.client.seal(octets));
    expect(observed.end().findings).toEqual([]);
  });

  it("proves a fork without a key", () => {
    const one = scene();
    const observed = begin(one);
    for (const octets of publish(1, "before")) observed.data(0, one.client.seal(octets));
    const child = one.client.fork();
    for (const octets of publish(1, "of the parent")) observed.data(0, one.client.seal(octets));
    for (const octets of publish(2, "of the child")) observed.data(0, child.seal(octets));
    const [finding] = observed.end().findings;
    expect(finding?.rule).toBe("tls-shared-session");
    expect(finding?.evidence).toMatchObject({ kind: "shared-session" });
    // Packets 1 and 2 are the hellos, 3 to 5 came before the fork.
    expect(finding?.from.packet).toBe(9);
    expect(tlsSentence(finding!)).toContain("(packet 6) and");
    expect(tlsSentence(finding!)).toContain("(as 1 and 2 do)");
    expect(tlsMeaning(finding!).confidence).toBe(0.99);
  });

  it("tells the writers apart with a key log, each on its own count", () => {
    const one = scene();
    const observed = begin(one, true);
    const before = publish(1, "before");
    for (const octets of before) observed.data(0, one.client.seal(octets));
    const children = [one.client.fork(), one.client.fork()];
    const of = [publish(1, "of the parent"), publish(2, "of one child"), publish(3, "of the other")] as const;
    for (let piece = 0; piece < 3; piece++) {
      observed.data(0, one.client.seal(of[0][piece]!));
      observed.data(0, children[0]!.seal(of[1][piece]!));
      if (piece > 0) observed.data(0, children[1]!.seal(of[2][piece - 1]!));
    }
    observed.end();
    // Behind the copy's first record the server reads nothing: nothing is handed on.
    expect(observed.plaintext(0)).toEqual(join(...before, of[0][0]));
    expect(observed.copies.map(({ copy, number }) => [copy, number])).toEqual([
      [1, 3],
      [0, 4],
      [1, 4],
      [2, 3],
      [0, 5],
      [1, 5],
      [2, 4],
    ]);
    const written = (copy: number) => observed.copies.filter(each => each.copy === copy).map(({ octets }) => octets);
    expect(written(0)).toEqual(of[0].slice(1));
    expect(written(1)).toEqual([...of[1]]);
    expect(written(2)).toEqual(of[2].slice(0, 2));
    expect(observed.gaps).toEqual([]);
  });

  it("takes the same octets a second time for a record sent twice, not for a second writer", () => {
    const one = scene();
    const observed = begin(one, true);
    const sealed = one.client.seal(text("0123456789"));
    observed
      .data(0, sealed)
      .data(0, sealed)
      .data(0, one.client.seal(text("behind it")));
    const [finding, ...others] = observed.end().findings;
    expect(others).toEqual([]);
    expect(finding?.rule).toBe("tls-record");
    expect(finding?.evidence.kind).toBe("sent-twice");
    expect(tlsSentence(finding!)).toContain("it was sent twice");
    expect(observed.copies).toEqual([]);
    expect(Buffer.from(observed.plaintext(0)).toString()).toBe("0123456789behind it");
  });

  it("forgets what came before octets that nobody counted", () => {
    const one = scene();
    const observed = begin(one);
    const [method, other] = [publish(1, "a")[0], publish(2, "b")[0]];
    const child = one.client.fork();
    observed.data(0, one.client.seal(method)).gap(0, -1);
    for (const octets of publish(1, "chain")) observed.data(0, one.client.seal(octets));
    observed.data(0, child.seal(other));
    expect(observed.end().findings.filter(({ rule }) => rule === "tls-shared-session")).toEqual([]);
  });
});

it("finds the same in packets of many records as in those of one, or of a part", () => {
  const random = randomNumbers(SEED);
  for (const make of [scene13, scene12]) {
    const scene = make();
    const writers: { seal(octets: Uint8Array): Uint8Array }[] = [scene.client];
    // One copy from early on, another that comes late, and octets that are sent twice.
    const records: Uint8Array[] = [];
    for (let i = 0; i < 600; i++) {
      if (i === 20 || i === 400) writers.push(scene.client.fork());
      const writer = Math.floor(random() * writers.length);
      for (const octets of publish(writer + 1, `message ${i}`)) records.push(writers[writer]!.seal(octets));
      if (i % 50 === 0) records.push(records.at(-1)!);
    }
    const stream = join(...records);
    const found = (size: () => number) => {
      const observed = begin(scene);
      for (let at = 0; at < stream.length; ) {
        const end = Math.min(stream.length, at + size());
        observed.data(0, stream.subarray(at, end));
        at = end;
      }
      return observed.end().findings.map(({ streamOffset, endOffset, faults, evidence }) => ({
        streamOffset,
        endOffset,
        faults,
        pairs:
          evidence.kind === "shared-session" ? evidence.pairs.map(each => [each.first.index, each.second.index]) : [],
      }));
    };
    let number = 0;
    const one = found(() => records[number++]!.length);
    expect(one.length, `seed ${SEED}`).toBeGreaterThan(0);
    for (const size of [() => stream.length, () => 60_000, () => 1448, () => 1 + Math.floor(random() * 5000)]) {
      expect(found(size), `seed ${SEED}`).toEqual(one);
    }
  }
});

it("finds the nonce that TLS 1.2 shows twice, far apart", () => {
  const scene = scene12();
  const observed = begin(scene);
  const child = scene.client.fork();
  for (let i = 0; i < 3000; i++) observed.data(0, scene.client.seal(text(`message ${i}`)));
  observed.data(0, child.seal(text("of the child")));
  const [finding] = observed.end().findings;
  expect(tlsSentence(finding!)).toContain("have the same nonce 4a5c029e00000000");
});

it("counts the pairs of a session that is used on", () => {
  const scene = scene13();
  const observed = begin(scene);
  const child = scene.client.fork();
  for (let i = 0; i < 100; i++) {
    observed.data(0, scene.client.seal(publish(1, "p")[0]));
    observed.data(0, child.seal(publish(2, "c")[0]));
  }
  const [finding, ...others] = observed.end().findings;
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ faults: 100, evidence: { count: 100 } });
  // One after the other each time: threads could have done it.
  expect(tlsMeaning(finding!).confidence).toBe(0.9);
});

it("sees no second writer behind a key update", () => {
  const updated = scene13();
  const observed = begin(updated, true);
  for (let i = 0; i < 50; i++) {
    observed.data(0, updated.client.seal(publish(1, "m")[0]));
    if (i % 10 === 9)
      observed.data(
        0,
        (updated.client as ReturnType<typeof scene13>["client"] & { keyUpdate(): Uint8Array }).keyUpdate(),
      );
  }
  observed.end();
  expect(observed.findings).toEqual([]);
  expect(observed.gaps).toEqual([]);
  expect(observed.plaintext(0)).toHaveLength(50 * publish(1, "m")[0].length);
});

describe("the XOR of two frames", () => {
  it.each([
    [
      "00 0003 00000000 0000 0000",
      "frames of the same type, on channels whose numbers differ by XOR 3 (as 1 and 2 do)",
    ],
    ["03 0000 00000011 0000", "a method frame and a content header, on the same channel, of different sizes"],
    [
      "02 0001 00000100",
      "a method frame and a content body, on channels whose numbers differ by XOR 1 (as 2 and 3 do)",
    ],
    ["07 0000 00000000", "They do not look like"],
  ])("%s", (octets, reading) => {
    const xor = Uint8Array.from(Buffer.from(octets.replaceAll(" ", ""), "hex"));
    expect(xorReading({ xor })).toContain(reading);
  });
});

it("mistakes no random ciphertext for a repetition", () => {
  // What is sealed is random without the key: so are these.
  const random = randomNumbers(SEED);
  const scene = scene13();
  const observed = begin(scene);
  const octets = new Uint8Array(5 + 45);
  for (let i = 0; i < 50_000; i++) {
    for (let at = 0; at < octets.length; at++) octets[at] = random() * 256;
    octets.set([23, 3, 3, 0, 45]);
    observed.data(0, octets);
  }
  expect(observed.end().findings, `seed ${SEED}`).toEqual([]);
});
