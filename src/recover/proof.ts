import { plural } from "../bytes/words.ts";
import type { Span } from "../forensics/diagnosis.ts";
import type { RecoveredMessage } from "./recover.ts";
import { octetsOf } from "./span-octets.ts";

/** Why a message is known to be lost, and how it was put together: a sentence. */
export function proofOf({ lost, content }: RecoveredMessage): string {
  const { fate, spans, isExplained, record, doubtful } = lost;
  const { finding, code } = record;
  const where = finding === undefined ? "" : ` (${finding})`;
  const made = isExplained && spans.length > 1 ? `; put together from ${spans.length} stretches of the stream` : "";
  const state =
    content === null
      ? "; none of it could be read"
      : content.isWhole
        ? `${made}; every frame has its end octet, and the body its ${plural(content.bodySize, "octet")}${inDoubt(doubtful)}`
        : `${made}; ${inPart(content.body.length, content.bodySize)}${inDoubt(doubtful)}`;
  const found = `${octetsOf(spans) === 0 ? "" : ` from offset ${record.streamOffset} on`}`;
  switch (fate) {
    case "torn":
      return `Sent${found} in frames that another writer's octets interrupted, or that never ended${where}${state}.`;
    case "swallowed":
      return `Sent${found} inside a frame of another message, which the broker took its octets for${where}${state}.`;
    case "unread":
      return `Sent${found}, behind the octet where the broker had stopped reading${where}${state}.`;
    case "refused":
      return `The broker closed its channel or connection for it${code === undefined ? "" : ` with code ${code}`}${where}${state}.`;
    case "unconfirmed":
      return `No confirm had come when its channel, its connection or the capture ended: the broker may have it${where}${state}.`;
  }
}

function inDoubt(doubtful: readonly Span[]): string {
  const [first] = doubtful;
  if (first === undefined) return "";
  return `; but another reading fits as well, in which ${plural(octetsOf(doubtful), "octet")} of these, from offset ${first[0]} on, are another's; the others are its own in both`;
}

function inPart(there: number, size: number): string {
  return size < 0
    ? "its content header is not there"
    : `only ${there} of ${plural(size, "octet")} of its body are there in a row`;
}
