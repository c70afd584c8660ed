import { expect, it } from "vitest";
import { beginsWith, FOREIGN_PROTOCOLS, foreignProtocolAt, SECOND_BY_FIRST } from "../../src/amqp/foreign-protocols.ts";
import { readOpening } from "../../src/connection/protocol-header.ts";
import { hex, text } from "../support/wire.ts";

it.each<[octets: Uint8Array, opening: string]>([
  [text("AMQP\x00\x00\x09\x01"), "amqp-0-9"],
  [text("AMQP\x01\x01\x08\x00"), "amqp-0-9"],
  [text("AMQP\x03\x01\x00\x00"), "amqp-1-0"],
  [text("AMQP\x00\x02\x00\x00"), "the protocol header AMQP 0 2 0 0"],
  [hex("16 0301 0200 01 00 01"), "tls"],
  [hex("15 0303 0002 02 28 00"), "a TLS alert"],
  [text("GET / HTTP"), "an HTTP request"],
  [text("DELETE /queue"), "an HTTP request"],
  [text("HTTP/1.1 400"), "an HTTP response"],
  [text("PRI * HTTP/2.0"), "an HTTP/2 preface"],
  [text("SSH-2.0-OpenSSH"), "an SSH banner"],
  [text("PROXY TCP4 1"), "a PROXY protocol header"],
  [text("\r\n\r\n\0\r\nQUIT"), "a PROXY protocol v2 header"],
  [text("CONNECT\naccept"), "a STOMP frame"],
  [hex("10 25 0004 4d515454 04"), "an MQTT connection"],
  [text("HELLO WORLD"), "octets of another protocol"],
])("a connection that begins with %j", (octets, expected) => {
  const opening = readOpening(octets, 8)!;
  expect(opening.kind === "foreign" ? opening.what : opening.kind).toBe(expected);
});

it("is found inside a stream only where text cannot be taken for it, and by its first two octets", () => {
  for (const protocol of FOREIGN_PROTOCOLS) {
    const octets = Uint8Array.from([0, ...protocol.octets.map(octet => Math.max(octet, 0)), 0]);
    expect(beginsWith(protocol, protocol.octets.length, octets, 1)).toBe(true);
    const found = foreignProtocolAt(octets, 1);
    // Of whatever version, a protocol header inside a stream begins a second handshake.
    if (protocol.amqp === true) expect(found?.label).toBe("protocol header: a second handshake");
    else expect(found?.label ?? null).toBe(protocol.inStream === 0 ? null : protocol.label);
    if (protocol.inStream > 0) expect(SECOND_BY_FIRST[octets[1]!]).toBe(octets[2]);
  }
  expect(foreignProtocolAt(text("GET"), 0)).toBeNull();
  expect(foreignProtocolAt(text("PUT /x HTTP/1.1"), 0)).toBeNull();
});
