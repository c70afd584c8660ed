/** Messages: the lost ones first, then the others; which of them are shown, and what is copied. */
import { grouped } from "../../../bytes/grouped.ts";
import { fateWords, lostSentence } from "../../incidents/sentence.ts";
import type { MessageRecord } from "../../message-record.ts";
import type { Connection, Finding, LostMessage } from "../../report.ts";
import { counted } from "../../text/wording.ts";
import { MOST_COPIED, messagesAs, messagesAsJson } from "./copied-messages.ts";
import { choice, copyButton, h } from "./dom.ts";
import { bodyOctets, lostMessages } from "./lost-table.ts";
import { type MessageRow, messageTable } from "./message-rows.ts";
import { called, type Model, type State, set } from "./model.ts";

export function messagesView(model: Model, state: State): HTMLElement {
  const lost = lostOf(model);
  const others = othersOf(model, new Set(lost.map(({ place }) => place)));
  const filter = state.settings.get("show") ?? (lost.length > 0 ? "lost" : "all");
  const query = (state.settings.get("find") ?? "").toLowerCase();
  const torn = lost.filter(({ isTorn }) => isTorn);
  const chosen =
    filter === "torn"
      ? torn
      : filter === "rest"
        ? lost.filter(({ isTorn }) => !isTorn)
        : filter === "all"
          ? [...lost, ...others]
          : lost;
  const shown =
    query === ""
      ? chosen
      : chosen.filter(each =>
          Object.values(each).some(value => typeof value === "string" && value.toLowerCase().includes(query)),
        );
  const words = lostSentence(model.counts.lost);
  return h(
    "div",
    {},
    h("h1", {}, words === null ? "No message is known to be lost." : `${words.replace(/ messages?/, "$& lost")}.`),
    h("p", { class: "quiet" }, otherWords(model, lost.length, others.length)),
    h(
      "p",
      { class: "quiet" },
      "Body: octets of the message’s body, as its content header says; – where that is not known here.",
    ),
    h(
      "div",
      { class: "switches" },
      search(state),
      choice(
        "Messages",
        [
          ["lost", `Lost ${grouped(lost.length)}`],
          ["torn", `Torn ${grouped(torn.length)}`],
          ["rest", `Other fates ${grouped(lost.length - torn.length)}`],
          ["all", `All ${grouped(lost.length + others.length)}`],
        ],
        filter,
        value => set("show", value),
      ),
      copyButton(() => messagesAs("github", shown), "Copy Markdown"),
      copyButton(() => messagesAs("slack", shown), "Copy for Slack"),
      copyButton(() => messagesAsJson(shown), "Copy JSON"),
    ),
    shown.length > MOST_COPIED
      ? h("p", { class: "quiet" }, `${grouped(shown.length)} messages; the first ${MOST_COPIED} are copied.`)
      : null,
    messageTable(shown, model.data.traceUrl),
  );
}

function otherWords({ data }: Model, lost: number, others: number): string {
  if (data.messages === undefined)
    return "Other messages were not read for this report: inspect the capture with --output html=FILE.";
  const { count } = data.messages;
  if (data.live !== undefined) {
    const words = lost + others < count ? `; ${grouped(lost + others)} are listed: lost ones, and the latest` : "";
    return `${counted(count, "message")} settled since the proxy began${words}. A message is shown when its outcome is known.`;
  }
  const sampled = lost + others < count ? `; ${grouped(others)} of the others are in this file, an even sample` : "";
  return `${counted(count, "message")} in all${sampled}.`;
}

function search(state: State): HTMLElement {
  return h("input", {
    type: "search",
    id: "search",
    placeholder: "id, queue, trace, client",
    "aria-label": "Search messages",
    value: state.settings.get("find") ?? "",
    change: event => set("find", (event.target as HTMLInputElement).value),
  });
}

function lostOf({ incidents, data }: Model): MessageRow[] {
  const sent = new Map(
    (data.messages?.list ?? [])
      .filter(({ operation }) => operation === "publish")
      .map(message => [placeOf(message), message]),
  );
  const all = incidents.flatMap(({ finding, connection }) =>
    lostMessages(finding).map(message => {
      const place = placeOf({ connection: finding.connection ?? "", streamOffset: message.streamOffset });
      const record = sent.get(place);
      return {
        ...lostRow(message, called(connection), finding.id),
        body: bodyOctets(message, record),
        record,
        place,
        connection: connection ?? undefined,
        ...inPieces(message, finding, connection),
      };
    }),
  );
  return all.sort((a, b) => Number(b.isTorn) - Number(a.isTorn));
}

/** For a torn message, as far as its diagnosis has them. */
function inPieces({ fate, streamOffset }: LostMessage, { diagnosis }: Finding, connection: Connection | null) {
  const messages = fate === "torn" ? (diagnosis?.writers ?? []).flatMap(writer => writer.messages) : [];
  const known = messages.find(({ spans }) => spans[0]?.[0] === streamOffset);
  if (known === undefined) return {};
  const stop = connection?.verdict.predicted?.streamOffset;
  return { pieces: known.spans, ...(stop === undefined ? {} : { stop }) };
}

function lostRow(
  { messageId, exchange, routingKey, streamOffset, fate, traceId }: LostMessage,
  client: string,
  finding: string,
): Omit<MessageRow, "body" | "record" | "connection" | "place"> {
  return {
    id: messageId ?? `at ${grouped(streamOffset)}`,
    fate: fateWords(fate),
    isLost: true,
    isTorn: fate === "torn",
    client,
    to: `${exchange === "" ? "default" : exchange} → ${routingKey}`,
    trace: traceId ?? "",
    finding,
  };
}

/** All that are not listed as lost already; on the live page the latest first. */
function othersOf({ data, connections }: Model, shown: ReadonlySet<string>): MessageRow[] {
  const list = data.messages?.list ?? [];
  return (data.live === undefined ? list : list.toReversed())
    .filter(message => message.operation !== "publish" || !shown.has(placeOf(message)))
    .map(
      (message: MessageRecord): MessageRow => ({
        id: message.messageId ?? message.correlationId ?? `at ${grouped(message.streamOffset)}`,
        fate: message.outcome,
        isLost: false,
        isTorn: false,
        client: called(connections.get(message.connection) ?? null),
        to:
          message.operation === "publish"
            ? `${message.exchange === "" ? "default" : message.exchange} → ${message.routingKey}`
            : `from ${message.queue ?? message.consumerTag ?? "?"}`,
        body: bodyOctets(message),
        trace: message.traceId ?? "",
        finding: null,
        record: message,
        connection: connections.get(message.connection),
        place: placeOf(message),
      }),
    );
}

/** The identity of a publish. */
function placeOf({ connection, streamOffset }: Pick<MessageRecord, "connection" | "streamOffset">): string {
  return `${connection} ${streamOffset}`;
}
