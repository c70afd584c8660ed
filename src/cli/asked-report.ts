/** The requested part of a report: connections themselves, and those that carried a requested message. */
import type { Message } from "../messages/message.ts";
import { choosesMessages, MessageFilter, type MessageFilterOptions } from "../messages/message-filter.ts";
import type { Report } from "../report/report.ts";
import { select } from "../report/selection.ts";
import { AskedValues } from "./asked-values.ts";
import { type FilterFlags, filterOf, selects, unknownConnections } from "./message-filter-options.ts";

export class AskedReport {
  /** As in MessageFilterOptions. */
  readonly options: MessageFilterOptions;
  readonly #selects: boolean;
  readonly #values: AskedValues;
  readonly #filter: MessageFilter | null;
  /** c1, c2, …: they carried such a message. */
  readonly #carriers = new Set<string>();

  constructor(flags: FilterFlags) {
    this.options = filterOf(flags);
    this.#selects = selects(flags);
    this.#values = new AskedValues(this.options);
    this.#filter = choosesMessages(this.options) ? new MessageFilter(this.options) : null;
  }

  /** Whether it must see every message of the captures. */
  get wantsMessages(): boolean {
    return this.#filter !== null;
  }

  see(message: Message): void {
    this.#values.see(message);
    if (this.#filter?.takes(message) === true) this.#carriers.add(`c${message.connection.number}`);
  }

  of(whole: Report): Report {
    if (!this.#selects) return whole;
    return select(whole, { ...this.options, ...(this.wantsMessages ? { carriers: this.#carriers } : {}) });
  }

  /** A sentence for each requested connection that does not exist. */
  unknown(whole: Report): string[] {
    return unknownConnections(this.options.connection, whole);
  }

  /** A sentence for each id, exchange, user, … that nothing has; or if all of them together choose nothing. */
  absent(whole: Report): string[] {
    const absent = this.#values.absent(whole);
    const { length } = whole.connections;
    const { outcome, slowerThan } = this.options;
    // "Nothing was returned, or slow" is an answer.
    if (absent.length > 0 || length === 0 || outcome !== undefined || slowerThan !== undefined) return absent;
    if (this.of(whole).connections.length > 0) return absent;
    return [`no connection is what was asked for: there ${length === 1 ? "is 1" : `are ${length}`}`];
  }
}
