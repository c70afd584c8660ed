/** One connection: who it is, how it went, what broke in it, and how long the broker took to confirm. */
import { grouped } from "../../../bytes/grouped.ts";
import { incidentSentence } from "../../incidents/sentence.ts";
import type { MessageRecord } from "../../message-record.ts";
import type { Connection } from "../../report.ts";
import { clock, counted, endpoint, size, verdict } from "../../text/wording.ts";
import { h, link, s, table } from "./dom.ts";
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
        phases(model.data.steps?.[id], connection.midStream ? null : connection.start),
        h("h2", {}, "Messages by channel"),
        channels(messages),
        h("h2", {}, "Time to confirm"),
        heatMap(messages),
      ),
    ),
    live === undefined ? null : framesPanel(id, live.isOpen),
  );
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
    ...Object.entries(clientProperties).map(([name, value]): [string, string] => [name, value]),
  ];
}

const WIDTH = 520;

/** A lane for each channel, a tick for each message. */
function channels(messages: readonly MessageRecord[]): HTMLElement | SVGElement {
  if (messages.length === 0) return h("p", {}, "No message of it is in this file.");
  const all = [...new Set(messages.map(({ channel }) => channel))].sort((a, b) => a - b).slice(0, 16);
  const times = messages.map(({ time }) => Date.parse(time));
  const begin = Math.min(...times);
  const span = Math.max(1, Math.max(...times) - begin);
  return s(
    "svg",
    {
      class: "lanes scrollless",
      viewBox: `0 0 ${WIDTH} ${all.length * 24 + 8}`,
      role: "img",
      "aria-label": `${counted(messages.length, "message")} on ${counted(all.length, "channel")}`,
    },
    ...all.map((channel, at) => s("text", { x: 0, y: 20 + at * 24, class: "lane" }, `channel ${channel}`)),
    ...messages.slice(0, 4000).flatMap(({ channel, operation, finding }, at) => {
      const row = all.indexOf(channel);
      if (row < 0) return [];
      const x = 90 + ((times[at]! - begin) / span) * (WIDTH - 100);
      return [
        s("rect", {
          x,
          y: 8 + row * 24 + (operation === "publish" ? 0 : 8),
          width: 1.6,
          height: 8,
          class: finding === undefined ? "traffic" : "bar",
        }),
      ];
    }),
  );
}

const COLUMNS = 40;
const DECADES = ["0.1 ms", "1 ms", "10 ms", "100 ms", "1 s", "10 s"];

/** How many messages took how long, over time: darker is more. */
function heatMap(messages: readonly MessageRecord[]): HTMLElement | SVGElement {
  const timed = messages.filter(({ latency }) => latency !== undefined && latency > 0);
  if (timed.length === 0) return h("p", {}, "No confirm or acknowledgment of it is in this file.");
  const times = timed.map(({ time }) => Date.parse(time));
  const begin = Math.min(...times);
  const span = Math.max(1, Math.max(...times) - begin);
  const rows = DECADES.length * 2;
  const cells = new Map<number, number>();
  for (const [at, { latency }] of timed.entries()) {
    const column = Math.min(COLUMNS - 1, Math.floor(((times[at]! - begin) / span) * COLUMNS));
    const row = Math.max(0, Math.min(rows - 1, Math.floor((Math.log10(latency!) + 4.5) * 2)));
    const key = column * rows + row;
    cells.set(key, (cells.get(key) ?? 0) + 1);
  }
  const most = Math.max(...cells.values());
  const size = (WIDTH - 70) / COLUMNS;
  return s(
    "svg",
    {
      class: "heat",
      viewBox: `0 0 ${WIDTH} ${rows * 12 + 10}`,
      role: "img",
      "aria-label": `Latencies of ${counted(timed.length, "message")}`,
    },
    ...DECADES.map((label, at) => s("text", { x: 0, y: rows * 12 - at * 24 - 10, class: "axis" }, label)),
    ...[...cells].map(([key, count]) => {
      const shade = Math.max(1, Math.ceil(5 * Math.sqrt(count / most)));
      return s(
        "rect",
        {
          x: 60 + Math.floor(key / rows) * size,
          y: (rows - 1 - (key % rows)) * 12,
          width: size - 1,
          height: 11,
          class: `heat${shade}`,
        },
        s("title", {}, counted(count, "message")),
      );
    }),
  );
}
