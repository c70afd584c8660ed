/** What an incident cost, message by message. */
import { grouped } from "../../../bytes/grouped.ts";
import type { Incident } from "../../incidents/incident.ts";
import { FATES } from "../../incidents/lost.ts";
import { fateWords, lostSentence } from "../../incidents/sentence.ts";
import { writerName } from "../../incidents/writer-identity.ts";
import type { MessageRecord } from "../../message-record.ts";
import type { Diagnosis, Finding, LostMessage, Message } from "../../report.ts";
import { type Child, h, link, table } from "./dom.ts";
import { writerInk } from "./ink.ts";
import type { Model } from "./model.ts";

const ROWS = 12;

export function lostTable(model: Model, incident: Incident): HTMLElement {
  const { finding, lost } = incident;
  const { diagnosis } = finding;
  const all = lostMessages(finding);
  const recordOf = ({ streamOffset }: LostMessage) =>
    model.data.messages?.list.find(
      each =>
        each.streamOffset === streamOffset && each.connection === finding.connection && each.operation === "publish",
    );
  const rows = all.slice(0, ROWS).map(message => row(message, diagnosis, recordOf(message)));
  const count = lostSentence(lost);
  return h(
    "div",
    {},
    h("h2", {}, count === null ? "Lost" : `Lost: ${count}`),
    count === null
      ? h(
          "p",
          {},
          diagnosis?.kind === "unexplained"
            ? "No message is known to be lost here. What these octets carried is not known."
            : model.data.live?.findings.get(finding.id)?.final === false
              ? "No message is known to be lost here so far."
              : "No message is known to be lost here.",
        )
      : null,
    rows.length === 0 ? null : table(["Message", "Fate", "Writer", "To", "Body", "Packets"], rows, "Lost messages"),
    all.length > ROWS ? h("p", {}, link("messages", `All ${grouped(model.counts.lost.messages)} lost messages`)) : null,
  );
}

/** What a finding cost: its list, or what its diagnosis has if no list was made. */
export function lostMessages({ lost, diagnosis }: Finding): readonly LostMessage[] {
  if (lost !== undefined) return lost;
  const messages = diagnosis?.writers.flatMap(writer => writer.messages) ?? [];
  return messages.flatMap(({ exchange, routingKey, messageId, size, spans, fate }) =>
    fate === "delivered" || !FATES.includes(fate)
      ? []
      : [
          {
            exchange,
            routingKey,
            streamOffset: spans[0]?.[0] ?? 0,
            fate,
            ...(size === undefined ? {} : { size }),
            ...(messageId === undefined ? {} : { messageId }),
          },
        ],
  );
}

/** Octets of a message's body, by its content header, from the first source that has them. "–": not known here. */
export function bodyOctets(...known: readonly (LostMessage | MessageRecord | undefined)[]): string {
  const size = known.find(each => each?.size !== undefined)?.size;
  return size === undefined ? "–" : grouped(size);
}

function row(lost: LostMessage, diagnosis: Diagnosis | undefined, record: MessageRecord | undefined): Child[] {
  const writer =
    diagnosis?.writers.findIndex(({ messages }) => messages.some(({ spans }) => spans[0]?.[0] === lost.streamOffset)) ??
    -1;
  const known = writer < 0 ? undefined : diagnosis!.writers[writer]!;
  const message = known?.messages.find(({ spans }) => spans[0]?.[0] === lost.streamOffset);
  const pieces = message?.spans.length ?? 0;
  const fate = lost.fate === "torn" && pieces > 1 ? `torn in ${pieces}` : fateWords(lost.fate);
  return [
    h("strong", {}, lost.messageId ?? `at ${grouped(lost.streamOffset)}`),
    h("span", { class: lost.fate === "torn" ? "sick" : null }, fate),
    known === undefined
      ? h("span", { class: "quiet" }, "not in the picture")
      : h("span", {}, badge(writer, known.name), ` ${writerName(known) === known.name ? "" : writerName(known)}`),
    h("span", { class: "quiet" }, `${lost.exchange === "" ? "default" : lost.exchange} → ${lost.routingKey}`),
    bodyOctets(lost, record),
    packets(message, record),
  ];
}

function packets(message: Message | undefined, record: MessageRecord | undefined): string {
  const first = message?.at?.[0]?.from.packet ?? record?.packets?.[0];
  const last = message?.at?.at(-1)?.to.packet ?? record?.packets?.[1];
  if (first === undefined) return "–";
  return last === undefined || last === first ? `${first}` : `${first}–${last}`;
}

/** A writer's letter in its colour. */
export function badge(writer: number, name: string): HTMLElement {
  return h("span", { class: `badge ${writerInk(writer).colour}` }, name);
}

/** A trace's id, as a link if the report has an address for traces. */
export function traceLink(traceId: string, url: string | undefined): HTMLElement {
  const code = h("code", {}, traceId);
  const address = traceAddress(traceId, url);
  return address === null ? code : h("a", { href: address, rel: "noreferrer", target: "_blank" }, code);
}

/** The address of a trace; null if there is none. */
export function traceAddress(traceId: string, url: string | undefined): string | null {
  if (url === undefined || !/^[0-9a-f]{32}$/.test(traceId)) return null;
  return url.replaceAll("{traceId}", traceId);
}
