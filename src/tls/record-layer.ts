/*
 *     0     1    2     3     4     5
 *   type |  version  |  length  |  body …       TLSPlaintext, TLSCiphertext (RFC 5246 §6.2, RFC 8446 §5.1)
 *
 * The header is never encrypted, so that records can be separated without any key. TLS 1.3 writes 0x0303 for the
 * version and 23 for the type of every encrypted record.
 */
import { short } from "../bytes/big-endian.ts";

export const RECORD_HEADER_SIZE = 5;

export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;
/** RFC 6520. */
export const HEARTBEAT = 24;

/** In an alert: its level, and the description that ends a connection in order (RFC 8446 §6). */
export const FATAL = 2;
export const CLOSE_NOTIFY = 0;

/** Octets of plaintext that a record may carry. */
export const MAX_PLAINTEXT = 1 << 14;
/** Octets of a record's body: what TLS 1.2 and earlier allow (RFC 5246 §6.2.3). TLS 1.3 allows fewer. */
export const MAX_BODY = MAX_PLAINTEXT + 2048;

/** Whether a record header can stand at this index: RECORD_HEADER_SIZE octets must be there. */
export function isRecordHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]!;
  if (type < CHANGE_CIPHER_SPEC || type > HEARTBEAT) return false;
  return bytes[at + 1] === 3 && bytes[at + 2]! <= 4 && short(bytes, at + 3) <= MAX_BODY;
}

export const TLS_1_0 = 0x0301;
export const TLS_1_1 = 0x0302;
export const TLS_1_2 = 0x0303;
export const TLS_1_3 = 0x0304;

/** A version in its usual form. */
export function versionName(version: number): string {
  switch (version) {
    case 0x0300:
      return "SSL 3.0";
    case TLS_1_0:
      return "TLS 1.0";
    case TLS_1_1:
      return "TLS 1.1";
    case TLS_1_2:
      return "TLS 1.2";
    case TLS_1_3:
      return "TLS 1.3";
    default:
      return `TLS version 0x${version.toString(16).padStart(4, "0")}`;
  }
}

/** Content types of records (RFC 8446 §B.1). */
export function contentTypeName(type: number): string {
  return CONTENT_TYPES[type - CHANGE_CIPHER_SPEC] ?? `type ${type}`;
}

const CONTENT_TYPES = ["change_cipher_spec", "alert", "handshake", "application_data", "heartbeat"];

/** Descriptions of alerts (RFC 8446 §6). */
export function alertName(description: number): string {
  return ALERTS[description] ?? `alert ${description}`;
}

const ALERTS: Readonly<Record<number, string>> = {
  0: "close_notify",
  10: "unexpected_message",
  20: "bad_record_mac",
  21: "decryption_failed",
  22: "record_overflow",
  30: "decompression_failure",
  40: "handshake_failure",
  41: "no_certificate",
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  50: "decode_error",
  51: "decrypt_error",
  60: "export_restriction",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  86: "inappropriate_fallback",
  90: "user_canceled",
  100: "no_renegotiation",
  109: "missing_extension",
  110: "unsupported_extension",
  112: "unrecognized_name",
  113: "bad_certificate_status_response",
  115: "unknown_psk_identity",
  116: "certificate_required",
  120: "no_application_protocol",
};
