/** What amqplib sends of a recovered message's properties: the original octets, with our headers behind the last one. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type ChannelModel, type ConfirmChannel, connect, type Options } from "amqplib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishProperties } from "../../src/recover/publish-properties.ts";
import { type Field, field, headerPayload, join, type Properties, shortstr, wire } from "../support/wire.ts";

const SEED = Number(process.env.FC_SEED ?? 20_261_121);
const ADDED = { "x-ghostframe-recovered": "127.0.0.1:5/2026/1/9", "x-ghostframe-fate": "torn" };

/** The content headers that amqplib sends, one after the other. */
class HeaderReceiver {
  readonly headers: Buffer[] = [];
  #server: Server | null = null;
  #model: ChannelModel | null = null;
  channel: ConfirmChannel | null = null;
  #got: (() => void) | null = null;

  async start(): Promise<void> {
    this.#server = createServer(socket => this.#serve(socket)).listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#model = await connect(`amqp://guest:guest@127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
    this.channel = (await this.#model.createChannel()) as unknown as ConfirmChannel;
  }

  async sent(options: Options.Publish): Promise<Buffer> {
    const arrived = new Promise<void>(resolve => {
      this.#got = resolve;
    });
    this.channel!.publish("", "q", Buffer.alloc(0), options);
    await arrived;
    return this.headers.pop()!;
  }

  async stop(): Promise<void> {
    await this.#model?.close().catch(() => {});
    this.#server?.close();
  }

  #serve(socket: Socket): void {
    let unread = Buffer.alloc(0);
    let greeted = false;
    socket.on("data", chunk => {
      unread = Buffer.concat([unread, chunk]);
      if (!greeted) {
        greeted = true;
        unread = unread.subarray(8);
        socket.write(wire().start({}).octets);
      }
      while (unread.length >= 8 && unread.length >= 8 + unread.readUInt32BE(3)) {
        const size = unread.readUInt32BE(3);
        if (unread[0] === 2) {
          this.headers.push(Buffer.from(unread.subarray(7, 7 + size)));
          this.#got?.();
        }
        const method = unread[0] === 1 ? `${unread.readUInt16BE(7)}.${unread.readUInt16BE(9)}` : "";
        if (method === "10.11") socket.write(wire().tune().octets);
        if (method === "10.40") socket.write(wire().openOk().octets);
        if (method === "10.50") socket.write(wire().closeOk().octets);
        if (method === "20.10") socket.write(wire().channelOpenOk(unread.readUInt16BE(1)).octets);
        unread = unread.subarray(8 + size);
      }
    });
  }
}

type Entries = [name: string, value: Field][];

const value: fc.Arbitrary<Field> = fc.letrec<{ value: Field }>(tie => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "grapheme", maxLength: 20 }).map(field.S),
    fc.uint8Array({ maxLength: 20 }).map(field.x),
    fc.boolean().map(field.t),
    fc.integer({ min: -128, max: 127 }).map(field.b),
    fc.integer({ min: 0, max: 255 }).map(field.B),
    fc.integer({ min: -32_768, max: 32_767 }).map(field.s),
    fc.integer({ min: 0, max: 65_535 }).map(field.u),
    fc.integer().map(field.I),
    fc.nat().map(field.i),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(field.l),
    fc.float({ noNaN: true }).map(field.f),
    fc.double({ noNaN: true }).map(field.d),
    fc.tuple(fc.nat({ max: 255 }), fc.integer()).map(([scale, number]) => field.D(scale, number)),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(field.T),
    fc.constant(field.V()),
    fc.array(tie("value"), { maxLength: 3 }).map(field.A),
    fc
      .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_]{1,8}$/), tie("value")), {
        selector: ([name]) => name,
        maxLength: 3,
      })
      .map(field.F),
  ),
})).value;
const name = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_.-]{1,20}$/),
  fc.constantFrom("__proto__", "constructor", "hasOwnProperty", "CC", "ü"),
);
const entries: fc.Arbitrary<Entries> = fc.uniqueArray(fc.tuple(name, value), {
  selector: ([each]) => each,
  maxLength: 6,
});
const short = fc.string({ maxLength: 40 });
const properties = fc.record(
  {
    contentType: short,
    contentEncoding: short,
    headers: entries,
    deliveryMode: fc.nat({ max: 255 }),
    priority: fc.nat({ max: 255 }),
    correlationId: short,
    replyTo: short,
    expiration: short,
    messageId: short,
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
    type: short,
    userId: short,
    appId: short,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Properties>;

describe("amqplib", () => {
  const receiver = new HeaderReceiver();
  beforeAll(() => receiver.start());
  afterAll(() => receiver.stop());

  it("sends the properties octet for octet, with our headers behind the last one", async () => {
    await fc.assert(
      fc.asyncProperty(properties, async own => {
        const options = publishProperties(headerPayload(0, own), ADDED);
        if (typeof options === "string") return expect.fail(options);
        const added = Object.entries(ADDED).map(([key, text]) => [key, field.S(text)] as [string, Field]);
        const expected = headerPayload(0, {
          ...own,
          headers: [...((own.headers as Entries | undefined) ?? []), ...added],
        });
        const sent = await receiver.sent(options as Options.Publish);
        expect(sent.toString("hex")).toBe(Buffer.from(expected).toString("hex"));
      }),
      { numRuns: 300, seed: SEED },
    );
  });
});

describe("what amqplib would send otherwise is refused", () => {
  const cases: [what: string, own: Properties, reason: string][] = [
    [
      "a header that stands twice",
      {
        headers: [
          ["a", field.V()],
          ["a", field.V()],
        ],
      },
      "a header stands twice",
    ],
    [
      "names that it sorts",
      {
        headers: [
          ["b", field.V()],
          ["7", field.V()],
        ],
      },
      "names of its headers are numbers",
    ],
    ["a table that names a type", { headers: [["a", field.F([["!", field.S("x")]])]] }, 'a header is called "!"'],
    ["a type it does not know", { headers: [["a", field.U(3)]] }, "its headers have a value of type U"],
    ["text that is no UTF-8", { headers: [["a", field.S([0xff])]] }, "a header is no UTF-8"],
    ["a boolean of another kind", { headers: [["a", join([0x74, 7])]] }, "a boolean of its headers is neither 0 nor 1"],
    ["a number that is none", { headers: [["a", field.d(Number.NaN)]] }, "a number of its headers is NaN"],
    ["a long table", { headers: [["a", field.S("x".repeat(70_000))]] }, "its headers are longer than 65536 octets"],
    ["a timestamp of 64 bits", { timestamp: 2n ** 60n }, "its timestamp is larger than 2^53"],
    ["cluster-id", { clusterId: "c" }, "it has the reserved property (cluster-id)"],
  ];
  it.each(cases)("%s", (_, own, reason) => {
    expect(publishProperties(headerPayload(0, own), ADDED)).toBe(reason);
  });

  it("a weight", () => {
    expect(publishProperties(headerPayload(0, {}, { weight: 1 }), ADDED)).toBe("its content header has a weight");
  });

  it("a property that is no UTF-8", () => {
    const header = join(headerPayload(0, {}, { flags: 0x8000 }), shortstr([0xfe]));
    expect(publishProperties(header, ADDED)).toBe("content-type is no UTF-8");
  });
});
