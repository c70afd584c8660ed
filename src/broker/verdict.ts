import { methodName } from "../amqp/method-registry.ts";
import { REPLY_CODES } from "../amqp/spec/constants.ts";
import { string } from "./erlang-term.ts";

/** How the broker is going to end the connection, and where in the client's stream it decides so. */
export type Prediction = PredictedClose | PredictedReset;

interface Predicted {
  /** Stream offset behind the octet that decides it. */
  streamOffset: number;
  /** What the client sees next. */
  sequel: string;
  /** The lines the broker logs, process id and connection name left open: `<…>`. */
  log: readonly string[];
}

export interface PredictedClose extends Predicted {
  outcome: "close";
  code: number;
  /** As in the reply text: FRAME_ERROR. */
  name: string;
  /** The reply text, Erlang's line wrapping folded away. */
  text: string;
  classId: number;
  methodId: number;
  /** The broker stops reading at once, and resets the connection after 3 s. */
  fatal: boolean;
}

export interface PredictedReset extends Predicted {
  outcome: "reset";
  /** As the log names it: unknown_method_id, bad_header, … */
  reason: string;
}

const MAX_REPLY_TEXT = 255;

/** What rabbit_binary_generator:map_exception/3 makes of an amqp_error: name, explanation, cut to what fits. */
export function replyText(code: number, explanation: string): string {
  const name = REPLY_CODES[code]!.name;
  const text = explanation === "" ? name : `${name} - ${explanation}`;
  return text.length > MAX_REPLY_TEXT ? `${text.slice(0, MAX_REPLY_TEXT - 3)}...` : text;
}

export interface ErrorSite {
  state: string;
  channel: number;
  classId: number;
  methodId: number;
}

/** The two lines that rabbit_reader:log_hard_error/3 writes. */
export function errorLog(
  code: number,
  explanation: string,
  { state, channel, classId, methodId }: ErrorSite,
): string[] {
  const operation = classId === 0 ? "none" : methodName(classId, methodId);
  const name = REPLY_CODES[code]!.name.toLowerCase();
  return [
    `Error on AMQP connection <…> (…, state: ${state}), channel ${channel}:`,
    ` operation ${operation} caused a connection exception ${name}: ${string(explanation)}`,
  ];
}

export const SEQUEL = {
  fatal: "connection.close, then RST after 3 s",
  close: "connection.close; the broker reads on until close-ok",
  silence: "3 s of silence, then RST",
  reset: "RST at once",
  refusal: "the protocol header the broker wants, then RST",
} as const;
