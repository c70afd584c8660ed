/** Finds where the spans of a diagnosis were captured, as long as the window has that. */
import { type Place, placeAt, type Range } from "../net/place.ts";
import type { Message, Span } from "./diagnosis.ts";
import type { Finding } from "./explanation.ts";
import type { OctetWindow } from "./octet-window.ts";

/** The same finding with the places of its spans: the files of a ring are one stream, and a tear may lie across two. */
export function located(finding: Finding, window: OctetWindow): Finding {
  const { torn, replayed, missing, overwritten, foreign, unexplained, writers, doubtful } = finding;
  const range = ([offset, octets]: Span): Range => ({
    from: placeOf(window, offset, offset),
    to: placeOf(window, offset + Math.max(octets, 1) - 1, offset + octets),
  });
  const whole = (message: Message): Message => ({ ...message, at: message.spans.map(range) });
  return {
    ...finding,
    torn: torn.map(frame => ({ ...frame, at: frame.spans.map(range) })),
    replayed: replayed.map(each => ({ ...each, at: range(each.span), ofAt: range(each.of) })),
    missing: missing.map(each => ({ ...each, at: placeOf(window, each.streamOffset - 1, each.streamOffset) })),
    overwritten: overwritten.map(each => ({ ...each, at: range(each.span) })),
    foreign: foreign.map(each => ({ ...each, at: range(each.span) })),
    ...(doubtful === undefined ? {} : { doubtful: doubtful.map(each => ({ ...each, at: range(each.span) })) }),
    ...(unexplained.length === 0 ? {} : { unexplainedAt: unexplained.map(range) }),
    writers: writers.map(writer => ({ ...writer, messages: writer.messages.map(whole) })),
  };
}

/** Stream offset `streamOffset`, at the packet that has octet `octet`. */
function placeOf(window: OctetWindow, octet: number, streamOffset: number): Place {
  return placeAt(window.momentAt(octet), streamOffset);
}
