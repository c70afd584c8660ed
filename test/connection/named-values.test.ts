import { describe, expect, it } from "vitest";
import { cuts, latin1, leaked, recorded, SECRET } from "../support/masked-recording.ts";
import { field, join, wire } from "../support/wire.ts";

const stars = (octets: number): string => "*".repeat(octets);

const secret = field.S(SECRET);
/** By name of a field: its value, and what is shown of it in its place. */
const HIDDEN: readonly [name: string, value: ReturnType<typeof field.S>, shown: string][] = [
  ["password", secret, `S\0\0\0\x10${stars(16)}`],
  ["x-api-key", secret, `S\0\0\0\x10${stars(16)}`],
  [`${"x-".repeat(100)}Authorization`, secret, `S\0\0\0\x10${stars(16)}`],
  [`${"n".repeat(247)}password`, secret, `S\0\0\0\x10${stars(16)}`],
  ["session-token", field.F({ id: secret, ok: field.t(true) }), `F\0\0\0\x1d\x02idS\0\0\0\x10${stars(16)}\x02okt\x01`],
  ["cookies", field.A([secret, field.I(7)]), `A\0\0\0\x1aS\0\0\0\x10${stars(16)}I${stars(4)}`],
  ["client_secret", field.I(4711), `I${stars(4)}`],
  ["token", field.S(""), "S\0\0\0\0"],
  ["credentials", field.t(true), "t\x01"],
];

describe.each(HIDDEN)("in a recording, of a field %s", (name, value, shown) => {
  const fields = { product: field.S("shop 1.0"), [name]: value, version: field.S("2.0") };
  const outer = { "x-first": field.S("kept"), "x-table": field.F(fields), "x-last": field.I(7) };
  const opening = wire().protocolHeader().startOk(fields, "PLAIN", "\0u\0p").tuneOk().open().channelOpen(1);

  it("the value is not shown, however it comes; all else of client properties and headers is", () => {
    const { octets } = opening.publish(1, "a body", { properties: { headers: outer, appId: "password" } }).heartbeat();
    const whole = recorded([octets]);
    expect(whole.split(`${name}${shown}\x07version`)).toHaveLength(3);
    const expected = latin1.decode(octets).split(SECRET).join(stars(16)).replace("\0u\0p", "\0u\0*");
    if (!shown.includes("I*")) expect(whole).toBe(expected);
    for (const pieces of cuts(octets)) expect(recorded(pieces), `first piece ${pieces[0]!.length}`).toBe(whole);
  });

  it("the value is not shown of what a server sends", () => {
    const { octets } = wire()
      .start(fields)
      .tune()
      .openOk()
      .deliver(1, "a body", { properties: { headers: outer } });
    const whole = recorded([octets], "server");
    expect(whole.split(`${name}${shown}\x07version`)).toHaveLength(3);
    for (const pieces of cuts(octets)) expect(recorded(pieces, "server")).toBe(whole);
  });
});

const opening = () => wire().protocolHeader().startOk({}, "PLAIN", "\0u\0p").tuneOk().open().channelOpen(1);

it("bodies are left as they are", () => {
  const { octets: header } = wire().publish(1, "", { properties: { headers: { password: secret } } });
  const body = latin1.decode(header);
  expect(recorded([opening().publish(1, body).octets])).toContain(SECRET);
});

it("a text in front of another text is no name of a field", () => {
  const { octets } = opening().publish(1, "a body", {
    properties: { correlationId: "token-7", replyTo: "S".repeat(0x53), messageId: "m-1" },
  });
  expect(recorded([octets])).toContain(`token-7S${"S".repeat(0x53)}`);
});

it("no octet of a value is shown that another writer's frame tears, wherever it does", () => {
  const torn = wire().publish(1, "a body", { properties: { headers: { password: secret } } }).octets;
  const tearing = wire().publish(2, "another body").octets;
  const first = latin1.decode(torn).indexOf("passwordS") + "passwordS".length;
  for (let at = first; at < first + 4 + SECRET.length; at++) {
    const stream = join(opening().octets, torn.slice(0, at), tearing, torn.slice(at), wire().heartbeat().octets);
    expect(leaked(recorded([stream])), `torn at ${at - first}`).toEqual([]);
  }
});

it("takes time in proportion to hostile octets", () => {
  const names = latin1.decode(new Uint8Array(1 << 17).map((_, i) => [0x53, 0x41, 0xff, 0x70][i & 3]!));
  const cost = (octets: Uint8Array): number => {
    const begun = process.cpuUsage().user;
    recorded([opening().octets, octets]);
    return process.cpuUsage().user - begun;
  };
  expect(cost(Uint8Array.from(names, sign => sign.charCodeAt(0)))).toBeLessThan(2e6);
});
