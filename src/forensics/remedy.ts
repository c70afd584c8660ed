/** What to do about an incident: by what happened, and by the client library that the connection names. */

import { libraryOfClient } from "../connection/client-libraries.ts";
import type { DiagnosisKind } from "./diagnosis.ts";

const GENERAL =
  "Several writers share one socket without a lock around the whole write: one lock around the socket write, or a connection per thread; connect after fork; no timeout that cuts a publish short.";

/** Remedies for incidents in which no writers tore each other. */
const OTHERWISE: Partial<Record<DiagnosisKind, string>> = {
  "genuine-oversize":
    "Nothing is corrupt: split bodies at the negotiated frame-max less 8 octets, as client libraries do by themselves, and keep a message's headers below it; or raise frame_max at the broker and in the client, which both must allow.",
  unexplained:
    "Nothing here says who wrote these octets. A capture taken on the client's host tells whether they left it like this; threads or processes that share the connection are the first thing to look for.",
  "foreign-protocol":
    "Something that does not speak AMQP writes to this socket: look for a health check or proxy on this port, for a TLS client on the plain port, and for a file descriptor that was closed and used again, or inherited by another process.",
};

/** One paragraph for this kind of incident and this client library, or the general one. */
export function remedyFor(clientProperties: ReadonlyMap<string, string>, kind: DiagnosisKind): string {
  const otherwise = OTHERWISE[kind];
  if (otherwise !== undefined) return otherwise;
  const known = libraryOfClient(clientProperties);
  if (known === undefined) return GENERAL;
  return `${known.name} ${known.writes}. ${known.remedy} One channel per thread, always.`;
}
