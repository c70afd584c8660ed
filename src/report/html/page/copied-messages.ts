/** Messages as they are copied: for an issue, for a chat, for programs. */
import { type Flavor, MARKUP } from "../../markdown/markup.ts";
import { counted } from "../../text/wording.ts";
import type { MessageRow } from "./message-rows.ts";

/** Messages that are copied; beyond this, only the first ones are. */
export const MOST_COPIED = 500;

/** A list, an item for each message, in the markup of `--format markdown --flavor FLAVOR`. */
export function messagesAs(flavor: Flavor, rows: readonly MessageRow[]): string {
  const { code, list, strong, text } = MARKUP[flavor];
  const copied = rows.slice(0, MOST_COPIED);
  const more = copied.length < rows.length ? `, of which the first ${MOST_COPIED} are here` : "";
  const items = copied.map(({ id, fate, client, to, body, trace }) => {
    const size = body === "–" ? [] : [`${body} ${body === "1" ? "octet" : "octets"}`];
    const facts = text([fate, client, to, ...size].join(" · "));
    return `${code(id)} ${facts}${trace === "" ? "" : ` · ${text("trace")} ${code(trace)}`}`;
  });
  return [strong(`${counted(rows.length, "message")}${more}`), list(items)].join("\n\n");
}

export function messagesAsJson(rows: readonly MessageRow[]): string {
  const copied = rows.slice(0, MOST_COPIED).map(({ id, fate, client, to, body, trace, finding, record }) => ({
    id,
    fate,
    client,
    to,
    ...(body === "–" ? {} : { bodyOctets: Number(body.replaceAll(",", "")) }),
    trace,
    finding,
    ...(record === undefined ? {} : { time: record.time, latency: record.latency }),
  }));
  return JSON.stringify(copied, null, 2);
}
