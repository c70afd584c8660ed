/** The name of a piece on the wire, in its label and in its tip. */
import { grouped } from "../../../bytes/grouped.ts";
import { writerIdentity } from "../../incidents/writer-identity.ts";
import type { Diagnosis } from "../../report.ts";
import { counted } from "../../text/wording.ts";
import type { Piece } from "../layout/wire.ts";

const AGAIN = ["first", "again"] as const;

/** `A1`, `B`, `HTTP`, `?`. */
export function pieceLabel({ block, number, of }: Piece, { writers }: Diagnosis): string {
  if (block.kind === "again") return AGAIN[number === 1 ? 0 : 1];
  if (block.writer === null) return block.label;
  const name = writers[block.writer]?.name ?? "?";
  return of > 1 ? `${name}${number}` : name;
}

/** `Writer A (worker-1) · t1-3 · piece 2 of 2 · 2,316 octets at 390,697 · packet 42`. */
export function pieceTip(piece: Piece, diagnosis: Diagnosis): string {
  const { block, number, of, from, to } = piece;
  const writer = block.writer === null ? undefined : diagnosis.writers[block.writer];
  const names = writer === undefined ? [] : (writerIdentity(writer)?.names ?? []);
  const name = names.length === 1 ? ` (${names[0]})` : "";
  const parts = [
    writer === undefined ? kindWords(piece) : `Writer ${writer.name}${name}`,
    block.kind === "message" ? block.label : block.kind === "frame" ? "a frame" : "",
    of > 1 ? `piece ${number} of ${of}` : "",
    `${counted(to - from, "octet")} at ${grouped(from)}`,
    packetsOf(from, diagnosis),
    block.missing > 0 ? `${counted(block.missing, "octet")} never written` : "",
  ];
  return parts.filter(part => part !== "").join(" · ");
}

function kindWords({ block, number }: Piece): string {
  switch (block.kind) {
    case "order":
      return "Frames in order, folded";
    case "foreign":
      return `Another protocol: ${block.label}`;
    case "again":
      return number === 1 ? "Octets that were sent again" : "The same octets again";
    case "overwritten":
      return "Overwritten octets";
    case "unexplained":
      return "Not explained";
    default:
      return "A writer that is not known";
  }
}

/** `packets 31–33`, where a torn frame's or a message's span begins here. */
function packetsOf(from: number, { torn, writers }: Diagnosis): string {
  const range = (first: number | null, last: number | null): string => {
    if (first === null || first === 0) return "";
    return last === null || last === first ? `packet ${first}` : `packets ${first}–${last}`;
  };
  for (const { messages } of writers) {
    for (const { spans, at } of messages) {
      const index = spans.findIndex(([offset, octets]) => offset <= from && from < offset + octets);
      const place = index < 0 ? undefined : at?.[index];
      if (place !== undefined) return range(place.from.packet, place.to.packet);
    }
  }
  for (const { spans, packets } of torn) {
    const index = spans.findIndex(([offset]) => offset === from);
    const pair = index < 0 ? undefined : packets[index];
    if (pair !== undefined) return range(pair[0], pair[1]);
  }
  return "";
}
