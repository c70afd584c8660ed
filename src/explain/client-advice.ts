/** What to do in the client library: the one that wrote the text, or those known to break a connection this way. */
import { CLIENT_LIBRARIES, type LibraryId } from "../connection/client-libraries.ts";
import type { ErrorReport } from "./error-report.ts";
import type { ReadingKind } from "./reading.ts";

export interface ClientAdvice {
  library: LibraryId;
  name: string;
  /** The name in 11 columns. */
  label: string;
  /** Its text was recognised; otherwise it is one of those known to break this way. */
  recognised: boolean;
  writes: string;
  remedy: string;
}

/** Libraries that break a connection this way, used if none was recognised. */
const OCTET_TEARERS: readonly LibraryId[] = ["pika", "py-amqp", "rabbitmq-c", "bunny", "php-amqplib"];
const HEADER_WITHOUT_PAYLOAD: readonly LibraryId[] = ["java", ...OCTET_TEARERS];
const ORDER_BREAKERS: readonly LibraryId[] = ["java", "dotnet", "amqp091-go", "pika", "amqp-cpp"];

/** Octets of these kinds do not depend on which thread writes when. */
const NOT_TORN: readonly ReadingKind[] = [
  "genuine-oversize",
  "handshake-oversize",
  "modest-size",
  "second-handshake",
  "foreign-protocol",
];

/** Advice on an error; `kind` is that of the best reading of its octets. None if the client's writes are no cause. */
export function adviceFor(
  { error, library, runtime }: ErrorReport,
  kind: ReadingKind | undefined,
  tornLater: boolean,
): ClientAdvice[] {
  const advice = (id: LibraryId, recognised: boolean): ClientAdvice => {
    const { name, label, writes, remedy } = CLIENT_LIBRARIES[id];
    return { library: id, name, label, recognised, writes, remedy };
  };
  if (kind !== undefined && NOT_TORN.includes(kind)) return [];
  switch (error.kind) {
    case "frame-too-large":
    case "header-octets":
    case "frame-end":
      if (library !== null) return [advice(library, true)];
      if (runtime === "processes") return [advice("php-amqplib", false)];
      return (kind === "payload-missing" ? HEADER_WITHOUT_PAYLOAD : OCTET_TEARERS).map(id => advice(id, false));
    case "content-order":
      if (library !== null) return [advice(library, true)];
      if (runtime === "processes") return [advice("php-amqplib", false)];
      return (tornLater ? OCTET_TEARERS : ORDER_BREAKERS).map(id => advice(id, false));
    case "unknown-frame":
    case "misplaced-frame":
    case "cannot-decode":
    case "unknown-method":
    case "body-overrun":
    case "channel-not-open":
    case "channel-opened-twice":
      return library === null ? [] : [advice(library, true)];
    default:
      return [];
  }
}
