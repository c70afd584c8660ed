/** The events of the running proxy, put together into what the views show. */
import type { MessageRecord } from "../../message-record.ts";
import { type LostMessage, REPORT_SCHEMA } from "../../report.ts";
import type { LiveConnection, LiveCounts, LiveFinding, LiveSnapshot, LiveUpdate, RateSample } from "../live-data.ts";
import type { PageData } from "../page-data.ts";

/** As the server keeps them. */
const MAX_MESSAGES = 2000;
const MAX_RATES = 600;

export class LiveFeed {
  readonly #connections = new Map<string, LiveConnection>();
  readonly #findings = new Map<string, LiveFinding>();
  #messages: MessageRecord[] = [];
  #lost: MessageRecord[] = [];
  #rates: RateSample[] = [];
  #counts: LiveCounts;
  readonly #version: string;

  constructor(snapshot: LiveSnapshot) {
    this.#version = snapshot.version;
    this.#counts = snapshot.counts;
    this.take(snapshot);
  }

  take(update: LiveUpdate): void {
    for (const id of update.gone) this.#connections.delete(id);
    for (const id of update.goneFindings) this.#findings.delete(id);
    for (const connection of update.connections) this.#connections.set(connection.id, connection);
    for (const finding of update.findings) this.#findings.set(finding.id, finding);
    this.#messages = [...this.#messages, ...update.messages].slice(-MAX_MESSAGES);
    this.#lost = [...this.#lost, ...update.lost];
    this.#rates = [...this.#rates, ...update.rates].slice(-MAX_RATES);
    this.#counts = update.counts;
  }

  get data(): PageData {
    const lost = this.#lostBy();
    const findings = [...this.#findings.values()].map(finding => {
      const list = lost.get(finding.id);
      return list === undefined ? finding : { ...finding, lost: list };
    });
    const count = (severity: string) => findings.filter(each => each.severity === severity).length;
    return {
      report: {
        schema: REPORT_SCHEMA,
        tool: { name: "ghostframe", version: this.#version },
        inputs: [{ path: "live", format: "unknown", packets: 0, octets: 0, notes: [] }],
        // What is open was open until now, even if it has been silent.
        connections: [...this.#connections.values()].map(each =>
          each.isOpen ? { ...each, end: this.#now(each) } : each,
        ),
        findings,
        summary: { errors: count("error"), warnings: count("warning"), notes: count("note") },
      },
      messages: { list: [...this.#lost, ...this.#messages], count: this.#counts.messages },
      live: {
        counts: this.#counts,
        rates: this.#rates,
        connections: this.#connections,
        findings: this.#findings,
      },
    };
  }

  /** The time of the latest rates, by the proxy's clock; a connection's own later time goes before it. */
  #now({ end }: LiveConnection): string {
    const time = this.#rates.at(-1)?.[0] ?? 0;
    return time > Date.parse(end) ? new Date(time).toISOString() : end;
  }

  /** By finding: the messages that it cost, if these are all: before its connection is over there may be more. */
  #lostBy(): Map<string, LostMessage[]> {
    const found = new Map<string, LostMessage[]>();
    if (this.#counts.lostLeftOut > 0) return found;
    for (const message of this.#lost) {
      const { finding, outcome, connection, messageId, exchange, routingKey, streamOffset, size, traceId } = message;
      if (finding === undefined || !isFate(outcome) || this.#connections.get(connection)?.isOpen !== false) continue;
      const list = found.get(finding) ?? [];
      found.set(finding, list);
      list.push({
        ...(messageId === undefined ? {} : { messageId }),
        exchange,
        routingKey,
        streamOffset,
        ...(size === undefined ? {} : { size }),
        fate: outcome,
        ...(traceId === undefined ? {} : { traceId }),
      });
    }
    return found;
  }
}

function isFate(outcome: string): outcome is LostMessage["fate"] {
  return ["refused", "torn", "swallowed", "unread", "unconfirmed"].includes(outcome);
}
