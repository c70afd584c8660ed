/** What `recover` says of each message of a real tear, and the types of properties on the wire. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { Discretion } from "../../src/connection/discretion.ts";
import { type RecoveredMessage, recover } from "../../src/recover/recover.ts";
import schema from "../../src/recover/recovered.schema.json" with { type: "json" };
import { base64, recoveredRecord } from "../../src/recover/recovered-record.ts";
import { RecoveredCounts, recoveredLine } from "../../src/recover/recovered-text.ts";
import { FIXTURES } from "../support/golden.ts";
import { field, headerPayload, text } from "../support/wire.ts";

const TORN = `${FIXTURES}/interleaving/two-publishers-one-socket.pcapng.gz`;

const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

function expectValid(record: unknown): void {
  validate(JSON.parse(JSON.stringify(record)));
  expect(validate.errors).toBe(null);
}

async function recovered(path: string, includeUnconfirmed = false) {
  const messages: RecoveredMessage[] = [];
  const recovery = await recover([path], { includeUnconfirmed }, async message => void messages.push(message));
  return { messages, recovery };
}

/** What the ledger knows of a message. */
const PLACE = {
  time: "2026-11-21T18:19:51Z",
  connection: "c1",
  channel: 1,
  exchange: "",
  routingKey: "k",
  input: 0,
  streamOffset: 0,
  finding: "f1",
};

describe("recover", () => {
  it("puts together what a real client tore, and tells the fate of each", async () => {
    const { messages, recovery } = await recovered(TORN);
    const records = messages.map(recoveredRecord);
    records.forEach(expectValid);
    expect(records.map(({ messageId, fate, whole, sure, finding }) => [messageId, fate, whole, sure, finding])).toEqual(
      [
        ["t1-3", "torn", true, true, "f1"],
        ["t0-1", "swallowed", true, true, "f1"],
        ["t0-2", "unread", true, true, "f1"],
        ["t0-3", "unread", true, true, "f1"],
        ["t0-4", "unread", true, true, "f1"],
        ["t1-4", "unread", true, true, "f1"],
      ],
    );
    for (const { body, size, messageId, bodyOctets } of records) {
      const text = (body as { text: string }).text;
      const { task, seq, pad } = JSON.parse(text) as { task: string; seq: number; pad: string };
      const [, writer, number] = /t(\d)-(\d)/.exec(messageId!)!;
      expect([task, seq]).toEqual([writer === "1" ? "enable_switch_ports" : "turn_server_power_on", Number(number)]);
      // Every octet is its own writer's.
      expect(pad).toBe((writer === "1" ? "b" : "a").repeat(pad.length));
      expect([text.length, bodyOctets]).toEqual([size, size]);
    }
    expect(records[0]!.spans).toEqual([
      [162110, 48640],
      [390697, 2316],
    ]);
    const counts = new RecoveredCounts();
    for (const message of messages) counts.add(message);
    expect(counts.sentences(recovery)).toBe(
      "6 messages lost: 1 torn, 1 swallowed, 4 unread. Of 4 more the capture does not say whether the broker took them.",
    );
    expect(recoveredLine(messages[0]!)).toBe(
      "18:19:51.905717512 c1   ch 2   torn in f1         whole              50743 B (default) tasks id t1-3 trace a9aced7e03919e74c034902c8aab312a",
    );
  });

  it("finds nothing where nothing was lost", async () => {
    const { messages } = await recovered(`${FIXTURES}/clean/confirms-and-acks.pcap`, true);
    expect(messages).toEqual([]);
  });

  it("tells properties with their types, what is no UTF-8 in Base64, and no password", () => {
    const headers = [
      ["n", field.I(-5)],
      ["n", field.l(2n ** 60n)],
      ["nested", field.F([["a", field.A([field.t(true), field.V()])]])],
      ["raw", field.S([0xff, 0xfe])],
      ["x-password", field.S("hunter2")],
    ] as const;
    const header = headerPayload(2, { headers, deliveryMode: 1, timestamp: 1_700_000_000n });
    const content = {
      exchange: "",
      routingKey: "",
      mandatory: false,
      immediate: false,
      method: header,
      header,
      bodySize: 2,
      body: Uint8Array.of(0xff, 1),
      isWhole: true,
    };
    const lost = {
      fate: "unread",
      record: { packets: [1, 1] },
      spans: [[0, 5]],
      isExplained: false,
      doubtful: [],
      confidence: 1,
      discretion: new Discretion(),
    };
    const record = recoveredRecord({ lost, content } as unknown as RecoveredMessage);
    expectValid({ ...record, ...PLACE });
    const { properties, body } = record;
    expect(properties).toEqual([
      {
        name: "headers",
        type: "table",
        value: [
          { name: "n", type: "int32", value: -5 },
          { name: "n", type: "int64", value: "1152921504606846976" },
          {
            name: "nested",
            type: "table",
            value: [{ name: "a", type: "array", value: [{ type: "boolean", value: true }, { type: "void" }] }],
          },
          { name: "raw", type: "longstr", value: { base64: "//4=" } },
          { name: "x-password", type: "longstr", value: "…" },
        ],
      },
      { name: "delivery-mode", type: "octet", value: 1 },
      { name: "timestamp", type: "longlong", value: 1_700_000_000 },
    ]);
    expect(body).toEqual({ base64: "/wE=" });
  });

  it("every type of a header is one that the schema knows", () => {
    const { t, b, B, U, s, u, I, i, l, L, f, d, D, T, V, S, x, F, A } = field;
    const values = [
      t(true),
      b(-1),
      B(1),
      U(-1),
      s(-1),
      u(1),
      I(-1),
      i(1),
      l(-1n),
      L(-1n),
      f(0.5),
      d(Number.NaN),
      D(2, 314),
    ];
    const more = [T(2n ** 60n), V(), S("text"), x([0xff]), F([["a", V()]]), A([t(false)])];
    const headers = [...values, ...more].map((value, i) => [`h${i}`, value] as [string, typeof value]);
    const header = headerPayload(0, { headers, clusterId: "c" });
    const content = {
      exchange: "",
      routingKey: "",
      mandatory: true,
      immediate: true,
      method: header,
      header,
      bodySize: 0,
    };
    const lost = {
      fate: "torn",
      record: { packets: [1, 1] },
      spans: [
        [0, 5],
        [9, 1],
      ],
      isExplained: true,
      doubtful: [],
      confidence: 0.6,
    };
    const message = {
      lost: { ...lost, discretion: new Discretion() },
      content: { ...content, body: new Uint8Array(), isWhole: true },
    };
    const record = recoveredRecord(message as unknown as RecoveredMessage);
    expectValid({ ...record, ...PLACE });
    expect((record.properties![0]!.value as { type: string }[]).map(({ type }) => type)).toHaveLength(19);
    expect(record.sure).toBe(false);
  });

  it("what a name tells to be a secret is not shown, of any type but a boolean", () => {
    const { x, F, A, S, I, t } = field;
    const secret = S("q7Zk9Tw2");
    const headers: [string, ReturnType<typeof S>][] = [
      ["pwd", x(text("q7Zk9Tw2"))],
      ["tokens", F([["v", secret]])],
      ["private_key", A([secret])],
      ["nested", F([["apiKey", x(text("q7Zk9Tw2"))]])],
      ["pass-phrase", I(4711)],
      ["has-token", t(true)],
    ];
    const header = headerPayload(0, { headers });
    const lost = { fate: "torn", record: { packets: [1, 1] }, spans: [], doubtful: [], discretion: new Discretion() };
    const content = { method: header, header, bodySize: 0, body: new Uint8Array(), isWhole: true };
    const record = recoveredRecord({ lost, content } as unknown as RecoveredMessage);
    expect(record.properties![0]!.value).toEqual([
      { name: "pwd", type: "octets", value: "…" },
      { name: "tokens", type: "table", value: "…" },
      { name: "private_key", type: "array", value: "…" },
      { name: "nested", type: "table", value: [{ name: "apiKey", type: "octets", value: "…" }] },
      { name: "pass-phrase", type: "int32", value: "…" },
      { name: "has-token", type: "boolean", value: true },
    ]);
  });

  it("Base64 is that of Node.js, of any length", () => {
    for (const length of [0, 1, 2, 3, 0x5fff, 0x6000, 0x6001, 100_000]) {
      const octets = Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
      expect(base64(octets)).toBe(Buffer.from(octets).toString("base64"));
    }
  });
});
