import { describe, expect, it } from "vitest";
import { UrlSearch } from "../../src/connection/url-search.ts";
import { cuts, leaked, recorded, SECRET } from "../support/masked-recording.ts";
import { field, text, wire } from "../support/wire.ts";

/** All but stars: the octets that are shown must be what they were. */
const changed = (shown: string, octets: Uint8Array): number =>
  Array.from(shown).filter((sign, at) => sign !== "*" && sign.charCodeAt(0) !== octets[at]).length;

/** Whether a cut there, or anywhere, separates the octets of a length from each other, or from its text. */
function lengthAt(octets: Uint8Array, cut: number): boolean {
  return cut === 1 || octets.subarray(Math.max(0, cut - 4), cut).includes(0);
}

const URLS: readonly [name: string, url: string][] = [
  ["a user and a password", `amqp://shop:${SECRET}@broker:5672/orders`],
  ["a password alone", `amqps://:${SECRET}@broker`],
  ["no host", `amqp://shop:${SECRET}`],
  ["a second URL", `see https://example.com/a, then amqp://shop:${SECRET}@broker/x and on`],
  ["a long text before it", `${"status ok, ".repeat(40)}amqp://shop:${SECRET}@broker`],
  ["an @ in the password", `amqp://shop:a@${SECRET}@broker`],
];

describe.each(URLS)("in a recording of a URL with %s", (_, url) => {
  const properties = { product: field.S("shop"), origin: field.S(url), version: field.S("1.0, me@example.com") };
  const opening = () => wire().protocolHeader().startOk(properties, "PLAIN", "\0u\0p").tuneOk().open().channelOpen(1);
  const headers = { "x-from": field.S(url), "x-of-a-name-of-more-than-thirty-characters@": field.I(7) };

  it("no octet of it is shown of client properties and headers, however they come, and frames stay whole", () => {
    const { octets } = opening()
      .publish(1, "a body", { properties: { headers, appId: url.slice(0, 200) } })
      .heartbeat();
    for (const pieces of cuts(octets)) {
      const shown = recorded(pieces);
      expect(leaked(shown), `first piece ${pieces[0]!.length}`).toEqual([]);
      expect(changed(shown, octets)).toBe(0);
      // Where a length comes in pieces, nobody knows where its field ends.
      if (pieces.length > 1 && lengthAt(octets, pieces[0]!.length)) continue;
      for (const kept of ["a body", "me@example.com", "characters@I\0\0\0\x07"]) expect(shown).toContain(kept);
    }
  });

  it("no octet of it is shown of what a server sends", () => {
    const { octets } = wire().start(properties).tune().openOk().deliver(1, "a body", { properties: { headers } });
    for (const pieces of cuts(octets)) expect(leaked(recorded(pieces, "server"))).toEqual([]);
  });

  it("a body is left as it is", () => {
    const { octets } = opening().publish(1, url);
    expect(recorded([octets]).slice(-url.length - 1, -1)).toBe(url);
  });
});

it("no octet of a password is shown behind another short text, or behind letters that are no ASCII", () => {
  const opening = () => wire().protocolHeader().startOk({}, "PLAIN", "\0u\0p").tuneOk().open().channelOpen(1);
  for (const lead of ["", "x", "17", "a longer text"]) {
    for (const url of [
      `amqp://${SECRET}@rabbit:5672/`,
      `amqp://svc:${SECRET}@rabbit`,
      `amqp://tokà${SECRET}@rabbit/`,
      `amqp://svc:pà中${SECRET}@b`,
    ]) {
      const properties = { correlationId: lead, replyTo: url, headers: { "x-from": field.S(url) } };
      const { octets } = opening().publish(1, "a body", { properties });
      for (const pieces of [[octets], Array.from(octets, (_, at) => octets.slice(at, at + 1))]) {
        const shown = recorded(pieces);
        expect(leaked(shown), `${lead}, ${url}, ${pieces.length} pieces`).toEqual([]);
        expect(shown).toContain("a body");
      }
    }
  }
});

it.each([0x39, 0x50, 0x61, 0x26])(
  "no octet of it is shown of URLs in a row whose length, %d, is a character",
  length => {
    const url = `postgres://a:${SECRET}@db/x`.padEnd(length, "y");
    const row = { correlationId: url, replyTo: url, messageId: url };
    const { octets } = wire()
      .protocolHeader()
      .startOk({}, "PLAIN", "\0u\0p")
      .tuneOk()
      .open()
      .channelOpen(1)
      .publish(1, "a body", { properties: row })
      .heartbeat();
    expect(leaked(recorded([octets]))).toEqual([]);
  },
);

it("hosts, ports and paths of URLs without users are shown", () => {
  for (const url of [
    "https://example.com/a/b?c=d",
    "amqp://broker:5672/vhost",
    "see http://broker:15672/, me@example.com",
  ]) {
    const { octets } = wire()
      .protocolHeader()
      .startOk({ origin: field.S(url) }, "PLAIN", "\0u\0p")
      .tuneOk()
      .open();
    expect(recorded([octets])).toContain(url);
  }
});

it("takes time in proportion to hostile octets", () => {
  const octets = text("a://".repeat(1 << 18));
  const search = new UrlSearch();
  const begun = process.cpuUsage().user;
  search.search(octets, 0, octets.length, false);
  expect(process.cpuUsage(undefined).user - begun).toBeLessThan(3e6);
  expect(search.found.length).toBeGreaterThan(0);
});
