/** What the broker did, what it was expected to do, and a note if the two differ. */
import { REPLY_CODES } from "../amqp/spec/constants.ts";
import type { BrokerRules } from "../broker/broker-rules.ts";
import type { Prediction } from "../broker/verdict.ts";
import type { AmqpConnection } from "../connection/amqp-connection.ts";
import { Incident } from "../connection/incident.ts";
import { ownCloser } from "../connection/own-close.ts";
import { RULES } from "../connection/rules.ts";
import { Moment, type Side } from "../net/connection-observer.ts";
import type { Carrier } from "./carrier.ts";
import type { InspectedConnection } from "./inspected-connection.ts";

/** How a broker ends a connection: with a close frame, or with a bare reset. */
export type Verdict = CloseVerdict | ResetVerdict;

export interface CloseVerdict extends Partial<PredictedDetails> {
  outcome: "close";
  code: number;
  name: string;
  /** The reply text; in a prediction without the line breaks that the broker's pretty-printer puts into long ones. */
  text: string;
  classId: number;
  methodId: number;
  /** The broker stops reading at once. Only in a prediction. */
  fatal?: boolean;
}

export interface ResetVerdict extends Partial<PredictedDetails> {
  outcome: "reset";
  /** The broker's log's name for it; "" if only the reset was seen. */
  reason: string;
}

/** What only a prediction has, and an observation has not. */
export interface PredictedDetails {
  /** The broker the prediction is for: rabbitmq-3.10. */
  broker: string;
  /** Offset in the client's stream behind the octet that decides it. */
  streamOffset: number;
  /** What the client sees next. */
  sequel: string;
  /** The lines the broker logs. */
  log: string[];
}

/** What the broker does about the client's octets, with its text; null if it continues, or nothing is predicted. */
export function predictedVerdict(connection: InspectedConnection): Verdict | null {
  const { prediction, rules } = connection;
  return prediction === null || rules.id === null ? null : verdictOf(connection, prediction, rules.id);
}

function verdictOf({ amqp, carrier }: InspectedConnection, prediction: Prediction, broker: string): Verdict {
  const end = (side: Side) => `${carrier.address(side)}:${carrier.port(side)}`;
  const masked = (text: string): string => amqp.discretion.text(text);
  const name = amqp.login.properties.get("connection_name");
  const named = name === undefined ? "" : ` - ${masked(name)}`;
  const peers = `${end(amqp.client)} -> ${end((1 - amqp.client) as Side)}${named}`;
  const inVhost = amqp.virtualHost === null ? "" : `, vhost: '${masked(amqp.virtualHost)}', user: '…'`;
  const log = prediction.log.map(line =>
    masked(line)
      .replace("(…):", () => `(${peers}):`)
      .replace("(…,", () => `(${peers}${inVhost},`),
  );
  if (prediction.outcome === "reset") {
    return { ...prediction, reason: masked(prediction.reason), log, broker };
  }
  const { byChannel: _, ...close } = prediction;
  return { ...close, text: masked(close.text), log, broker };
}

/** What was seen to end the connection; null if nothing of the broker was seen. */
export function observedVerdict({ amqp }: InspectedConnection): Verdict | null {
  // The broker's close may cross one of the client's own, or answer what came before that.
  const close = amqp.closes[1 - amqp.client] ?? null;
  if (close !== null) {
    const name = REPLY_CODES[close.code]?.name ?? "";
    const { code, classId, methodId } = close;
    const text = amqp.discretion.text(close.text);
    return { outcome: "close", code, name, text, classId, methodId };
  }
  return amqp.resetByServer ? { outcome: "reset", reason: "" } : null;
}

/**
 * The prediction, unless the broker has shown that it did not do it: it read on, and answered the client's
 * connection.close. That is known only if all its octets were seen.
 */
export function standing(
  prediction: Prediction | null,
  { reportedCloses, midStream, client, gaps }: AmqpConnection,
): Prediction | null {
  if (prediction === null || midStream || gaps[1 - client]!.count > 0) return prediction;
  return prediction.streamOffset <= reportedCloses.readUpTo ? null : prediction;
}

/** Codes by which RabbitMQ answers octets; not those for permissions, resources or an operator's wish. */
const PREDICTABLE = new Set([501, 503, 504, 505, 540, 541]);

/**
 * Whether the broker closed a connection for what the client sent, if its frames follow from a guessed boundary: then
 * the guess was right, and what breaks behind it is an error.
 */
export function closedBehindGuess({ amqp }: InspectedConnection): boolean {
  const close = amqp.closes[1 - amqp.client] ?? null;
  return close !== null && PREDICTABLE.has(close.code) && amqp.directions[amqp.client].hypothesis.wasOpen;
}

/**
 * A note if the broker did not do what was predicted, or null. Only if the whole conversation was seen: else the
 * prediction may lack what decided it. `fromClientAlone`: the prediction from the client's octets alone.
 */
export function mismatch(connection: InspectedConnection, fromClientAlone: Prediction | null): Incident | null {
  const { amqp, carrier, rules } = connection;
  // A wrong guess shows nothing about the connection; for an unknown broker nothing was predicted.
  if (rules.id === null || rules.isGuess || carrier.guarded === true) return null;
  const hasGaps = amqp.gaps[0].count + amqp.gaps[1].count > 0;
  if (amqp.midStream || hasGaps || carrier.ended === "open") return null;
  if (fromClientAlone !== null && connection.prediction === null) {
    const expected = inWords(verdictOf(connection, fromClientAlone, rules.id));
    const seen = "the broker read on, and answered the client's connection.close";
    return mismatchNote(
      carrier,
      `Predicted: ${expected}. Observed: ${seen}. ${dependsOnTiming(fromClientAlone) ? TIMING : reasonOf(rules)}`,
    );
  }
  const predicted = predictedVerdict(connection);
  const observed = observedVerdict(connection);
  if (observed === null) return null;
  const observedCode = observed.outcome === "close" && PREDICTABLE.has(observed.code);
  if (predicted === null ? !observedCode || !rules.isRabbitMQ : sameVerdict(predicted, observed)) return null;
  if (observed.outcome === "close" && (!observedCode || ownCloser(observed) !== null)) return null;
  const expected = predicted === null ? "nothing to end the connection for" : inWords(predicted);
  return mismatchNote(carrier, `Predicted: ${expected}. Observed: ${inWords(observed)}. ${reasonOf(rules)}`);
}

const TIMING =
  "What follows a channel.close is ignored, or it is a mistake on a channel that is not open, by when the broker reads it.";

/** The client may have just closed the channel that is not open. */
function dependsOnTiming(prediction: Prediction): boolean {
  return prediction.outcome === "close" && prediction.code === 504;
}

function reasonOf({ basis }: BrokerRules): string {
  return basis === "asked"
    ? "Another version of RabbitMQ (see --broker), another broker, or something between may be the reason."
    : "Something between the two, or a rule that is not known here, may be the reason.";
}

function mismatchNote({ last, first }: Carrier, message: string): Incident {
  const at = new Moment();
  at.set(last);
  at.input = first.input;
  at.packet = 0;
  const { severity } = RULES["verdict-mismatch"];
  return new Incident("verdict-mismatch", severity, { side: null, streamOffset: -1, moment: at }, message);
}

function sameVerdict(predicted: Verdict, observed: Verdict): boolean {
  if (predicted.outcome === "reset") return observed.outcome === "reset";
  if (observed.outcome !== "close") return false;
  return predicted.code === observed.code && predicted.text === observed.text.replace(/\n +/g, "");
}

function inWords(verdict: Verdict): string {
  if (verdict.outcome === "reset") return verdict.reason === "" ? "a reset" : `a reset (${verdict.reason})`;
  return `connection.close ${verdict.code} ${verdict.text}`;
}
