/** Does the prediction say what the broker said? */
import { QUOTES } from "../../src/connection/quotes.ts";
import type { Prediction } from "../support/predict.ts";
import type { Answer } from "./answer.ts";

export function agrees(prediction: Prediction | null, answer: Answer): boolean {
  const { close } = answer;
  if (close) {
    return (
      prediction?.outcome === "close" &&
      prediction.code === close.code &&
      prediction.classId === close.classId &&
      prediction.methodId === close.methodId &&
      sameText(prediction.text, close.text)
    );
  }
  // Once close-ok is out, the end of the connection is what the client asked for, even where the broker dies of more.
  if (answer.ended && answer.closeOk) return prediction?.outcome !== "close";
  return answer.ended ? prediction?.outcome === "reset" : prediction === null;
}

/**
 * Equal but for the broker's line breaks, and for quotes that are masked: they may hold a token. `heard` holds an octet in
 * each character, `predicted` that or UTF-8 read.
 */
function sameText(predicted: string, observed: string): boolean {
  const utf8 = Buffer.from(observed, "latin1").toString("utf8");
  const isMasked = predicted.includes(MASKED_QUOTE);
  return [observed, utf8].some(text => {
    const folded = fold(text);
    return fold(predicted) === (isMasked ? folded.replace(QUOTES, MASKED_QUOTE) : folded);
  });
}

const MASKED_QUOTE = "<<…>>";

/** Erlang's pretty-printer breaks long terms into lines (80 columns) and indents them. */
function fold(text: string): string {
  return text.replaceAll(/\n +/g, "");
}

/** One line that says what the broker did. */
export function describeAnswer(answer: Answer): string {
  const { close, closeOk, ended, refused } = answer;
  if (close) return `close ${close.code} (${close.classId}, ${close.methodId}) ${JSON.stringify(fold(close.text))}`;
  if (refused) return ended ? "protocol header refused, then reset" : "protocol header refused";
  if (closeOk) return ended ? "close-ok, then end" : "close-ok";
  return ended ? "reset" : "nothing";
}

export function describePrediction(prediction: Prediction | null): string {
  if (prediction === null) return "nothing";
  if (prediction.outcome === "reset") return `reset: ${prediction.reason}`;
  const { code, classId, methodId, text } = prediction;
  return `close ${code} (${classId}, ${methodId}) ${JSON.stringify(fold(text))}`;
}
