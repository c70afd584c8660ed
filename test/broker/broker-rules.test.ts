/** Whose rules a connection is judged by: what the broker says of itself, what the user asks for, and what is a guess. */
import { describe, expect, test } from "vitest";
import { BrokerPredictor } from "../../src/broker/broker-predictor.ts";
import { BrokerRules } from "../../src/broker/broker-rules.ts";
import { AUTO } from "../../src/broker/versions.ts";
import { field, type Wire, wire } from "../support/wire.ts";
import { judged, said } from "./judged.ts";

const start = (product: string, version: string): Wire =>
  wire().start({ product: field.S(product), version: field.S(version) }, "PLAIN AMQPLAIN");
const running = () => wire().protocolHeader().startOk().tuneOk().open();
const overrun = () => running().channelOpen(1).publishMethod(1).header(1, 3).body(1, [1, 2, 3, 4]);

test.each([
  ["RabbitMQ", "3.10.8", "rabbitmq-3.10", "told"],
  ["RabbitMQ", "3.11.28", "rabbitmq-3.10", "told"],
  ["RabbitMQ", "3.12.0", "rabbitmq-3.13", "told"],
  ["RabbitMQ", "3.13.7", "rabbitmq-3.13", "told"],
  ["RabbitMQ", "4.0.9", "rabbitmq-4.0", "told"],
  ["RabbitMQ", "4.1.0-rc.1", "rabbitmq-4.1", "told"],
  ["RabbitMQ", "4.2.5", "rabbitmq-4.1", "told"],
  ["RabbitMQ", "4.2.6", "rabbitmq-4.2", "told"],
  ["RabbitMQ", "4.2.10", "rabbitmq-4.2", "told"],
  ["RabbitMQ", "4.3.0", "rabbitmq-4.3", "told"],
  ["RabbitMQ", "4.4.0", "rabbitmq-4.3", "guessed"],
  ["RabbitMQ", "10.0.0", "rabbitmq-4.3", "guessed"],
  ["RabbitMQ", "3.8.9", "rabbitmq-3.10", "guessed"],
  ["RabbitMQ", "", "rabbitmq-4.3", "guessed"],
  ["RabbitMQ", "unknown", "rabbitmq-4.3", "guessed"],
  ["LavinMQ", "2.4.1", "lavinmq", "told"],
  ["qpid-cpp", "1.39", null, "told"],
  ["", "3.10.8", "rabbitmq-4.3", "guessed"],
])("%s %s is judged by %s, %s", (product, version, id, basis) => {
  const rules = new BrokerRules(AUTO);
  rules.identify(product, version);
  expect({ id: rules.id, basis: rules.basis }).toEqual({ id, basis });
});

test("who asks for a row gets it, whatever the broker says", () => {
  const rules = new BrokerRules("rabbitmq-4.0");
  rules.identify("RabbitMQ", "3.10.8");
  expect(rules).toMatchObject({ id: "rabbitmq-4.0", basis: "asked", product: "RabbitMQ", version: "3.10.8" });
});

describe("of a client's octets, by what the broker said before", () => {
  const OVERRUN = "501 (60, 40) FRAME_ERROR - content body frame exceeds remaining content size";
  test.each<[broker: string, server: Wire, client: Wire, verdict: string]>([
    ["3.10 swallows an overrun", start("RabbitMQ", "3.10.8"), overrun(), "nothing"],
    ["4.2.6 refuses it", start("RabbitMQ", "4.2.6"), overrun(), OVERRUN],
    ["a guess is the newest", wire().start({}, "PLAIN AMQPLAIN"), overrun(), OVERRUN],
    ["LavinMQ is not RabbitMQ", start("LavinMQ", "2.4.1"), overrun(), "nothing"],
    ["nor is a stranger", start("Strange", "1"), running().frame(9, 1, [1]), "nothing"],
    [
      "LavinMQ has words of its own",
      start("LavinMQ", "2.4.1"),
      running().channelOpen(1).publishMethod(1).header(1, 200_000).body(1, new Uint8Array(150_000)),
      "501 (0, 0) FRAME_ERROR - frame size 150000 exceeded max 131072 bytes",
    ],
  ])("%s", (_, server, client, verdict) => {
    const octets = client.octets;
    const parts = [octets.slice(0, 8), { server }, octets.slice(8)];
    expect(said(judged(parts, { broker: AUTO, server: null }))).toBe(verdict);
  });
});

describe("a guess does not contradict what the broker answered", () => {
  const close = (code: number, reply: string): Wire => wire().close(code, reply);
  const LATER = "UNEXPECTED_FRAME - expected method frame, got non method frame instead";
  test.each<[what: string, client: Wire, answer: Wire, verdict: string, id: string]>([
    [
      "an overrun that was swallowed",
      overrun().heartbeat().header(1, 3),
      close(505, "UNEXPECTED_FRAME - expected content body, got non content body frame instead"),
      "505 (60, 40) UNEXPECTED_FRAME - expected content body, got non content body frame instead",
      "rabbitmq-4.1",
    ],
    [
      "octets that were printed as Latin-1",
      running().frame(9, 1, [0xc3, 0xa9]),
      close(501, 'FRAME_ERROR - type 9, all octets = <<"Ã©">>: unknown_frame'),
      '501 (0, 0) FRAME_ERROR - type 9, all octets = <<"Ã©">>: unknown_frame',
      "rabbitmq-3.10",
    ],
    [
      "an answer that all give",
      running().channelOpen(1).header(1, 3),
      close(505, LATER),
      `505 (0, 0) ${LATER}`,
      "rabbitmq-4.3",
    ],
  ])("%s", (_, client, answer, verdict, id) => {
    const rules = new BrokerRules(AUTO);
    const parts = [client.octets, { server: answer }];
    expect(said(judged(parts, { rules, server: null }))).toBe(verdict);
    expect(rules).toMatchObject({ id, basis: "guessed" });
  });

  test("a protocol header that only older ones answer with", () => {
    const rules = new BrokerRules(AUTO);
    const predictor = new BrokerPredictor(rules);
    predictor.protocolHeader(new TextEncoder().encode("GET / HT"));
    expect(said(predictor.prediction)).toBe("refused {bad_header,detected_http_get}");
    predictor.serverRefused("0 0 9 1");
    expect(said(predictor.prediction)).toBe('refused {bad_header,<<"GET / HT">>}');
    expect(rules).toMatchObject({ id: "rabbitmq-3.13", basis: "guessed" });
  });

  test("a frame-max that only older ones take", () => {
    const rules = new BrokerRules(AUTO);
    const client = wire().protocolHeader().startOk().tuneOk(2047, 4096).open();
    expect(said(judged([client.octets], { rules, server: null }))).toBe("nothing");
    expect(rules.id).toBe("rabbitmq-4.0");
  });
});
