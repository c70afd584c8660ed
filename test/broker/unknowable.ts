/**
 * Answers that no one could foresee from the client's octets alone: what is on the broker, who may log in. Told by the
 * broker's own words, and by nothing else; where a login is refused in silence, by its not being the one user there is.
 */
import type { Prediction } from "../support/predict.ts";
import type { Answer } from "./answer.ts";

/** Names what decided, or null where the octets did. */
export function unknowable(prediction: Prediction | null, answer: Answer, octets: Uint8Array): string | null {
  const { close } = answer;
  if (
    close?.code === 530 &&
    close.classId === 10 &&
    /^NOT_ALLOWED - vhost [\s\S]*( not found|\.\.\.)$/.test(close.text)
  ) {
    return "the virtual host is not there";
  }
  if (close?.code === 403 && close.classId === 0 && close.text.includes("Login was refused")) {
    return "the login is refused";
  }
  const silent = close === null && answer.ended && !answer.opened && !answer.refused;
  if (silent && prediction?.outcome !== "reset" && isForeignLogin(octets)) return "the login is refused";
  if (close !== null && /exchange type 'x-/.test(close.text)) return "the exchange type is a plugin's";
  if (close !== null && /^COMMAND_INVALID - invalid exchange type '(.+)'$/.test(close.text)) {
    return "the exchange type is an Erlang atom";
  }
  if (close?.code === 504 && close.text.includes("while processing 'tx.commit'")) return "a message was routed";
  // The channel was closed for want of something that others may have declared: what it would have said is not said.
  const decided = answer.channelCloses.find(({ text }) => ELSEWHERE.test(text));
  if (decided !== undefined && !isOfReader(prediction)) return `the channel was closed: ${decided.text}`;
  return null;
}

const ELSEWHERE =
  /^(NOT_FOUND - no (exchange|queue) '|RESOURCE_LOCKED|PRECONDITION_FAILED - inequivalent arg|ACCESS_REFUSED)/;

/** Verdicts of a connection's reader do not depend on what a channel's process does. */
function isOfReader(prediction: Prediction | null): boolean {
  if (prediction === null) return false;
  return prediction.outcome === "reset" || prediction.code === 501 || prediction.code === 505;
}

const GUEST = [Buffer.from("\0guest\0guest"), Buffer.from("\x05LOGINS\0\0\0\x05guest\x08PASSWORDS\0\0\0\x05guest")];

/** The first frame is a start-ok, and holds no login of guest's. */
function isForeignLogin(octets: Uint8Array): boolean {
  const stream = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  if (stream.length < 19 || stream[8] !== 1 || stream.readUInt32BE(15) !== 0x000a000b) return false;
  const startOk = stream.subarray(15, 15 + stream.readUInt32BE(11));
  return !GUEST.some(login => startOk.includes(login));
}
