import type { Discretion } from "../connection/discretion.ts";
import type { Span } from "../forensics/diagnosis.ts";
import type { Message, Outcome } from "../messages/message.ts";
import type { Side } from "../net/connection-observer.ts";
import { type MessageRecord, messageRecord } from "../report/message-record.ts";

/** The outcome of a message that did not arrive, as far as is known; as in `ghostframe messages`. */
export const FATES = ["torn", "swallowed", "unread", "refused", "unconfirmed"] as const satisfies readonly Outcome[];
export type Fate = (typeof FATES)[number];

/** A publish that was lost, and where its octets are. */
export interface LostPublish {
  readonly fate: Fate;
  readonly record: MessageRecord;
  readonly discretion: Discretion;
  /** The first packet of its connection: the same in every reading. */
  readonly first: { readonly input: number; readonly packet: number };
  readonly side: Side;
  /** The client's address and port: 127.0.0.1:59768. */
  readonly client: string;
  /** null if connection.open was not seen. */
  readonly virtualHost: string | null;
  /** The stretches of the stream that hold its frames; or one from its first octet on that holds others' frames, too. */
  readonly spans: readonly Span[];
  /** Only its own frames are in `spans`. */
  readonly isExplained: boolean;
  /** Its diagnosis's confidence; 1 if its frames were read in their place, unless a break before is unexplained. */
  readonly confidence: number;
  /** Stretches of its spans that may be another's: that cannot be decided. */
  readonly doubtful: readonly Span[];
  /** The diagnosis knows no other writer on its channel. */
  readonly isSoleWriter: boolean;
}

/**
 * The confidence that a diagnosis needs for its message to be certain. In one stretch of the stream it can only be
 * mixed with another of its channel. Put together from several it can be mixed with any: frames of several writers look
 * alike.
 */
const SURE_OF_SOLE_WRITER = 0.7;
const SURE_IN_ONE_STRETCH = 0.9;
const SURE_PUT_TOGETHER = 0.99;

/** Whether a whole message is certain to be this one, and no mixture of two. */
export function isSure({ isExplained, isSoleWriter, confidence, spans, doubtful }: LostPublish): boolean {
  if (doubtful.length > 0) return false;
  if (!isExplained) return confidence >= SURE_OF_SOLE_WRITER;
  if (spans.length > 1) return confidence >= SURE_PUT_TOGETHER;
  return confidence >= (isSoleWriter ? SURE_OF_SOLE_WRITER : SURE_IN_ONE_STRETCH);
}

/** null if the message was not lost. */
export function lostPublish(message: Message, finding: string | undefined): LostPublish | null {
  const fate = FATES.find(each => each === message.outcome);
  if (message.operation !== "publish" || fate === undefined) return null;
  const { amqp, carrier } = message.connection.inspected;
  const { explained } = message;
  return {
    fate,
    record: messageRecord(message, finding),
    discretion: amqp.discretion,
    first: { input: carrier.first.input, packet: carrier.first.packet },
    side: amqp.client,
    client: endpointText(carrier.address(amqp.client), carrier.port(amqp.client)),
    virtualHost: amqp.virtualHost,
    spans: explained?.spans ?? [plainSpan(message)],
    isExplained: explained !== null,
    confidence: explained?.confidence ?? 1,
    doubtful: [],
    isSoleWriter: false,
  };
}

/** From its first octet to its last; if it was not completed, to where its stream broke. */
function plainSpan({ streamOffset, endOffset, incident }: Message): Span {
  if (endOffset > 0) return [streamOffset, endOffset - streamOffset];
  // An identity is rule, side and stream offset.
  const brokeAt = Number(incident?.split(" ")[2] ?? streamOffset);
  return [streamOffset, Math.max(0, brokeAt - streamOffset)];
}

function endpointText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
