/** A client library of others as the oracle: amqplib talks to a server made of wire.ts, and what it writes is decoded. */
import { createServer, type Socket } from "node:net";
import { connect } from "amqplib";
import { beforeAll, describe, expect, it } from "vitest";
import type { FieldValue } from "../../src/amqp/field-table.ts";
import { methodOf } from "../../src/amqp/method-registry.ts";
import { decodeArguments, decodeProperties, walkArguments, walkProperties } from "../../src/amqp/payload.ts";
import { conversation, findings, scanEveryWay } from "../support/frame-log.ts";
import { bits, join, longlong, shortstr, table, type Wire, wire } from "../support/wire.ts";

interface Talk {
  client: Uint8Array[];
  server: Uint8Array[];
}

/** Answers one client as a broker would, and keeps what either said. */
class Server {
  readonly talk: Talk = { client: [], server: [] };
  #unread: Uint8Array = new Uint8Array(0);
  #greeted = false;

  receive(socket: Socket, octets: Uint8Array): void {
    this.talk.client.push(octets);
    this.#unread = join(this.#unread, octets);
    if (!this.#greeted) {
      this.#greeted = true;
      this.#unread = this.#unread.subarray(8);
      this.#say(socket, wire().start({}, "PLAIN"));
    }
    for (;;) {
      const size =
        this.#unread.length < 7 ? 0 : new DataView(this.#unread.buffer, this.#unread.byteOffset + 3).getUint32(0);
      if (this.#unread.length < size + 8) return;
      if (this.#unread[0] === 1) this.#answer(socket, this.#unread[2]!, `${this.#unread[8]},${this.#unread[10]}`);
      this.#unread = this.#unread.slice(size + 8);
    }
  }

  #answer(socket: Socket, channel: number, ids: string): void {
    const answers: Record<string, () => Wire> = {
      "10,11": () => wire().tune(2047, 131072, 0),
      "10,40": () => wire().openOk(),
      "10,50": () => wire().closeOk(),
      "20,10": () => wire().channelOpenOk(channel),
      "20,40": () => wire().channelCloseOk(channel),
      "40,10": () => wire().method(channel, 40, 11),
      "50,10": () => wire().queueDeclareOk(channel, "tasks"),
      "50,20": () => wire().method(channel, 50, 21),
      "60,10": () => wire().method(channel, 60, 11),
      "60,20": () => wire().method(channel, 60, 21, shortstr("ctag")).deliver(channel, "delivered"),
      "85,10": () => wire().confirmSelectOk(channel),
      "60,40": () => wire().ack(channel, 1),
    };
    const answer = answers[ids];
    if (answer !== undefined) this.#say(socket, answer());
  }

  #say(socket: Socket, answer: Wire): void {
    this.talk.server.push(answer.octets);
    socket.write(answer.octets);
  }
}

const HEADERS = {
  text: "wörld",
  yes: true,
  tiny: -7,
  small: -700,
  int: 70_000,
  big: 2 ** 40,
  fraction: 1.5,
  nothing: null,
  octets: Buffer.from([0, 206, 255]),
  list: [1, "two", [false]],
  table: { inner: "value" },
  time: { "!": "timestamp", value: 1_700_000_000 },
  money: { "!": "decimal", value: { digits: 1234, places: 2 } },
  float: { "!": "float", value: 0.5 },
};

async function converse(): Promise<Talk> {
  const server = new Server();
  const listening = createServer(socket => {
    socket.on("data", octets => server.receive(socket, Uint8Array.from(octets)));
  });
  await new Promise<void>(resolve => {
    listening.listen(0, "127.0.0.1", resolve);
  });
  const address = listening.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  const connection = await connect(`amqp://user:secret@127.0.0.1:${address.port}/%2f?heartbeat=0`, {
    clientProperties: { connection_name: "oracle" },
  });
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange("events", "topic", { durable: false, autoDelete: true });
  await channel.assertQueue("tasks", { durable: true, arguments: { "x-max-length": 10 } });
  await channel.bindQueue("tasks", "events", "a.*", { match: true });
  await channel.prefetch(5);
  const message = await new Promise<string>(resolve => {
    void channel.consume("tasks", delivered => resolve(String(delivered?.content)));
  });
  expect(message).toBe("delivered");
  channel.publish("events", "a.b", Buffer.from("x".repeat(5000)), {
    headers: HEADERS,
    contentType: "text/plain",
    deliveryMode: 2,
    priority: 3,
    correlationId: "c",
    expiration: "1000",
    messageId: "m1",
    timestamp: 1_700_000_001,
    type: "t",
    appId: "app",
    mandatory: true,
  });
  channel.publish("", "tasks", Buffer.alloc(0));
  await channel.close();
  await connection.close();
  await new Promise(resolve => listening.close(resolve));
  return server.talk;
}

describe("what amqplib writes", () => {
  let talk: Talk;
  let octets: Uint8Array;
  let log: string[];
  beforeAll(async () => {
    talk = await converse();
    octets = join(...talk.client);
    log = scanEveryWay([octets.subarray(8)]);
  });

  /** The payload of the nth frame of a type, and the method's ids. */
  function payload(type: string, ids = "", nth = 0): Uint8Array {
    const found = log.filter(line => line.includes(` ${type} `) && line.includes(` ${ids}`))[nth];
    return Uint8Array.from(Buffer.from(found?.split(" ").at(-1) ?? "", "hex"));
  }

  function values(ids: [number, number], nth = 0): Record<string, FieldValue> {
    const octets = payload("method", Buffer.from([0, ids[0], 0, ids[1]]).toString("hex"), nth);
    const method = methodOf(...ids)!;
    expect(walkArguments(method, octets, 0, octets.length, null)).toBeNull();
    return Object.fromEntries(decodeArguments(method, octets, 0, octets.length));
  }

  it("begins with the protocol header, and frames follow to the end", () => {
    expect(Array.from(octets.subarray(0, 8))).toEqual([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
    expect(log.filter(line => !/ (method|header|body) /.test(line))).toEqual([]);
  });

  it("the handshake", () => {
    const { "client-properties": properties, ...rest } = values([10, 11]);
    expect(rest).toEqual({ mechanism: "PLAIN", response: "\0user\0secret", locale: "en_US" });
    expect(properties).toBeInstanceOf(Map);
    expect((properties as Map<string, FieldValue>).get("connection_name")).toBe("oracle");
    expect((properties as Map<string, FieldValue>).get("product")).toBe("amqplib");
    expect(values([10, 31])).toEqual({ "channel-max": 2047, "frame-max": 131072, heartbeat: 0 });
    expect(values([10, 40])).toEqual({ "virtual-host": "/", "reserved-1": "", "reserved-2": false });
  });

  it("methods with bits and tables", () => {
    expect(values([40, 10])).toEqual({
      "reserved-1": 0,
      exchange: "events",
      type: "topic",
      passive: false,
      durable: false,
      "auto-delete": true,
      internal: false,
      "no-wait": false,
      arguments: new Map(),
    });
    expect(values([50, 10])).toMatchObject({
      queue: "tasks",
      durable: true,
      arguments: new Map([["x-max-length", 10]]),
    });
    expect(values([50, 20])).toMatchObject({ "routing-key": "a.*", arguments: new Map([["match", true]]) });
    expect(values([60, 10])).toEqual({ "prefetch-size": 0, "prefetch-count": 5, global: false });
    expect(values([60, 40])).toMatchObject({
      exchange: "events",
      "routing-key": "a.b",
      mandatory: true,
      immediate: false,
    });
    expect(values([60, 40], 1)).toMatchObject({ exchange: "", "routing-key": "tasks", mandatory: false });
  });

  it("a content header with every kind of header", () => {
    const header = payload("header");
    expect(walkProperties(header, 0, header.length, null)).toBeNull();
    expect(Object.fromEntries(decodeProperties(header, 0, header.length))).toEqual({
      "content-type": "text/plain",
      headers: new Map<string, FieldValue>([
        ["text", "wörld"],
        ["yes", true],
        ["tiny", -7],
        ["small", -700],
        ["int", 70_000],
        ["big", 2n ** 40n],
        ["fraction", 1.5],
        ["nothing", null],
        ["octets", Uint8Array.of(0, 206, 255)],
        ["list", [1, "two", [false]]],
        ["table", new Map([["inner", "value"]])],
        ["time", { timestamp: 1_700_000_000n }],
        ["money", { decimal: { scale: 2, value: 1234 } }],
        ["float", 0.5],
      ]),
      "delivery-mode": 2,
      priority: 3,
      "correlation-id": "c",
      expiration: "1000",
      "message-id": "m1",
      timestamp: 1_700_000_001n,
      type: "t",
      "app-id": "app",
    });
    expect(log).toContainEqual(expect.stringMatching(/ body 1 5000 octets$/));
  });

  it("is in good order, and so is what it was answered", () => {
    const acknowledged = conversation({ handshake: false })
      .client(join(...talk.client))
      .server(join(...talk.server));
    // It does not wait for its confirms, as it was not asked to, and the server gives one of them.
    expect(findings(acknowledged)).toEqual([expect.stringMatching(/^warning unconfirmed: .*1 of 2 on channel 1/)]);
  });
});

describe("the builder of these tests", () => {
  it("writes methods as amqplib's reader takes them (§4.2.4)", () => {
    // What the client understood above; here is how it was spelt.
    expect(Buffer.from(wire().ack(1, 1).octets).toString("hex")).toBe("0100010000000d003c0050000000000000000100ce");
    expect(bits(true, false, true)).toEqual([5]);
    expect(longlong(-1n)).toEqual([255, 255, 255, 255, 255, 255, 255, 255]);
    expect(table({})).toEqual(Uint8Array.of(0, 0, 0, 0));
  });
});
