/** One connection: its client, its history, what broke in it, and how long the broker took to confirm. */
import { grouped } from "../../../bytes/grouped.ts";
import { incidentSentence } from "../../incidents/sentence.ts";
import type { Connection } from "../../report.ts";
import { clock, counted, endpoint, size, verdict } from "../../text/wording.ts";
import { channelLanes, latencyMap } from "./channel-pictures.ts";
import { h, link, table } from "./dom.ts";
import { framesPanel } from "./frames-panel.ts";
import { called, type Model, type State } from "./model.ts";
import { phases } from "./phases.ts";

export function connectionView(model: Model, state: State): HTMLElement {
  const sick = model.incidents.find(({ finding }) => finding.connection !== null)?.finding.connection;
  const connection =
    model.connections.get(state.id) ?? model.connections.get(sick ?? "") ?? model.report.connections[0];
  if (connection === undefined) return h("div", {}, h("h1", {}, "No connection."));
  const { id } = connection;
  const live = model.data.live?.connections.get(id);
  const own = model.incidents.filter(({ finding }) => finding.connection === id);
  const messages = (model.data.messages?.list ?? []).filter(message => message.connection === id);
  return h(
    "div",
    {},
    h("p", { class: "quiet" }, `Connection ${id}`),
    h("h1", {}, called(connection)),
    own.length === 0
      ? h("p", { class: "lead" }, allClear(connection, model))
      : h(
          "ul",
          {},
          ...own
            .slice(0, 50)
            .map(incident =>
              h(
                "li",
                {},
                link(`incident/${incident.finding.id}`, `✗ ${incidentSentence(incident)}`, { class: "sick" }),
                ` Packet ${incident.finding.packets[0] ?? "–"}.`,
              ),
            ),
        ),
    h(
      "div",
      { class: "columns" },
      table(["Fact", "Value"], factsOf(connection), "Facts"),
      h(
        "div",
        {},
        h("h2", {}, "Connecting"),
        model.data.steps === undefined
          ? h("p", {}, notRead(model))
          : phases(model.data.steps[id], connection.midStream ? null : connection.start),
        h("h2", {}, "Channels"),
        channelLanes(messages, model.data.heartbeats?.[id]) ?? h("p", {}, noMessage(model)),
        h("h2", {}, "Time to confirm or acknowledge"),
        latencyMap(messages) ??
          h(
            "p",
            {},
            messages.length === 0 ? noMessage(model) : "None of its messages here was confirmed or acknowledged.",
          ),
      ),
    ),
    live === undefined ? null : framesPanel(id, live.isOpen),
  );
}

/** Reports that were made without reading messages do not know that there are none. */
function noMessage(model: Model): string {
  if (model.data.messages === undefined) return notRead(model);
  if (model.data.live !== undefined) return "No message of it is known here yet.";
  const { list, count } = model.data.messages;
  return list.length < count ? "Its messages are not in this file’s sample." : "It carried no message.";
}

function notRead({ data }: Model): string {
  return data.live === undefined
    ? "Not read for this report: inspect the capture with --output html=FILE."
    : "Not shown here: see the frames below, or inspect a recording.";
}

/** Never more than was seen. */
function allClear({ id, gaps, midStream, tls }: Connection, { data, report }: Model): string {
  const live = data.live?.connections.get(id);
  if (live?.uninspected !== undefined) return `It is not inspected any more: ${live.uninspected}.`;
  if ((live?.found ?? 0) > report.findings.filter(({ connection }) => connection === id).length) {
    return `${counted(live!.found, "finding")} of it ${live!.found === 1 ? "is" : "are"} not kept here any more.`;
  }
  if (tls?.decrypted === false) return "Its records are in order. It was not decrypted: its frames were not seen.";
  const partly = midStream || gaps.clientToServer + gaps.serverToClient > 0;
  if (partly) return "Nothing broken is seen in it, but not all of it was captured.";
  return live?.isOpen ? "Nothing in it is broken so far." : "Nothing in it is broken.";
}

function factsOf(connection: Connection): [name: string, value: string][] {
  const { client, server, start, end, ended, user, virtualHost, negotiated, clientProperties } = connection;
  const { frames, octets, gaps, midStream } = connection;
  return [
    ["Client", endpoint(client)],
    ["Broker", endpoint(server)],
    [
      "Open",
      `${clock(start, true)} to ${clock(end, false)}${midStream ? ", from mid-stream" : ""}, ${{ fin: "closed", rst: "reset", open: "still open" }[ended] ?? ended}`,
    ],
    ["User", user ?? "not seen"],
    ["Virtual host", virtualHost ?? "not seen"],
    [
      "Negotiated",
      negotiated === null
        ? "not seen"
        : `frame-max ${grouped(negotiated.frameMax)}, channel-max ${grouped(negotiated.channelMax)}, heartbeat ${negotiated.heartbeat} s`,
    ],
    ["Frames", `${grouped(frames.clientToServer)} → ${grouped(frames.serverToClient)} ←`],
    ["Octets", `${size(octets.clientToServer)} → ${size(octets.serverToClient)} ←`],
    ["Gaps", `${gaps.clientToServer} → ${gaps.serverToClient} ←`],
    ["Broker’s answer", connection.verdict.observed === null ? "none seen" : verdict(connection.verdict.observed)],
    ...Object.entries(clientProperties).filter(([, value]) => value !== ""),
  ];
}
