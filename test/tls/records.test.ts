/** The record layer: boundaries, gaps, torn records; every chunking, every gap, and octets that were changed. */
import { describe, expect, it } from "vitest";
import { tlsMeaning, tlsSentence } from "../../src/tls/tls-sentence.ts";
import { chunkings, deliver, randomNumbers, SEED, type Stream } from "../support/chunkings.ts";
import { ObservedTls, type ObserveOptions } from "../support/tls-observed.ts";
import { record } from "../support/tls-records.ts";
import { publish, type Scene, scene12, scene13 } from "../support/tls-scenes.ts";
import { join, text } from "../support/wire.ts";

/** One client's records behind its hello, each of them whole. */
function records(scene: Scene, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => scene.client.seal(text(`${"m".repeat(20 + (i % 7) * 10)} ${i}`)));
}

/** What comes out of a client's stream, however it is cut. */
function outcome(scene: Scene, stream: Stream, options: ObserveOptions = {}): string {
  const logs = new Set<string>();
  for (const chunking of chunkings(stream)) {
    const observed = new ObservedTls(options).data(0, scene.opening[0]).data(1, scene.opening[1]);
    deliver(
      chunking,
      (bytes, start, end) => void observed.data(0, bytes, start, end),
      missing => void observed.gap(0, missing),
    );
    observed.end();
    const { records: count, hidden } = observed.connection.directions[0];
    const found = observed.findings.map(({ rule, streamOffset, endOffset }) => `${rule} @${streamOffset}-${endOffset}`);
    logs.add(
      [`${count} records, ${hidden} hidden`, ...found, Buffer.from(observed.plaintext(0)).toString()].join("\n"),
    );
  }
  expect([...logs]).toHaveLength(1);
  return [...logs][0]!;
}

/** Octets of the stream before the records of a test: the client's opening. */
const before = (scene: Scene) => scene.opening[0].length;

describe("records in good order", () => {
  it("are the same however they are cut", () => {
    const scene = scene13();
    const stream = join(...records(scene, 6));
    // The hello is the seventh.
    expect(outcome(scene, [stream], { keys: scene.keys })).toMatch(/^7 records, 0 hidden\nm+ 0m+ 1/);
  });

  it("are found again behind any gap, and nothing is wrong", () => {
    for (const [from, size] of gapsOf(600)) {
      const scene = scene12();
      const wire = join(...records(scene, 14));
      const observed = new ObservedTls({ keys: scene.keys }).data(0, scene.opening[0]).data(1, scene.opening[1]);
      observed
        .data(0, wire, 0, from)
        .gap(0, size)
        .data(0, wire, from + size);
      observed.end();
      const where = `gap of ${size} at ${from}`;
      expect(observed.findings, where).toEqual([]);
      expect(observed.connection.directions[0].scanner.lost, where).toBe(false);
      // The last record comes out, whatever was missed.
      expect(Buffer.from(observed.plaintext(0)).toString().endsWith(" 13"), where).toBe(true);
      expect(observed.copies, where).toEqual([]);
    }
  });

  it("are recognised in mid-stream", () => {
    const scene = scene13();
    const wire = join(...records(scene, 8));
    const observed = new ObservedTls({ sawBeginning: false });
    observed.gap(0, -1).data(0, wire, 13).end("capture-ended");
    expect(observed.recognised).toBe(true);
    expect(observed.connection.directions[0].records).toBe(7);
    expect(observed.findings).toEqual([]);
  });
});

function* gapsOf(octets: number): Generator<[from: number, size: number]> {
  for (let from = 0; from < octets; from += 7) for (const size of [1, 4, 5, 60, 200]) yield [from, size];
}

describe("what is not TLS is handed on untouched", () => {
  it.each([
    ["AMQP", text("AMQP0091 and more")],
    ["HTTP", text("GET / HTTP/1.1\r\n\r\n")],
    ["octets that begin as a ClientHello does", Uint8Array.of(22, 3, 1, 0, 5, 2, 0, 0, 0, 0)],
    ["one octet", Uint8Array.of(22)],
  ])("%s", (_, wire) => {
    for (const chunking of chunkings([wire])) {
      const observed = new ObservedTls();
      deliver(chunking, (bytes, start, end) => void observed.data(0, bytes, start, end));
      observed.data(1, text("AMQP0091")).end();
      expect(observed.plaintext(0), chunking.name).toEqual(wire);
      expect(observed.plaintext(1)).toEqual(text("AMQP0091"));
      expect(observed.plain).toBe(true);
      expect(observed.recognised).toBe(false);
    }
  });

  it("nor a ClientHello that an AMQP server answers", () => {
    const scene = scene13();
    const observed = new ObservedTls().data(0, scene.opening[0]).data(1, text("AMQP0091")).end();
    expect(observed.plaintext(0)).toEqual(scene.opening[0]);
    expect(observed.plain).toBe(true);
  });
});

describe("a torn record", () => {
  const scene = scene12();
  const sealed = records(scene, 30);
  const [torn, inner, second, ...rest] = sealed as [Uint8Array, Uint8Array, Uint8Array, ...Uint8Array[]];
  const at = before(scene);

  it.each([5, 9, 30, torn.length - 1])("that others interrupted after %i octets is put together", cut => {
    const stream = join(torn.subarray(0, cut), inner, second, torn.subarray(cut), ...rest);
    expect(outcome(scene, [stream])).toContain(`tls-record @${at + torn.length}`);
    const observed = observe(scene, stream);
    const [finding, ...others] = observed.findings;
    expect(others).toEqual([]);
    const inserted = inner.length + second.length;
    expect(finding?.evidence).toMatchObject({
      kind: "broken-header",
      before: { streamOffset: at, length: torn.length - 5 },
      tear: {
        kind: "torn",
        spans: [
          [at, cut],
          [at + cut + inserted, torn.length - cut],
        ],
        inserted: [at + cut, inserted],
      },
    });
    expect(tlsSentence(finding!)).toContain("where no other begins");
    expect(tlsMeaning(finding!).summary).toContain("with these taken out its length lands on the next header");
  });

  it("that was cut short is told with what is missing", () => {
    const stream = join(torn.subarray(0, 20), inner, second, ...rest);
    const [finding] = observe(scene, stream).findings;
    expect(finding?.evidence).toMatchObject({
      tear: { kind: "cut-short", spans: [[at, 20]], missing: torn.length - 20 },
    });
  });

  it("whose end was sent twice is told so", () => {
    const stream = join(torn, torn.subarray(torn.length - 17), inner, second, ...rest);
    const [finding] = observe(scene, stream).findings;
    expect(finding?.evidence).toMatchObject({
      tear: { kind: "replayed", replayed: { span: [at + torn.length, 17], of: [at + torn.length - 17, 17] } },
    });
    expect(tlsSentence(finding!)).toMatch(/RabbitMQ logs \{unsupported_record_type,\d+\}/);
  });

  it("is found without its octets, too", () => {
    const stream = join(torn.subarray(0, 20), inner, second, ...rest);
    const observed = new ObservedTls({ explain: false }).data(0, scene.opening[0]).data(1, scene.opening[1]);
    const [finding] = observed.data(0, stream).end().findings;
    expect(finding).toMatchObject({ rule: "tls-record", evidence: { kind: "broken-header", tear: null } });
  });

  it("at the end of a stream that was ended is told, and not where the capture ends", () => {
    const observed = observe(scene, join(torn, inner.subarray(0, 11)));
    expect(observed.findings.map(({ evidence }) => evidence.kind)).toEqual(["unfinished"]);
    expect(tlsSentence(observed.findings[0]!)).toContain(`6 of ${inner.length - 5} octets`);
    const open = new ObservedTls().data(0, scene.opening[0]).data(1, scene.opening[1]);
    expect(open.data(0, inner, 0, 11).end("capture-ended").findings).toEqual([]);
  });

  it("behind a fatal alert is nobody's concern", () => {
    const observed = new ObservedTls().data(0, scene.opening[0]).data(1, scene.opening[1]);
    observed
      .data(0, torn)
      .data(0, record(21, [2, 20]))
      .data(0, text("whatever comes now"));
    expect(observed.end().findings).toEqual([]);
  });
});

function observe(scene: Scene, stream: Uint8Array): ObservedTls {
  return new ObservedTls().data(0, scene.opening[0]).data(1, scene.opening[1]).data(0, stream).end();
}

describe("records that were changed", () => {
  it("never throw, and never take long", () => {
    const random = randomNumbers(SEED);
    for (let run = 0; run < 400; run++) {
      const scene = run % 2 === 0 ? scene13() : scene12();
      const wire = join(
        scene.opening[0],
        ...records(scene, 12),
        ...publish(1, "p").map(each => scene.client.seal(each)),
      );
      for (let i = 0; i < 1 + random() * 8; i++) {
        const from = Math.floor(random() * wire.length);
        const choice = random();
        if (choice < 0.5) wire[from] = random() * 256;
        else if (choice < 0.8) wire.copyWithin(from, Math.floor(random() * wire.length));
        else wire.fill(0, from, from + random() * 40);
      }
      const observed = new ObservedTls({ keys: scene.keys, sawBeginning: random() < 0.8 });
      observed.data(1, scene.opening[1]);
      for (let at = 0; at < wire.length; ) {
        const end = Math.min(wire.length, at + 1 + Math.floor(random() * 300));
        observed.data(0, wire, at, end);
        at = end;
      }
      observed.end(random() < 0.5 ? "fin" : "rst");
      for (const finding of observed.findings) expect(tlsSentence(finding), `seed ${SEED}`).not.toContain("undefined");
    }
  });
});
