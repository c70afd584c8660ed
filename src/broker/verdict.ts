import { methodName } from "../amqp/method-registry.ts";
import { REPLY_CODES } from "../amqp/spec/constants.ts";
import { string } from "./erlang-term.ts";

/** How the broker will end the connection, and where in the client's stream it decides that. */
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
  /**
   * The channel whose process decides it, not the reader: this reads on meanwhile, and other channels may still get
   * what stands behind it. Absent if the reader decides it.
   */
  byChannel?: number;
}

export interface PredictedReset extends Predicted {
  outcome: "reset";
  /** As the log names it: unknown_method_id, bad_header, … */
  reason: string;
}

/** Octets that a short string holds. */
const MAX_REPLY_TEXT = 255;
const ELLIPSIS = "...";

/** What rabbit_binary_generator:map_exception/3 makes of an amqp_error: name, explanation, cut to what fits. */
export function replyText(code: number, explanation: string): string {
  const name = REPLY_CODES[code]!.name;
  const text = explanation === "" ? name : `${name} - ${explanation}`;
  if (text.length <= MAX_REPLY_TEXT / 3) return text;
  const octets = UTF8.encode(text);
  if (octets.length <= MAX_REPLY_TEXT) return text;
  return new TextDecoder().decode(octets.subarray(0, MAX_REPLY_TEXT - ELLIPSIS.length)) + ELLIPSIS;
}

const UTF8 = new TextEncoder();

/** What an error concerns, and where the reader stood. */
export interface AmqpError {
  code: number;
  text: string;
  classId: number;
  methodId: number;
}

export interface ErrorSite {
  state: string;
  channel: number;
}

export function closed(error: AmqpError, site: ErrorSite, fatal: boolean, streamOffset: number): PredictedClose {
  const { code, text, classId, methodId } = error;
  const log = errorLog(error, site);
  if (fatal) log.push("closing AMQP connection <…> (…):", "fatal_frame_error");
  return {
    outcome: "close",
    code,
    name: REPLY_CODES[code]!.name,
    text: replyText(code, text),
    classId,
    methodId,
    fatal,
    streamOffset,
    sequel: fatal ? SEQUEL.fatal : SEQUEL.close,
    log,
  };
}

export function reset(reason: string, streamOffset: number, sequel: string, log: readonly string[]): PredictedReset {
  return { outcome: "reset", reason, streamOffset, sequel, log };
}

/** The lines that rabbit_reader:log_hard_error/3 writes; for a crash (541) without its stack. */
export function errorLog({ code, text, classId, methodId }: AmqpError, { state, channel }: ErrorSite): string[] {
  const first = `Error on AMQP connection <…> (…, state: ${state}), channel ${channel}:`;
  if (code === 541) return [first, "…"];
  // Erlang's names of methods have underscores where the specification's have hyphens.
  const operation = classId === 0 ? "none" : methodName(classId, methodId).replaceAll("-", "_");
  const name = REPLY_CODES[code]!.name.toLowerCase();
  return [first, ` operation ${operation} caused a connection exception ${name}: ${string(text)}`];
}

export const SEQUEL = {
  fatal: "connection.close, then RST after 3 s",
  close: "connection.close; the broker reads on until close-ok",
  silence: "3 s of silence, then RST",
  reset: "RST at once",
  refusal: "the protocol header the broker wants, then RST",
} as const;
