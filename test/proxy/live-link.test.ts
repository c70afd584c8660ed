/** What the inspector tells the live page: connections, findings, messages, and the frames of who is watched. */
import type { MessagePort } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { LiveLink } from "../../src/proxy/live-link.ts";
import type { FromInspectorPort, InspectorNews, ToInspectorPort } from "../../src/proxy/telemetry-protocol.ts";
import type { LiveConnection, LiveFinding, LiveFrame } from "../../src/report/html/live-data.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import { TraceIds } from "../../src/telemetry/trace-ids.ts";
import { LiveScene } from "../support/live-scene.ts";
import { digest, KeptTelemetry } from "../support/telemetry.ts";
import { tornStream } from "../support/torn-stream.ts";
import { clientHandshake, join, serverHandshake, wire } from "../support/wire.ts";

/** The other thread's end of the port: takes what comes, or leaves it. */
class Reader {
  readonly sent: FromInspectorPort[] = [];
  takes = true;
  #deliver: (message: ToInspectorPort) => void = () => {};

  get port(): MessagePort {
    return {
      postMessage: (message: FromInspectorPort) => {
        this.sent.push(message);
        if (this.takes && message.kind === "news") this.deliver({ kind: "news-taken" });
      },
      on: (_: string, deliver: (message: ToInspectorPort) => void) => {
        this.#deliver = deliver;
      },
    } as unknown as MessagePort;
  }

  deliver(message: ToInspectorPort): void {
    this.#deliver(message);
  }

  get news(): InspectorNews[] {
    return this.sent.filter(message => message.kind === "news");
  }

  connection(id: string): LiveConnection {
    const all = this.news.flatMap(({ connections }) => connections).filter(each => each.id === id);
    return JSON.parse(all.at(-1)!.json) as LiveConnection;
  }

  get findings(): LiveFinding[] {
    return this.news.flatMap(({ findings }) => findings).map(({ json }) => JSON.parse(json) as LiveFinding);
  }

  get frames(): LiveFrame[] {
    return this.sent
      .flatMap(each => (each.kind === "frames" ? each.frames : []))
      .map(json => JSON.parse(json) as LiveFrame);
  }
}

function scene() {
  const kept = new KeptTelemetry();
  const ids = new TraceIds(digest, null);
  const link: LiveLink = new LiveLink(() => live.inspection.open);
  const live: LiveScene = new LiveScene({
    watch: link.watch,
    onEvent: event => link.connectionEvent(event),
    telemetry: {
      ids,
      choice: "incidents",
      sink: kept,
      instruments: kept.instruments,
      onMessage: (message, finding) => link.message(message, finding),
    },
  });
  const reader = new Reader();
  link.connect(reader.port);
  return { link, live, reader };
}

const talk = (number: number) =>
  wire().publish(1, `message ${number}`, { properties: { messageId: `m${number}` } }).octets;

describe("the live link", () => {
  it("tells a connection, its finding, its lost messages and its end", () => {
    const { link, live, reader } = scene();
    live.open(7).broker(serverHandshake().channelOpenOk(1).channelOpenOk(2).octets, 7);
    for (const piece of tornStream()) live.client(piece, 7);
    link.tick();
    expect(reader.connection("c7")).toMatchObject({ isOpen: true, found: 0, user: "guest" });
    live.end(0, "fin", 7).end(1, "fin", 7).close(7);
    link.flush();
    const [finding] = reader.findings;
    expect(finding).toMatchObject({ rule: "frame-end", connection: "c7", isRecorded: false });
    expect(reader.connection("c7")).toMatchObject({ isOpen: false, found: 1 });
    const lost = reader.news.flatMap(news => news.lost).map(json => JSON.parse(json) as MessageRecord);
    // The engine calls it c1: what is shown is the connection's own id.
    expect(lost.map(({ messageId, outcome, connection, finding: by }) => [messageId, outcome, connection, by])).toEqual(
      [
        ["torn", "torn", "c7", finding!.id],
        ["tearing", "swallowed", "c7", finding!.id],
      ],
    );
  });

  it("says all that it knows to a thread that begins anew", () => {
    const { link, live, reader } = scene();
    live.open().broker(serverHandshake().octets);
    for (const piece of tornStream()) live.client(piece);
    live.open(2).client(clientHandshake().octets, 2);
    live.end(0).end(1).close();
    link.tick();
    expect(reader.findings).toHaveLength(1);
    const next = new Reader();
    link.connect(next.port);
    link.tick();
    expect(next.findings).toEqual(reader.findings);
    expect(next.connection("c2")).toMatchObject({ isOpen: true });
  });

  it("keeps no more than its bounds for a thread that takes nothing", () => {
    const { link, live, reader } = scene();
    reader.takes = false;
    live.open().client(clientHandshake().channelOpen(1).octets);
    for (let number = 0; number < 500; number++) {
      live.client(talk(number));
      link.tick();
    }
    live.end(0).end(1).close();
    link.flush();
    expect(reader.news).toHaveLength(4);
    reader.deliver({ kind: "news-taken" });
    link.flush();
    const { messages, messageCount } = reader.news.at(-1)!;
    expect(messages.length).toBeLessThanOrEqual(200);
    expect(messageCount).toBe(500);
  });

  it("tells some findings of a kind whole, and the others in short", () => {
    const { link, live, reader } = scene();
    for (let number = 1; number <= 20; number++) {
      live.open(number);
      for (const piece of tornStream()) live.client(piece, number);
      live.end(0, "fin", number).end(1, "fin", number).close(number);
    }
    link.flush();
    const torn = reader.findings.filter(({ rule }) => rule === "frame-end");
    expect(torn).toHaveLength(20);
    expect(torn.filter(({ isShort }) => isShort).length).toBe(4);
    for (const { isShort, octets, diagnosis } of torn)
      if (isShort) expect([octets, diagnosis]).toEqual([[], undefined]);
  });
});

describe("frames that are watched", () => {
  const watched = (channel: number | null) => {
    const all = scene();
    all.live.open(7).client(clientHandshake().channelOpen(1).channelOpen(2).octets, 7);
    all.reader.deliver({ kind: "watch", watch: 1, connection: "c7", channel });
    return all;
  };

  it("are those of one channel, at their offsets, message by message and piece by piece", () => {
    const { link, live, reader } = watched(1);
    const message = talk(1);
    const begin = clientHandshake().channelOpen(1).channelOpen(2).octets.length;
    live.client(join(message, wire().publish(2, "other").octets), 7);
    for (const octet of message) live.client(Uint8Array.of(octet), 7);
    link.flush();
    const { frames } = reader;
    expect(frames.map(({ type, channel }) => `${type} ${channel}`)).toEqual(
      ["method 1", "header 1", "body 1"].concat(["method 1", "header 1", "body 1"]),
    );
    expect(frames[0]!.streamOffset).toBe(begin);
    expect(frames[0]!.details).toMatch(/^basic\.publish/);
    expect(frames.slice(0, 3).map(({ size, details }) => [size, details])).toEqual(
      frames.slice(3).map(({ size, details }) => [size, details]),
    );
  });

  it("are bounded in a second, and those beyond are counted", () => {
    const { link, live, reader } = watched(null);
    for (let number = 0; number < 100; number++) live.client(talk(number), 7);
    link.flush();
    expect(reader.frames).toHaveLength(200);
    expect(reader.sent.filter(each => each.kind === "frames")).toMatchObject([{ omitted: 100, over: false }]);
    link.tick();
    live.client(talk(1), 7);
    link.flush();
    expect(reader.frames).toHaveLength(203);
  });

  it("end with the connection, and nobody is told of one that is not there", () => {
    const { link, live, reader } = watched(null);
    reader.deliver({ kind: "watch", watch: 2, connection: "c99", channel: null });
    live.end(0, "fin", 7).end(1, "fin", 7).close(7);
    link.flush();
    const over = reader.sent.filter(each => each.kind === "frames" && each.over);
    expect(over.map(each => each.kind === "frames" && each.watch)).toEqual([2, 1]);
  });

  it("show no credentials", () => {
    const { link, live, reader } = scene();
    live.open(7).client(wire().protocolHeader().octets, 7);
    reader.deliver({ kind: "watch", watch: 1, connection: "c7", channel: null });
    live.client(wire().startOk({}, "PLAIN", "\0guest\0secret-word").tuneOk().open().octets, 7);
    link.flush();
    expect(reader.frames.map(({ details }) => details.split(" ")[0])).toContain("connection.start-ok");
    expect(JSON.stringify(reader.sent)).not.toContain("secret-word");
  });
});
