/** The events of `ghostframe proxy` for people: a line for each, and a block for an incident. */
import { grouped } from "../bytes/grouped.ts";
import { printable } from "../bytes/printable.ts";
import type {
  ConnectionEvent,
  FindingEvent,
  LiveEvent,
  ProxyCounters,
  ProxyEvent,
  RepeatedEvent,
} from "./live-event.ts";
import { type Connection, REPORT_SCHEMA, type Report } from "./report.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions } from "./report-format.ts";
import { inAscii } from "./text/ascii.ts";
import { incidentBlocks } from "./text/incident.ts";
import { overview } from "./text/overview.ts";
import { Page } from "./text/page.ts";
import { arrow, clientName, clock, counted, endpoint, joined, size } from "./text/wording.ts";

/** Columns of a message in a line of its own. */
const MESSAGE_COLUMNS = 400;
const KIND_COLUMNS = 40;

/** Writes events one by one, and remembers findings, so that nothing is printed twice. */
export class LiveText {
  readonly #page: Page;
  readonly #ascii: boolean;
  /** Findings that were printed before they were final, by id: the explanation printed with them. */
  readonly #provisional = new Map<string, string | undefined>();

  constructor(options: Partial<FormatOptions> = {}) {
    const settings = { ...DEFAULT_FORMAT_OPTIONS, ...options };
    this.#page = new Page(settings);
    this.#ascii = settings.ascii === true;
  }

  /** Lines that end in a line feed each; "" if there is nothing to write. */
  write(event: LiveEvent): string {
    const shown = this.#written(event);
    return this.#ascii ? inAscii(shown) : shown;
  }

  #written(event: LiveEvent): string {
    const { paint, all } = this.#page;
    switch (event.event) {
      case "proxy":
        return this.#line(event.time, "", proxyText(event));
      case "opened": {
        if (!all) return "";
        const { client, server } = event.connection;
        const route = `${endpoint(client)} → ${endpoint(server)} → ${endpoint(event.upstream)}`;
        return this.#of(event, paint.faint(`opened  ${route}`));
      }
      case "fault":
        // The sentence is in the incident's block, when it is over.
        return this.#of(
          event,
          `${paint[event.severity](event.rule)} at offset ${event.streamOffset}, ${arrow(event.direction)}`,
        );
      case "finding":
        return this.#finding(event);
      case "trouble":
        return this.#of(
          event,
          `${paint.warning(`${printable(event.kind, KIND_COLUMNS)}  `)}${onOneLine(event.message)}`,
        );
      case "repeated":
        return this.#repeated(event);
      case "limited": {
        const { kind, count, addresses, since } = event;
        const of = addresses === 1 ? "one address" : `${grouped(addresses)} addresses`;
        const what = `${counted(count, "more event")} of ${of} since ${sinceClock(since, event.time)} left out: ${onOneLine(kind)}`;
        return this.#line(event.time, "", paint.warning(what));
      }
      case "uninspected":
      case "guarded":
        return this.#of(event, `${paint.warning(`${event.event}  `)}${onOneLine(event.message)}`);
      case "closed":
        return all ? this.#of(event, paint.faint(closed(event.connection))) : "";
    }
  }

  /** `again, 212 times since 14:02:11`: the finding itself was shown before. */
  #repeated({ time, finding, rule, severity, count, since, client, fingerprint }: RepeatedEvent): string {
    const { paint } = this.#page;
    const times = count === 1 ? "once" : `${grouped(count)} times`;
    const what = `${paint[severity](rule)}  again, ${times} since ${sinceClock(since, time)}, last of ${printable(client, 60)}`;
    return this.#line(time, "", `${printable(finding, 12)} ${what}  ${paint.faint(fingerprint)}`);
  }

  #finding(event: FindingEvent): string {
    const { finding, connection, final } = event;
    const { paint } = this.#page;
    const explanation = finding.diagnosis?.summary;
    if (this.#provisional.has(finding.id)) {
      if (!final) return "";
      const before = this.#provisional.get(finding.id);
      this.#provisional.delete(finding.id);
      // It was printed before: only an explanation is new.
      if (explanation === undefined || explanation === before) return "";
    } else if (!final) this.#provisional.set(finding.id, explanation);
    if (finding.severity === "note" || finding.cause !== undefined) {
      const after = finding.cause === undefined ? "" : ` (led to by ${printable(finding.cause, 12)})`;
      return this.#of(event, `${paint[finding.severity](`${finding.rule}  `)}${onOneLine(finding.message)}${after}`);
    }
    const report: Report = {
      schema: REPORT_SCHEMA,
      tool: { name: "ghostframe", version: "" },
      inputs: [{ path: "", format: "unknown", packets: 0, octets: 0, notes: [] }],
      connections: [connection],
      findings: [finding],
      summary: { errors: 0, warnings: 0, notes: 0 },
    };
    const lines = incidentBlocks(overview(report), this.#page).flat();
    const { recording, fingerprint } = event;
    if (finding.octets.length > 0 && (recording ?? fingerprint) !== undefined) lines.push("");
    if (recording !== undefined) {
      lines.push(...this.#page.labelled("recorded", printable(recording, MESSAGE_COLUMNS)));
    }
    if (fingerprint !== undefined) lines.push(...this.#page.labelled("known as", `fingerprint ${fingerprint}`));
    return `\n${lines.join("\n")}\n\n`;
  }

  #of(event: ConnectionEvent, text: string): string {
    const name = clientName(event.connection);
    const { id, client } = event.connection;
    const who = name === "" ? endpoint(client) : `${name} ${endpoint(client)}`;
    return this.#line(event.time, `${printable(id, 12)} ${who}  `, text);
  }

  #line(time: string, who: string, text: string): string {
    return `${this.#page.paint.faint(`${clock(time, true)}  ${who}`)}${text}\n`;
  }
}

/** With the day if that was another one. */
function sinceClock(since: string, now: string): string {
  return clock(since, since.slice(0, 10) !== now.slice(0, 10));
}

function proxyText({ kind, counters, message }: ProxyEvent): string {
  if (counters === undefined) return onOneLine(message);
  return kind === "summary" ? summary(counters) : `${onOneLine(message)}; so far ${summary(counters)}`;
}

function onOneLine(message: string): string {
  return printable(joined(message), MESSAGE_COLUMNS);
}

function closed({ frames, octets, ended }: Connection): string {
  const count = counted(frames.clientToServer + frames.serverToClient, "frame");
  const end = ended === "open" ? "still open" : `ended by ${ended}`;
  return `closed  ${count}, ${size(octets.clientToServer + octets.serverToClient)}, ${end}`;
}

function summary(counters: ProxyCounters): string {
  const {
    connections,
    probes = 0,
    guarded = 0,
    lostPackets = 0,
    unsent = 0,
    uninspected,
    refused,
    errors,
    warnings,
    notes,
    untold,
  } = counters;
  const parts = [
    counted(connections, "connection"),
    ...(probes > 0 ? [`${counted(probes, "health check")} without an octet`] : []),
    ...(guarded > 0 ? [`${guarded} stopped by the guard`] : []),
    ...(uninspected > 0 ? [`${uninspected} not inspected to the end`] : []),
    ...(refused > 0 ? [`${refused} not relayed`] : []),
    counted(errors, "error"),
    counted(warnings, "warning"),
    counted(notes, "note"),
    ...(lostPackets > 0 ? [`${counted(lostPackets, "packet")} not recorded`] : []),
    ...(unsent > 0 ? [`${counted(unsent, "finding")} not sent to the webhook`] : []),
    ...(untold > 0 ? [`${counted(untold, "event")} not written: their reader was too slow`] : []),
  ];
  return parts.join(", ");
}
