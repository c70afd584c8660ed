import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLogin } from "../../src/broker/login.ts";
import { CredentialsMask } from "../../src/connection/credentials-mask.ts";
import { REACH } from "../../src/connection/masked-stretch.ts";
import { PROPERTY } from "../capture/property-runs.ts";
import { type Chunking, chunkings, deliver } from "../support/chunkings.ts";
import {
  clientHandshake,
  field,
  frame,
  hex,
  join,
  methodPayload,
  octet,
  shortstr,
  table,
  text,
  wire,
} from "../support/wire.ts";

const latin1 = new TextDecoder("latin1");
const PROPERTIES = {
  product: field.S("example"),
  capabilities: field.F({ publisher_confirms: field.t(true), list: field.A([field.l(3n), field.F({}), field.V()]) }),
  ratio: field.d(0.5),
};
const SECRET = "correct horse";
const AMQPLAIN = table({ LOGIN: field.S("guest"), PASSWORD: field.S(SECRET) }).slice(4);

function masked(stream: Uint8Array, chunking?: Chunking): Uint8Array {
  const mask = new CredentialsMask();
  if (chunking === undefined) return mask.mask(stream);
  const pieces: Uint8Array[] = [];
  // A copy: the piece lies in a buffer that is used again.
  deliver(chunking, (bytes, start, end) => pieces.push(new Uint8Array(mask.mask(bytes.subarray(start, end)))));
  return join(...pieces);
}

/** The masked octets as text, whatever the chunking. */
function shown(stream: Uint8Array): string {
  const whole = masked(stream);
  for (const chunking of chunkings([stream])) {
    expect(Buffer.compare(masked(stream, chunking), whole), chunking.name).toBe(0);
  }
  expect(whole).toHaveLength(stream.length);
  return latin1.decode(whole);
}

function opened() {
  return wire().protocolHeader().startOk(PROPERTIES).tuneOk().open();
}

describe("what authenticates is masked, and nothing else", () => {
  const stars = "*".repeat(SECRET.length);
  const cases: [name: string, mechanism: string, response: string | Uint8Array, expected: string | Uint8Array][] = [
    ["PLAIN", "PLAIN", `\0guest\0${SECRET}`, `\0guest\0${stars}`],
    ["PLAIN without a password", "PLAIN", "\0guest\0", "\0guest\0"],
    ["PLAIN with a NUL too many", "PLAIN", "\0guest\0abc\0de", "\0guest\0***\0**"],
    ["PLAIN with an identity to act as", "PLAIN", "me\0guest\0abc", "**\0*****\0***"],
    ["PLAIN of no octets", "PLAIN", "", ""],
    ["PLAIN of a user too long to be one", "PLAIN", `\0${"u".repeat(300)}`, `\0${"u".repeat(255)}${"*".repeat(45)}`],
    ["AMQPLAIN", "AMQPLAIN", AMQPLAIN, table({ LOGIN: field.S("guest"), PASSWORD: field.S(stars) }).slice(4)],
    [
      "AMQPLAIN with other fields",
      "AMQPLAIN",
      table({ PASSWORD: field.I(5), n: field.I(5), PIN: field.x([1, 2]), LOGIN: field.S("me") }).slice(4),
      table({
        PASSWORD: field.I(0x2a2a2a2a),
        "*": field.I(0x2a2a2a2a),
        "***": field.x(text("**")),
        LOGIN: field.S("me"),
      }).slice(4),
    ],
    ["AMQPLAIN that is no table", "AMQPLAIN", "\x05LOGIN?secret", "\x05LOGIN*******"],
    ["AMQPLAIN with a length that leaves it", "AMQPLAIN", "\x01pS\0\0\x01\0secret", "\x01*S\0\0\x01\0******"],
    ["EXTERNAL", "EXTERNAL", "abc", "***"],
    ["a mechanism nobody knows", "OAUTHBEARER", "n,,\x01auth", "********"],
  ];

  it.each(cases)("%s", (_, mechanism, response, expected) => {
    const start = (octets: string | Uint8Array) =>
      wire().protocolHeader().startOk(PROPERTIES, mechanism, octets).tuneOk().open().publish(1, "body").octets;
    expect(shown(start(response))).toBe(latin1.decode(start(expected)));
  });

  it.each(cases)("%s: the login is judged like the real one", (_, mechanism, response, expected) => {
    const judged = (octets: string | Uint8Array, offered: string | null) => {
      const payload = wire().startOk(PROPERTIES, mechanism, octets).octets.subarray(7, -1);
      const { refusal, challenged, user } = checkLogin(payload, 0, payload.length, offered);
      return { refusal, challenged, user: (user?.length ?? 0) > 255 ? null : user };
    };
    for (const offered of [null, "PLAIN", "PLAIN AMQPLAIN EXTERNAL"]) {
      expect(judged(expected, offered)).toEqual(judged(response, offered));
    }
  });

  it(`whoever logs in, with whatever password, in whatever chunks (seed ${PROPERTY.seed})`, () => {
    const user = fc.stringMatching(/^[a-z0-9@.-]{1,40}$/);
    const password = fc.uint8Array({ minLength: 1, maxLength: 300, min: 1 });
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(user, password, cuts, fc.boolean(), (name, secret, sizes, plain) => {
        const conversation = (octets: Uint8Array) => {
          const login = table({ LOGIN: field.S(name), PASSWORD: field.S(octets) }).slice(4);
          const response = plain ? join([0], text(name), [0], octets) : login;
          const start = wire()
            .protocolHeader()
            .startOk(PROPERTIES, plain ? "PLAIN" : "AMQPLAIN", response);
          return start.tuneOk().open().publish(1, "body").octets;
        };
        const stream = conversation(secret);
        const mask = new CredentialsMask();
        const pieces: Uint8Array[] = [];
        for (let from = 0, i = 0; from < stream.length; from += sizes[i++ % sizes.length]!) {
          pieces.push(mask.mask(stream.subarray(from, from + sizes[i % sizes.length]!)));
        }
        const expected = conversation(new Uint8Array(secret.length).fill(0x2a));
        expect(Buffer.compare(join(...pieces), expected)).toBe(0);
      }),
      { ...PROPERTY, numRuns: 300 },
    );
  });

  it("secure-ok", () => {
    const conversation = (secret: string) =>
      wire().protocolHeader().startOk({}, "RABBIT-CR-DEMO", "*****").secureOk(secret).tuneOk().open().octets;
    expect(shown(conversation("My password is guest"))).toBe(latin1.decode(conversation("*".repeat(20))));
  });

  it("update-secret, with its reason", () => {
    const conversation = (secret: string, reason: string) =>
      opened().publish(1, "one").updateSecret(secret, reason).publish(1, "two").octets;
    expect(shown(conversation("ey.ey.x", "refresh")).replace("guest\0guest", "guest\0*****")).toBe(
      latin1.decode(conversation("*******", "*******")).replace("guest\0guest", "guest\0*****"),
    );
  });

  it("nothing of what only looks like it", () => {
    const bodies = ["00 0a 00 0b 00 0a 00 15", "00 0a 00 46 00 00 00 05 41 41 41 41 41 00", "01 0000 000a 00 46"].map(
      hex,
    );
    const stream = join(clientHandshake().octets, ...bodies.map(body => wire().publish(1, body).octets));
    expect(shown(stream).slice(1000)).toBe(latin1.decode(stream.slice(1000)));
  });

  it("a close during the handshake is shown", () => {
    const stream = wire().protocolHeader().close(320, "changed my mind").octets;
    expect(shown(stream)).toBe(latin1.decode(stream));
  });

  it("what needs no masking is not copied", () => {
    const mask = new CredentialsMask();
    mask.mask(opened().octets);
    const octets = wire().publish(1, "body").octets;
    expect(mask.mask(octets)).toBe(octets);
  });

  it("the client's own octets are left alone, in a Buffer, too", () => {
    const stream = Buffer.from(opened().octets);
    const before = Buffer.from(stream);
    expect(Buffer.compare(new CredentialsMask().mask(stream), before)).not.toBe(0);
    expect(Buffer.compare(stream, before)).toBe(0);
  });
});

describe("in doubt, it is masked", () => {
  const response = `\0guest\0${SECRET}`;
  /** What is shown of the secret, three octets at a time. */
  const secrets = (shownText: string) =>
    Array.from({ length: SECRET.length - 2 }, (_, i) => SECRET.slice(i, i + 3)).filter(part =>
      shownText.includes(part),
    );

  it("up to tune-ok, when a size is wrong", () => {
    const startOk = wire().startOk(PROPERTIES, "PLAIN", response).octets;
    const wrong = join(startOk.slice(0, 6), [startOk[6]! - 12], startOk.slice(7));
    const stream = wire().protocolHeader().raw(wrong).secureOk("more secrets").tuneOk().publish(1, "visible again");
    const text = shown(stream.octets);
    expect(secrets(text)).toEqual([]);
    expect(text).not.toContain("more");
    expect(text).toContain("visible again");
  });

  it.each([
    ["a frame of another type", frame(3, 0, text(SECRET))],
    ["a frame of another channel", frame(1, 1, methodPayload(10, 11, text(SECRET)))],
    ["another method", frame(1, 0, methodPayload(10, 40, text(SECRET)))],
    ["another class", frame(1, 0, methodPayload(20, 11, text(SECRET)))],
    ["a long close", frame(1, 0, methodPayload(10, 50, new Uint8Array(300), text(SECRET)))],
    ["a heartbeat of octets", frame(8, 0, text(SECRET))],
    ["a table nested without end", frame(1, 0, methodPayload(10, 11, nested(80), shortstr("PLAIN"), text(SECRET)))],
  ])("up to tune-ok, when there comes %s", (_, unexpected) => {
    const stream = wire().protocolHeader().raw(unexpected).raw(text(SECRET)).tuneOk().publish(1, "visible again");
    const whole = shown(stream.octets);
    expect(secrets(whole)).toEqual([]);
    expect(whole).toContain("visible again");
  });

  it.each([
    "GET / HTTP/1.1\r\nAuthorization: Basic Z3Vlc3Q6",
    "\x16\x03\x01\x02\0\x01\0\x01\xfc",
    "AMQP\x03\x01\0\0secret",
  ])("of another protocol: %j", opening => {
    const octets = Uint8Array.from(opening, character => character.charCodeAt(0));
    expect(shown(octets)).toBe(opening.slice(0, 8) + "*".repeat(opening.length - 8));
  });

  it("a start-ok that comes again inside of a body", () => {
    const replay = wire().startOk(PROPERTIES, "PLAIN", response).octets;
    const body = join(text("a body, and then "), replay, wire().heartbeat().octets, text(" on"));
    const stream = opened().raw(frame(3, 1, body)).octets;
    const whole = shown(stream);
    expect(secrets(whole)).toEqual([]);
    expect(whole).toContain("a body, and then ");
    expect(whole).toContain(" on");
  });

  it("a secret that another writer's frame tore", () => {
    const update = wire().updateSecret(SECRET).octets;
    const other = wire().publish(2, "x".repeat(500)).octets;
    const tail = text("seen at last");
    const stream = opened()
      .raw(update.slice(0, 20))
      .raw(other)
      .raw(update.slice(20))
      .raw(new Uint8Array(REACH))
      .raw(tail);
    const whole = shown(stream.octets);
    expect(secrets(whole)).toEqual([]);
    expect(whole).toContain("seen at last");
  });

  it("behind a broken envelope, by the ids alone", () => {
    const ids = methodPayload(10, 70, [0, 0, 0, SECRET.length], text(SECRET), shortstr("because"), octet(0xce));
    const broken = (sound: boolean) =>
      opened()
        .raw(`03 0001 00000000 ${sound ? "ce" : "00"}`)
        .raw(text("between"))
        .raw(ids).octets;
    expect(shown(broken(false))).toContain("between");
    expect(secrets(shown(broken(false)))).toEqual([]);
    // Larger than what was negotiated.
    expect(secrets(shown(opened().raw("03 0001 7f000000").raw(ids).octets))).toEqual([]);
  });

  it(`whatever octet of a start-ok is another (seed ${PROPERTY.seed})`, () => {
    const good = wire().protocolHeader().startOk(PROPERTIES, "PLAIN", response).octets;
    const separator = latin1.decode(good).indexOf(`\0${SECRET}`);
    const at = fc.integer({ min: 0, max: good.length - 1 }).filter(i => i < separator || i > separator + SECRET.length);
    fc.assert(
      fc.property(at, fc.integer({ min: 0, max: 255 }), (i, other) => {
        const stream = good.slice();
        stream[i] = other;
        expect(secrets(latin1.decode(masked(stream)))).toEqual([]);
      }),
      { ...PROPERTY, numRuns: 3000 },
    );
  });

  it(`and never throws, nor changes a length (seed ${PROPERTY.seed})`, () => {
    const good = opened().updateSecret(SECRET).publish(1, "body").updateSecret(SECRET).octets;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 }),
        (changes, sizes) => {
          const stream = good.slice();
          for (const [i, other] of changes) stream[i] = other;
          const mask = new CredentialsMask();
          const pieces: Uint8Array[] = [];
          for (let from = 0, i = 0; from < stream.length; i++) {
            const piece = stream.slice(from, from + sizes[i % sizes.length]!);
            pieces.push(mask.mask(piece));
            expect(pieces.at(-1)).toHaveLength(piece.length);
            from += piece.length;
          }
          expect(Buffer.compare(join(...pieces), masked(stream))).toBe(0);
        },
      ),
      { ...PROPERTY, numRuns: 1000 },
    );
  });
});

function nested(depth: number): Uint8Array {
  let inner = table();
  for (let i = 0; i < depth; i++) inner = table({ t: join(text("F"), inner) });
  return inner;
}
