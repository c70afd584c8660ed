/** A header that is right except for its size: a frame that really is too large, distinguished from a corrupt one. */
import { FRAME_BODY, FRAME_ENVELOPE, FRAME_HEADER, FRAME_METHOD } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import { type HeaderWindow, numberAt } from "./header-window.ts";
import { labels, type Reading } from "./reading.ts";

/** Sizes below this, with no limit known, are not wrong by themselves. */
const SMALLEST_LIMIT = 4096 - FRAME_ENVELOPE;
/** frame_max before tune-ok, less the envelope: RabbitMQ up to 4.0, and from 4.1 on. */
const HANDSHAKE_LIMITS = [4088, 8184];
const MEBIOCTET = 2 ** 20;

/** Readings of a header as a good one, `limit` being the accepted octets of payload; null if not known. */
export function genuineReadings(window: HeaderWindow, limit: number | null): Reading[] {
  const type = window[0] ?? null;
  const channel = numberAt(window, 1, 3);
  const size = numberAt(window, 3, 7);
  if (size === null || (type !== null && (type < FRAME_METHOD || type > FRAME_BODY))) return [];
  if (size <= (limit ?? SMALLEST_LIMIT)) return [modestSize(window, size, limit)];
  // More channels than RabbitMQ's channel_max, or content on the connection's own channel.
  const strange = channel !== null && (channel > 2047 || (channel === 0 && type !== FRAME_METHOD && type !== null));
  if (limit !== null && HANDSHAKE_LIMITS.includes(limit) && type === FRAME_METHOD && size < MEBIOCTET) {
    return [
      {
        kind: "handshake-oversize",
        meaning: "a large handshake frame: it really is that long",
        why: `${grouped(limit)} is the limit in force before tune-ok (frame_max ${grouped(limit + FRAME_ENVELOPE)} less 8), and the only long method then is connection.start-ok, with client properties and the SASL response.`,
        evidence: `a method frame of ${grouped(size)} octets, before tune-ok`,
        score: strange ? 25 : 90,
        boundary: null,
        octets: labels(window),
      },
    ];
  }
  const frame = type === FRAME_HEADER ? "content header" : type === FRAME_METHOD ? "method" : "body";
  // Headers of a mebioctet are rare; bodies of ten, written as one frame by a client that ignores frame_max, less so.
  const usual = type === FRAME_METHOD ? MEBIOCTET / 4 : 2 * MEBIOCTET;
  const rare = type === FRAME_HEADER ? 56 : type === FRAME_METHOD ? 45 : 74;
  let score = size <= usual ? 90 : size < 16 * MEBIOCTET ? rare : size <= 128 * MEBIOCTET ? 34 : 6;
  if (type === null) score = Math.min(60, score - 8);
  if (channel === null) score -= 3;
  if (strange) score = Math.min(score, 12);
  if (score < 5) return [];
  const over = limit === null ? "" : `, ${excess(size, limit)}`;
  const fields = [
    type === null ? "" : `Type ${type} is a ${frame} frame`,
    channel === null
      ? ""
      : strange
        ? channel === 0
          ? "content never stands on channel 0"
          : `channel ${channel} is beyond any that is opened`
        : `channel ${channel} is one that may be open`,
  ].filter(part => part !== "");
  const said = fields.length === 0 ? "" : `${fields.join(", and ")}. `;
  const modest =
    size <= usual
      ? "small enough to be meant"
      : size <= 128 * MEBIOCTET
        ? "long, but not out of the question"
        : "beyond what anybody sends";
  return [
    {
      kind: "genuine-oversize",
      meaning: `a ${type === null ? "" : `${frame} `}frame that really has ${grouped(size)} octets: oversize, not corrupt`,
      why: `${said}The size is ${modest}${over}.${type === FRAME_BODY || type === null ? rounded(size) : ""}${forgiven(size, limit)}`,
      evidence: `a header that is good but for its size of ${grouped(size)}`,
      score,
      boundary: null,
      octets: labels(window),
    },
  ];
}

function excess(size: number, limit: number): string {
  const ratio = size / limit;
  if (ratio < 2) return `${grouped(size - limit)} octets more than the ${grouped(limit)} allowed`;
  return `${ratio < 10 ? ratio.toFixed(1) : grouped(Math.round(ratio))} times the ${grouped(limit)} allowed`;
}

/** RabbitMQ prints frame_max less 8 as the limit, and accepts payloads of up to frame_max. */
function forgiven(size: number, limit: number | null): string {
  if (limit === null || size > limit + FRAME_ENVELOPE) return "";
  return " RabbitMQ forgives up to 8 octets, for clients that do not count the envelope of a frame; other brokers do not.";
}

/** What a size shows if it is a frame-max, or a frame-max less the envelope. */
function rounded(size: number): string {
  for (const frameMax of [8192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288, 1_048_576]) {
    if (size === frameMax - FRAME_ENVELOPE) {
      return ` It is ${grouped(frameMax)} less 8, as from a client that cuts bodies for a frame_max of ${grouped(frameMax)}.`;
    }
    if (size === frameMax) {
      return ` It is ${grouped(frameMax)}, as from a client that cuts bodies for a frame_max of that and forgets the 8 octets around a payload.`;
    }
  }
  return size % MEBIOCTET === 0 ? ` It is ${grouped(size / MEBIOCTET)} MiB exactly.` : "";
}

function modestSize(window: HeaderWindow, size: number, limit: number | null): Reading {
  const bound = limit === null ? "any frame_max there is" : `the limit of ${grouped(limit)}`;
  return {
    kind: "modest-size",
    meaning: `a size that is not too large: ${grouped(size)} octets`,
    why: `${grouped(size)} is within ${bound}. By itself there is nothing wrong with it.`,
    evidence: `a size of ${grouped(size)}`,
    score: 60,
    boundary: null,
    octets: labels(window),
  };
}
