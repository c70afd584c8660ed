/** A client's octets before an emulated broker: the connection, the predictor, and nothing else. */
import { expect } from "vitest";
import { BrokerPredictor } from "../../src/broker/broker-predictor.ts";
import { BrokerRules } from "../../src/broker/broker-rules.ts";
import type { Prediction } from "../../src/broker/verdict.ts";
import { type BrokerChoice, REFERENCE_BROKER } from "../../src/broker/versions.ts";
import { AmqpConnection } from "../../src/connection/amqp-connection.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { type Chunking, chunkings, deliver } from "../support/chunkings.ts";
import { type Wire, wire } from "../support/wire.ts";

export interface Court {
  broker?: BrokerChoice;
  /** Instead of the rules of `broker`. */
  rules?: BrokerRules;
  /** What the server offers; null where its octets were not captured. */
  server?: Wire | null;
}

export const GREETING = wire().start({}, "PLAIN AMQPLAIN");

/** Nanoseconds that the client pauses before its next octets. */
export interface Pause {
  pause: number;
}

/** What is predicted for octets that come in the order given, all at once but for the pauses among them. */
export function judged(
  parts: readonly (Uint8Array | Pause | { server: Wire })[],
  court: Court = {},
): Prediction | null {
  const { amqp, predictor, moment } = open(court);
  for (const part of parts) {
    if ("pause" in part) moment.nanoseconds += part.pause;
    else if ("server" in part) amqp.data(1, part.server.octets, 0, part.server.length);
    else amqp.data(0, part, 0, part.length);
  }
  amqp.end(0, "capture-ended");
  return predictor.prediction;
}

/** The same for one piece of octets, which must come out the same however it is cut. */
export function verdictOf(client: Wire, court: Court = {}): string {
  let first: string | null = null;
  for (const chunking of chunkings([client.octets.slice(8)])) {
    const verdict = said(judgedInPieces(client.octets.slice(0, 8), chunking, court));
    first ??= verdict;
    if (verdict !== first) expect.fail(`${chunking.name}: ${verdict}, where whole it is ${first}`);
  }
  return first ?? "nothing";
}

function judgedInPieces(header: Uint8Array, chunking: Chunking, court: Court): Prediction | null {
  const { amqp, predictor } = open(court);
  amqp.data(0, header, 0, header.length);
  deliver(chunking, (bytes, start, end) => amqp.data(0, bytes, start, end));
  amqp.end(0, "capture-ended");
  return predictor.prediction;
}

function open({ broker = REFERENCE_BROKER, rules = new BrokerRules(broker), server = GREETING }: Court) {
  const predictor = new BrokerPredictor(rules);
  const moment = new Moment();
  const amqp = new AmqpConnection({
    predictor,
    moment,
    sawBeginning: true,
    closedForFrames: true,
    forced: true,
    expected: true,
    budget: { octets: 0, limit: 1 << 24 },
    listener: null,
    incidents: null,
    forensics: null,
    initialFrameMax: rules.initialFrameMax,
    serverNamed: (product, version) => rules.identify(product, version),
    recognised: () => 1,
    leave: () => {},
  });
  if (server !== null) amqp.data(1, server.octets, 0, server.length);
  return { amqp, predictor, moment };
}

/** `501 (0, 0) FRAME_ERROR - …`, `fatal 501 …`, `RST unknown_method_id` and `silence handshake_error in starting`. */
export function said(prediction: Prediction | null): string {
  if (prediction === null) return "nothing";
  if (prediction.outcome === "reset") {
    const how = prediction.sequel.startsWith("3 s")
      ? "silence"
      : prediction.sequel.startsWith("RST")
        ? "RST"
        : "refused";
    return `${how} ${prediction.reason}`;
  }
  const { code, classId, methodId, text, fatal } = prediction;
  return `${fatal ? "fatal " : ""}${code} (${classId}, ${methodId}) ${text}`;
}
