/** What later brokers do otherwise than 3.10: a row for each difference, and the version it comes with. */
import { expect, test } from "vitest";
import { BROKER_VERSIONS, type BrokerId } from "../../src/broker/versions.ts";
import { bits, short, shortstr, table, text, type Wire, wire } from "../support/wire.ts";
import { judged, said, verdictOf } from "./judged.ts";

const running = () => wire().protocolHeader().startOk().tuneOk().open();
const publishing = () => running().channelOpen(1).publishMethod(1);
const opening = (octets: string) => wire().raw(text(octets));
const queue = (name: readonly number[]) =>
  running().channelOpen(1).method(1, 50, 10, short(0), shortstr(name), bits(false), table());

const NAMES = Object.keys(BROKER_VERSIONS) as BrokerId[];

/** One verdict up to a version, another from it on. */
test.each<[difference: string, octets: Wire, before: string, from: BrokerId, since: string]>([
  [
    "~tp prints UTF-8 as text",
    running().frame(9, 1, [0xc3, 0xa9]),
    '501 (0, 0) FRAME_ERROR - type 9, all octets = <<"Ã©">>: unknown_frame',
    "rabbitmq-3.13",
    '501 (0, 0) FRAME_ERROR - type 9, all octets = <<"é"/utf8>>: unknown_frame',
  ],
  [
    "AMQP 0-8 is refused",
    opening("AMQP\x01\x01\x08\x00").startOk().tuneOk().open(),
    "nothing",
    "rabbitmq-4.0",
    "refused {bad_version,{1,1,8,0}}",
  ],
  [
    "AMQP 1.0 is spoken",
    opening("AMQP\x03\x01\x00\x00"),
    "refused amqp1_0_plugin_not_enabled",
    "rabbitmq-4.0",
    "nothing",
  ],
  [
    "AMQP 1.0 without SASL",
    opening("AMQP\x00\x01\x00\x00"),
    "refused amqp1_0_plugin_not_enabled",
    "rabbitmq-4.0",
    "refused {sasl_required,0}",
  ],
  [
    "an HTTP request is named",
    opening("GET / HT"),
    'refused {bad_header,<<"GET / HT">>}',
    "rabbitmq-4.1",
    "refused {bad_header,detected_http_get}",
  ],
  [
    "a TLS client is named",
    wire().raw([0x16, 3, 1, 2, 0, 1, 0, 1]),
    "refused {bad_header,<<22,3,1,2,0,1,0,1>>}",
    "rabbitmq-4.1",
    "refused {bad_header,detected_tls}",
  ],
  [
    "frame-max before tune-ok is 8192",
    wire().protocolHeader().frame(8, 0, [], { size: 5000 }),
    "silence handshake_error in starting",
    "rabbitmq-4.1",
    "nothing",
  ],
  [
    "a frame-max of 4096 is too small",
    wire().protocolHeader().startOk().tuneOk(2047, 4096),
    "nothing",
    "rabbitmq-4.1",
    "silence failed to negotiate connection parameters",
  ],
  [
    "an overrun is refused",
    publishing().header(1, 1).body(1, "xyz"),
    "nothing",
    "rabbitmq-4.2",
    "501 (60, 40) FRAME_ERROR - content body frame exceeds remaining content size",
  ],
  [
    "a body size beyond all measure is refused",
    publishing().header(1, 536_870_913),
    "nothing",
    "rabbitmq-4.2",
    "501 (60, 40) FRAME_ERROR - content body size 536870913 exceeds maximum allowed size 536870912",
  ],
  [
    "Unicode's UTF-8",
    queue([0xed, 0xa0, 0x80]),
    "nothing",
    "rabbitmq-4.3",
    "501 (0, 0) FRAME_ERROR - Malformed UTF-8 in shortstr",
  ],
])("%s", (_difference, octets, before, from, since) => {
  for (const broker of NAMES) {
    const expected = NAMES.indexOf(broker) < NAMES.indexOf(from) ? before : since;
    const refuses = expected.startsWith("refused") || !startsAmqp(octets);
    const verdict = refuses ? said(judged([octets.octets], { broker, server: null })) : verdictOf(octets, { broker });
    expect(`${broker}: ${verdict}`).toBe(`${broker}: ${expected}`);
  }
});

test("a refusal tells the protocol header that is wanted", () => {
  const answer = (broker: BrokerId, octets: string) =>
    judged([text(octets)], { broker, server: null })?.sequel.replace(/.*: /, "");
  expect(answer("rabbitmq-3.10", "HELLO!!!")).toBe("AMQP 0 0 9 1");
  expect(answer("rabbitmq-4.0", "HELLO!!!")).toBe("AMQP 3 1 0 0");
  expect(answer("rabbitmq-4.0", "AMQP\x00\x00\x09\x02")).toBe("AMQP 0 0 9 1");
});

function startsAmqp({ octets }: Wire): boolean {
  return octets[7] === 1 && octets[4] === 0;
}
