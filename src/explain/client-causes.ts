/** Causes of octets that a client could not read: by what they are, then by the text of the line. */

import { capital } from "../bytes/words.ts";
import type { BrokerError } from "./error-report.ts";
import { knownLine } from "./known-lines/catalogue.ts";
import type { Reading, Weighed } from "./reading.ts";

export function clientReadCauses(
  error: Extract<BrokerError, { kind: "client-side" }>,
  top: Reading | undefined,
): readonly Weighed[] {
  const own = knownLine(error.line).causes;
  const why = top === undefined ? "" : `${capital(top.evidence)}: ${top.meaning}.`;
  switch (top?.kind) {
    case "protocol-refusal":
      return [
        ["header-refused", 82, why],
        ["something-before-header", refusedItself(error) ? 84 : 42, REFUSED_ITSELF],
        ["wrong-port", 25, "Another service of another AMQP version may have that port."],
      ];
    case "foreign-protocol":
      return [
        [
          /TLS/.test(top.meaning)
            ? "tls-answered"
            : /HTTP|HTML|JSON/.test(top.meaning)
              ? "http-answered"
              : "not-a-broker",
          82,
          why,
        ],
        ["wrong-port", 52, "The address or port is another service's, or a proxy answers in the broker's place."],
        ["in-between", 30, "A proxy that answers for itself while the broker is away."],
      ];
    default:
      return own;
  }
}

const REFUSED_ITSELF = "A broker that names the client's own version did not get the client's header first.";

/** The version in the server's header is the one that the client had asked for. */
function refusedItself({ octets }: { octets: readonly (number | null)[] }): boolean {
  return octets.slice(4).join() === "0,0,9,1";
}
