/**
 * The value that a crash of RabbitMQ's table parser dumps. `parse_field_value` is called with a kind and its value, so
 * the first octet is the kind; `parse_table` with the rest of a table: the length of a name, the name, a kind.
 */
import { labels, type Reading } from "./reading.ts";
import { isText } from "./text-octets.ts";

/** Field kinds by their letter (RabbitMQ's rabbit_binary_parser, and those of other dialects). */
const KINDS: Readonly<Record<string, string>> = {
  t: "boolean",
  b: "signed octet",
  B: "unsigned octet",
  s: "signed 16-bit (RabbitMQ), short string (specification)",
  u: "unsigned 16-bit",
  U: "signed 16-bit in the specification",
  I: "signed 32-bit",
  i: "unsigned 32-bit",
  l: "signed 64-bit",
  L: "signed or unsigned 64-bit in other dialects",
  f: "float",
  d: "double",
  D: "decimal",
  S: "long string",
  A: "array",
  T: "timestamp",
  F: "table",
  V: "void",
  x: "octets",
};

export function fieldKindReadings(octets: readonly number[]): Reading[] {
  const first = octets[0];
  if (first === undefined) return [];
  const named = nameAt(octets, 0);
  const at = named === null ? 0 : 1 + named.length;
  const kind = octets[at];
  if (kind === undefined) return [];
  const letter = kind > 0x20 && kind < 0x7f ? String.fromCharCode(kind) : "";
  const known = letter === "" ? undefined : KINDS[letter];
  const shown = `${kind}${letter === "" ? "" : ` (“${letter}”${known === undefined ? "" : `, ${known}`})`}`;
  const of = named === null ? "" : `of “${named}” `;
  return [
    {
      kind: "field-kind",
      meaning:
        letter === ""
          ? "octets of a table that are no kind of field: a length before them is wrong"
          : `a field ${of}of the kind ${shown}, which this broker does not take here`,
      why: `The parser stopped at these octets, and the ${named === null ? "first" : "one behind the name"} is ${shown}: it has no clause for that kind, or the value before it was one octet or more too short.`,
      evidence: `field kind ${shown}`,
      score: letter === "" ? 45 : known === undefined ? 55 : 66,
      boundary: null,
      octets: labels(
        octets,
        [0, at, named === null ? "" : `name “${named}”`],
        [at, at + 1, letter === "" ? "no field kind" : `field kind ${shown}`],
      ),
    },
  ];
}

/** The name that begins at `at` with its length, if it is one: text that fits into the octets that are there. */
function nameAt(octets: readonly number[], at: number): string | null {
  const length = octets[at] ?? 0;
  const name = octets.slice(at + 1, at + 1 + length);
  if (length === 0 || name.length < length || !isText(name)) return null;
  return name.map(octet => String.fromCharCode(octet)).join("");
}
