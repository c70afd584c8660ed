/** What a text must hold before it is looked at closely: most lines of a log are passed over by these. */
import { mayBeKnown } from "./known-lines/match.ts";

/** Whether `errorsIn` may find something: quick, and now and then wrong to say so. */
export function mayNameError(text: string, elsewhere: boolean): boolean {
  return mayHoldSentence(text) || mayBeKnown(text, elsewhere);
}

/** Whether one of the broker's sentences, or a reply code's name, may be in it. */
export function mayHoldSentence(text: string): boolean {
  return SENTENCE_HINTS.test(text);
}

/** Pieces of which one is in every text that a sentence or a code matches. */
const SENTENCE_HINTS =
  /frame_too_large|frame_end|octets =|unknown_frame|_FRAME|FRAME_ERR|FRAME-|expected |cannot decode|Malformed|content body|unknown_method|channel\.open' seen|unexpected method|channels opened|unimplemented|immediate=true|active=false|prefetch_size|NTERNAL|bad_header|bad_version|amqp1_0|detected|did not start|negotiate|exceeded max|rabbit_binary_parser|rame end|rame size|Oversize|alformedFrame|CHANNEL_ERROR|COMMAND_INV|caused a connection/;
