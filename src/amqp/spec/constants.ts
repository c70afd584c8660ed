/** Numbers of the AMQP 0-9-1 specification (§1.2 constants, §4.2 framing). */

export const FRAME_METHOD = 1;
export const FRAME_HEADER = 2;
export const FRAME_BODY = 3;
// §4.2.3 lists heartbeat as type 4; the constants (§1.2) and every implementation use 8.
export const FRAME_HEARTBEAT = 8;

export const FRAME_END = 0xce;

/** Octets before a frame's payload: type 1, channel 2, size 4. */
export const FRAME_HEADER_SIZE = 7;
/** Octets of a frame that are not payload: its header and the frame-end octet. They count towards frame-max. */
export const FRAME_ENVELOPE = 8;

/** Octets of class-id and method-id, with which the payload of a method frame begins (§4.2.4). */
export const METHOD_IDS_SIZE = 4;
/** The least payload of a content header: class-id 2, weight 2, body size 8, property flags 2 (§4.2.6.1). */
export const LEAST_CONTENT_HEADER = 14;

export const PROTOCOL_HEADER_SIZE = 8;

const FRAME_TYPES: Readonly<Record<number, string>> = {
  [FRAME_METHOD]: "method",
  [FRAME_HEADER]: "header",
  [FRAME_BODY]: "body",
  [FRAME_HEARTBEAT]: "heartbeat",
};

/** Whether AMQP knows frames of this type. */
export function isFrameType(type: number): boolean {
  return type === FRAME_METHOD || type === FRAME_HEADER || type === FRAME_BODY || type === FRAME_HEARTBEAT;
}

/** "method", "header", "body" or "heartbeat"; `type 65` for a type that AMQP does not know. */
export function frameTypeName(type: number): string {
  return FRAME_TYPES[type] ?? `type ${type}`;
}

/** Reply codes (§1.2); `soft` codes close a channel, the others the connection. */
export const REPLY_CODES: Readonly<Record<number, { name: string; soft: boolean }>> = {
  200: { name: "REPLY_SUCCESS", soft: false },
  311: { name: "CONTENT_TOO_LARGE", soft: true },
  312: { name: "NO_ROUTE", soft: true },
  313: { name: "NO_CONSUMERS", soft: true },
  320: { name: "CONNECTION_FORCED", soft: false },
  402: { name: "INVALID_PATH", soft: false },
  403: { name: "ACCESS_REFUSED", soft: true },
  404: { name: "NOT_FOUND", soft: true },
  405: { name: "RESOURCE_LOCKED", soft: true },
  406: { name: "PRECONDITION_FAILED", soft: true },
  501: { name: "FRAME_ERROR", soft: false },
  502: { name: "SYNTAX_ERROR", soft: false },
  503: { name: "COMMAND_INVALID", soft: false },
  504: { name: "CHANNEL_ERROR", soft: false },
  505: { name: "UNEXPECTED_FRAME", soft: false },
  506: { name: "RESOURCE_ERROR", soft: false },
  530: { name: "NOT_ALLOWED", soft: false },
  540: { name: "NOT_IMPLEMENTED", soft: false },
  541: { name: "INTERNAL_ERROR", soft: false },
};
