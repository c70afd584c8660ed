/** What is told of a connection while it runs, in which order, and when. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { Inspected } from "../../src/proxy/live-inspection.ts";
import { chunkings, deliver } from "../support/chunkings.ts";
import { LiveScene } from "../support/live-scene.ts";
import { clientHandshake, hex, join, type Octets, serverHandshake, text, wire } from "../support/wire.ts";

const GREETING = serverHandshake().channelOpenOk(1).channelOpenOk(2).octets;
const GOOD = clientHandshake().channelOpen(1).channelOpen(2).publish(1, "good").octets;
/** A body frame on channel 1 with a whole publish on channel 2 inside. */
const TEAR = (() => {
  const outer = wire().publish(1, "o".repeat(1200)).octets;
  const inner = wire().publish(2, "i".repeat(100)).octets;
  return join(outer.subarray(0, -400), inner, outer.subarray(-400));
})();
/** Frames in good order, behind which an incident is over, and as many octets as are waited for to explain it. */
const CALM = (() => {
  const calm = wire();
  for (let i = 0; i < 12; i++) calm.publish(1, `calm ${i} `.repeat(40));
  return calm.octets;
})();
/** Where the torn body frame begins: behind its method and its content header. */
const TORN_AT = GOOD.length + TEAR.indexOf(3, wire().publishMethod(1).length + 22);
const REFUSAL = text("AMQP\0\0\t\x01");

function broken(): LiveScene {
  return new LiveScene().open().broker(GREETING).client(join(GOOD, TEAR));
}

describe("the events of a connection", () => {
  it("come in the order in which things happen", () => {
    const scene = broken();
    expect(scene.log).toEqual(["c1 opened", `c1 fault frame-end @${TORN_AT}`]);
    scene.client(CALM);
    expect(scene.log.slice(2)).toEqual(["c1 f1 frame-end torn-frame"]);
    scene.broker(wire().close(501, "FRAME_ERROR").octets).end(1).end(0, "rst").close();
    expect(scene.log.slice(3)).toEqual([
      "c1 f2 broker-close by f1",
      // This broker's words are not those that are predicted.
      "c1 f3 verdict-mismatch",
      "c1 closed 2+0+1",
    ]);
  });

  it("tell a close behind the incident that led to it", () => {
    const scene = broken().broker(wire().close(501, "FRAME_ERROR").octets);
    expect(scene.log).toHaveLength(2);
    scene.end(0);
    expect(scene.log.slice(2)).toEqual(["c1 f1 frame-end torn-frame", "c1 f2 broker-close by f1"]);
  });

  it("number findings through all connections", () => {
    const scene = broken()
      .open(2)
      .broker(GREETING, 2)
      .client(join(GOOD, TEAR, CALM), 2)
      .client(CALM, 1);
    expect(scene.log.filter(line => / f\d/.test(line))).toEqual([
      "c2 f1 frame-end torn-frame",
      "c1 f2 frame-end torn-frame",
    ]);
  });

  it("say of what is over within one read only what it was", () => {
    const scene = new LiveScene()
      .open()
      .broker(GREETING)
      .client(join(GOOD, TEAR, CALM));
    expect(scene.log).toEqual(["c1 opened", "c1 f1 frame-end torn-frame"]);
  });

  it("each know the connection by then, and the broker by its address", () => {
    const scene = broken().client(CALM).close();
    const frames = scene.events.map(({ connection }) => connection.frames.clientToServer);
    expect(frames).toEqual([...frames].toSorted((a, b) => a - b));
    expect(frames[0]).toBe(0);
    expect(new Set(scene.events.map(({ upstream }) => upstream.address))).toEqual(new Set(["192.0.2.1"]));
    expect(scene.events.map(({ time }) => time)).toEqual(scene.events.map(() => "2026-11-21T18:20:00.000000Z"));
  });

  it("count each finding once when it is closed", () => {
    const scene = broken().pass(5).client(CALM);
    scene.inspection.addFinding(1, "shared-socket", "2 processes hold it.");
    scene.close();
    expect(scene.log.slice(2)).toEqual([
      "c1 f1 frame-end, not over",
      "c1 f1 frame-end torn-frame",
      "c1 f2 shared-socket",
      "c1 closed 1+1+0",
    ]);
  });

  it("are trouble and closed where the broker cannot be reached", () => {
    const scene = new LiveScene().accept();
    scene.inspection.trouble(1, { kind: "upstream-refused", message: "nobody listens" });
    scene.close();
    expect(scene.log).toEqual(["c1 trouble upstream-refused", "c1 closed 0+0+0"]);
    expect(scene.events[0]).toMatchObject({ message: "nobody listens", upstream: { address: "broker.example" } });
  });

  it("are none of a health check, and opened and closed of one that stays and carries nothing", () => {
    expect(new LiveScene().open().pass(3).end(0).end(1).close().log).toEqual([]);
    expect(new LiveScene().open().end(1, "rst").close().log).toEqual([]);
    const scene = new LiveScene().open().pass(4).open(2).pass(1);
    expect(scene.log).toEqual(["c1 opened"]);
    scene.close().close(2);
    expect(scene.log).toEqual(["c1 opened", "c1 closed 0+0+0"]);
  });

  it("are none for a connection that nobody knows", () => {
    const scene = new LiveScene().client(GOOD).end(0).close().pass(1);
    for (const act of ["conclude", "closed"] as const) scene.inspection[act](9);
    scene.inspection.lost(9, "gone");
    scene.inspection.addFinding(9, "shared-socket", "shared");
    expect(scene.log).toEqual([]);
  });
});

describe("what is not over", () => {
  it("is told after two seconds without an octet, once, and again when it is over", () => {
    const scene = broken().pass(1);
    expect(scene.log).toHaveLength(2);
    scene.pass(1);
    expect(scene.log.slice(2)).toEqual(["c1 f1 frame-end, not over"]);
    scene.pass(5);
    expect(scene.log).toHaveLength(3);
    scene.client(CALM.subarray(0, 50)).pass(5);
    expect(scene.log).toHaveLength(3);
    scene.client(CALM.subarray(50));
    expect(scene.log.slice(3)).toEqual(["c1 f1 frame-end torn-frame"]);
  });

  it("is not told while octets come", () => {
    const scene = broken();
    for (let i = 0; i < 10; i++) scene.client(wire().publish(1, `${i}`).octets).pass(1);
    expect(scene.log).toHaveLength(2);
    scene.pass(1);
    expect(scene.log).toHaveLength(3);
  });

  it("is told as a near miss before anything breaks, once, and at the end as what it came to", () => {
    const scene = new LiveScene().open().broker(GREETING).client(GOOD);
    const split = (): Uint8Array => wire().publishMethod(1).publish(2, "inside").content(1, "outside").octets;
    for (let i = 0; i < 9; i++) scene.client(split());
    scene.pass(1);
    expect(scene.log).toEqual(["c1 opened"]);
    scene.client(split()).pass(3).client(split()).pass(3);
    expect(scene.log.slice(1)).toEqual(["c1 f1 split-content, not over"]);
    scene.close();
    expect(scene.log.slice(2)).toEqual(["c1 f1 split-content", "c1 closed 0+0+1"]);
    const [before, final] = scene.findings;
    expect(before!.finding.message).toContain("inside 10 of");
    expect(final!.finding.message).toContain("inside 11 of");
  });
});

describe("a connection that is lost", () => {
  it("is concluded by what was seen of it, and goes on uninspected", () => {
    const scene = broken();
    scene.inspection.lost(1, "the inspector fell behind");
    scene.inspection.lost(1, "the inspector fell behind");
    expect(scene.log.slice(2)).toEqual(["c1 f1 frame-end torn-frame", "c1 uninspected: the inspector fell behind"]);
    scene.client(TEAR).broker(wire().close(501, "FRAME_ERROR").octets).pass(3).end(1, "rst").close();
    expect(scene.log.slice(4)).toEqual(["c1 closed 1+0+0"]);
    expect(scene.events.at(-1)!.connection.ended).toBe("rst");
  });

  it("has its near misses told, too", () => {
    const scene = new LiveScene().open().broker(GREETING).client(GOOD);
    for (let i = 0; i < 12; i++) scene.client(wire().publishMethod(1).publish(2, "in").content(1, "out").octets);
    scene.inspection.lost(1, "behind");
    expect(scene.log.slice(1)).toEqual(["c1 f1 split-content", "c1 uninspected: behind"]);
  });

  it("does not wait for an answer to its opening", () => {
    const scene = new LiveScene().open().client(text("AMQP\x09\x09\x09\x09"));
    expect(scene.log).toEqual(["c1 opened"]);
    scene.inspection.lost(1, "behind");
    expect(scene.log.slice(1)).toEqual(["c1 f1 handshake", "c1 uninspected: behind"]);
  });
});

describe("an internal error", () => {
  /** Has the inspection of the client's octets fail from now on. */
  function sabotage(scene: LiveScene, number: number): Inspected {
    const live = [...scene.inspection.open].find(each => each.carrier.number === number)!;
    live.amqp.directions[0].forensics!.received = () => {
      throw new Error("no such octet");
    };
    return live;
  }

  it("ends the inspection of its connection, and of no other; what was found stands", () => {
    const scene = broken().open(2).broker(GREETING, 2);
    sabotage(scene, 1);
    scene
      .client(CALM, 1)
      .client(join(GOOD, TEAR, CALM), 2)
      .client(CALM, 1)
      .pass(5)
      .close(1)
      .close(2);
    expect(scene.log.slice(2)).toEqual([
      "c2 opened",
      "c1 f1 frame-end",
      "c1 uninspected: an internal error ended its inspection behind 2,486 octets from the client and 1,032 from the broker: Error: no such octet. Please report it",
      "c2 f2 frame-end torn-frame",
      "c1 closed 1+0+0",
      "c2 closed 1+0+0",
    ]);
  });

  it("is told once where it is met again in concluding a lost connection", () => {
    const scene = broken();
    sabotage(scene, 1).amqp.directions[0].scanner.finish = () => {
      throw new Error("no end");
    };
    scene.inspection.lost(1, "behind");
    expect(scene.log.slice(2)).toEqual([
      "c1 f1 frame-end",
      "c1 uninspected: an internal error ended its inspection behind 2,486 octets from the client and 1,032 from the broker: Error: no end. Please report it",
    ]);
  });

  it("of a tick is its connection's, too", () => {
    const scene = broken().open(2).broker(GREETING, 2).client(join(GOOD, TEAR), 2);
    sabotage(scene, 1).amqp.earlyWarnings = () => {
      throw new Error("no such miss");
    };
    scene.pass(3);
    expect(scene.log.slice(4)).toEqual([
      "c1 f1 frame-end",
      "c1 uninspected: an internal error ended its inspection behind 2,486 octets from the client and 1,032 from the broker: Error: no such miss. Please report it",
      "c2 f2 frame-end, not over",
    ]);
  });
});

describe("a connection that the guard stops", () => {
  it("is concluded, and what follows is not looked at", () => {
    const scene = broken();
    scene.inspection.conclude(1);
    expect(scene.log.slice(2)).toEqual(["c1 f1 frame-end torn-frame"]);
    scene.inspection.conclude(1);
    scene.broker(wire().close(501, "FRAME_ERROR - ghostframe: torn").octets).client(TEAR).end(0).end(1).close();
    expect(scene.log.slice(3)).toEqual(["c1 closed 1+0+0"]);
    expect(scene.events.at(-1)!.connection.verdict.observed).toBeNull();
  });
});

describe("a client that opens with something else", () => {
  const tls = hex("160301 00c8 01 0000c4 0303 0102030405060708");
  const amqp10 = text("AMQP\x03\x01\0\0");
  const request = text("GET / HTTP/1.1\r\nHost: broker\r\n\r\n");
  const another = text("AMQP\x01\x01\0\x0a");
  const cases: { opening: string; client: Octets; answer: string; broker: Octets; at: "once" | "end"; log: string }[] =
    [
      {
        opening: "AMQP 1.0",
        client: amqp10,
        answer: "the same",
        broker: amqp10,
        at: "once",
        log: "uninspected: left alone: it is AMQP 1.0",
      },
      { opening: "AMQP 1.0", client: amqp10, answer: "a refusal", broker: REFUSAL, at: "once", log: "f1 handshake" },
      {
        opening: "AMQP 1.0",
        client: amqp10,
        answer: "nothing",
        broker: [],
        at: "end",
        log: "uninspected: left alone: it is AMQP 1.0",
      },
      {
        opening: "TLS",
        client: tls,
        answer: "TLS",
        broker: hex("160303 0050 02 0000"),
        at: "once",
        log: "uninspected: left alone: it is TLS",
      },
      { opening: "TLS", client: tls, answer: "a refusal", broker: REFUSAL, at: "once", log: "f1 handshake" },
      {
        opening: "TLS",
        client: tls,
        answer: "nothing",
        broker: [],
        at: "end",
        log: "uninspected: left alone: it is TLS",
      },
      { opening: "HTTP", client: request, answer: "a refusal", broker: REFUSAL, at: "once", log: "f1 handshake" },
      {
        opening: "HTTP",
        client: request,
        answer: "HTTP",
        broker: text("HTTP/1.1 400 \r\n\r\n"),
        at: "once",
        log: "uninspected: left alone: it is no AMQP 0-9-1",
      },
      { opening: "HTTP", client: request, answer: "nothing", broker: [], at: "end", log: "f1 handshake" },
      { opening: "AMQP 0-10", client: another, answer: "a refusal", broker: REFUSAL, at: "once", log: "f1 handshake" },
      { opening: "AMQP 0-10", client: another, answer: "nothing", broker: [], at: "end", log: "f1 handshake" },
      {
        opening: "half a header",
        client: text("AMQP\0"),
        answer: "nothing",
        broker: [],
        at: "end",
        log: "f1 handshake",
      },
      {
        opening: "two octets",
        client: text("AM"),
        answer: "nothing",
        broker: [],
        at: "end",
        log: "uninspected: left alone: it is no AMQP 0-9-1",
      },
    ];

  it.each(cases)("$opening, answered by $answer", ({ client, broker, at, log }) => {
    const scene = new LiveScene().open().client(client);
    expect(scene.log).toEqual(["c1 opened"]);
    for (const octet of broker as Uint8Array) scene.broker([octet]);
    expect(scene.log.slice(1)).toEqual(at === "once" ? [`c1 ${log}`] : []);
    scene.pass(3).end(0).end(1).close();
    const closed = log.startsWith("f1") ? "c1 closed 1+0+0" : "c1 closed 0+0+0";
    // A refusal is a verdict, and may be predicted or not: that is not the question here.
    expect(scene.log.slice(1).filter(line => !line.includes("verdict"))).toEqual([`c1 ${log}`, closed]);
  });

  it("is told with the broker's answer in it", () => {
    const scene = new LiveScene().open().client(request).broker(REFUSAL.subarray(0, 7)).broker(REFUSAL.subarray(7));
    expect(scene.findings.map(({ finding }) => finding.message)).toEqual([
      "The client opened with an HTTP request, not with AMQP 0-9-1's protocol header; the server refused it and wants AMQP 0-9-1.",
    ]);
  });
});

describe("however the octets come", () => {
  const streams = [
    { name: "torn, and in order again", stream: join(GOOD, TEAR, CALM) },
    { name: "torn at its end", stream: join(GOOD, TEAR) },
    { name: "a heartbeat inside a header", stream: join(GOOD, tornBy(wire().heartbeat().octets), CALM) },
    { name: "octets of another protocol", stream: join(GOOD, tornBy(text("GET / HTTP/1.1\r\n\r\n")), CALM) },
    {
      name: "a size of 1.5 GiB",
      stream: join(GOOD, wire().frame(3, 1, text("torn"), { size: 0x5c0a_0000 }).octets, CALM),
    },
    {
      name: "frames out of order",
      stream: join(GOOD, wire().header(1, 3).publishMethod(1).body(1, "abc").octets, wire().heartbeat(40).octets),
    },
  ];

  function tornBy(octets: Uint8Array): Uint8Array {
    const publish = wire().publish(1, "p".repeat(600)).octets;
    return join(publish.subarray(0, -300), octets, publish.subarray(-300));
  }

  function found(scene: LiveScene): unknown[] {
    return scene.findings
      .filter(({ final }) => final)
      .map(({ finding: { rule, streamOffset, length, frame: header, message, diagnosis } }) => ({
        rule,
        streamOffset,
        length,
        header,
        message,
        kind: diagnosis?.kind,
        torn: diagnosis?.torn.map(({ spans, complete }) => ({ spans, complete })),
        spans: [diagnosis?.replayed, diagnosis?.overwritten, diagnosis?.foreign, diagnosis?.unexplained],
      }));
  }

  it.each(streams)("the same is found: $name", ({ stream }) => {
    const expected = found(new LiveScene().open().broker(GREETING).client(stream).close());
    expect(expected.length).toBeGreaterThan(0);
    for (const chunking of chunkings([stream])) {
      const scene = new LiveScene().open().broker(GREETING);
      deliver(chunking, (bytes, start, end) => scene.inspection.data(1, 0, bytes, start, end));
      expect(found(scene.close()), chunking.name).toEqual(expected);
    }
  });
});

describe("the steps of untangling", () => {
  const outer = wire().publish(1, "o".repeat(300)).octets;
  const tear = join(outer.subarray(0, -100), wire().publish(2, "i".repeat(50)).octets, outer.subarray(-100));
  const tangle = join(GOOD, ...Array.from({ length: 70 }, () => tear), CALM);

  /** Broken frames of a tangle that is read on a connection of its own: one where it is read as a whole. */
  function faults(scene: LiveScene, number: number): number {
    scene.open(number).broker(GREETING, number).client(tangle, number).close(number);
    return scene.findings.at(-1)!.finding.faults;
  }

  it("are shared by all connections, and grow back", () => {
    // The first search takes what is there, and more: it is over when its direction's own steps are used up.
    const scene = new LiveScene({ untanglingSteps: 100 });
    expect(faults(scene, 1)).toBe(1);
    expect(faults(scene, 2)).toBeGreaterThan(1);
    scene.pass(1);
    expect(faults(scene, 3)).toBe(1);
  });
});

describe("memory", () => {
  it("keeps nothing of 10,000 connections that came and went", async () => {
    const scene = new LiveScene();
    const gone: WeakRef<Inspected>[] = [];
    const request = text("GET / HTTP/1.1\r\n\r\n");
    const torn = join(GOOD, TEAR);
    const ways: ((number: number) => void)[] = [
      number => scene.broker(GREETING, number).client(torn, number).pass(2),
      number => scene.broker(GREETING, number).client(torn, number).inspection.lost(number, "behind"),
      number => scene.client(request, number).end(0, "rst", number),
      number => scene.client(GOOD, number).broker(GREETING, number),
      () => {},
    ];
    for (let number = 1; number <= 10_000; number++) {
      scene.open(number);
      gone.push(...Array.from(scene.inspection.open, live => new WeakRef(live)));
      ways[Math.min(number % 100, ways.length - 1)]!(number);
      scene.close(number);
    }
    expect([...scene.inspection.open]).toEqual([]);
    // All but those that carried nothing.
    expect(scene.events.filter(({ event }) => event === "closed")).toHaveLength(400);
    scene.pass(1);
    // What was looked at in this turn of the event loop is kept until it is over.
    await setImmediate();
    collectGarbage();
    expect(gone).toHaveLength(10_000);
    expect(gone.filter(reference => reference.deref() !== undefined)).toEqual([]);
    // Nor are octets counted that nobody keeps: what breaks is still explained.
    scene
      .open(0)
      .broker(GREETING, 0)
      .client(join(GOOD, TEAR, CALM), 0);
    expect(scene.log.at(-1)).toMatch(/^c0 f\d+ frame-end torn-frame$/);
  });
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
