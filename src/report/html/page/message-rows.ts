/**
 * The table of messages: rows of one height, so that the place of each is known. Only as many are made as the window
 * shows; while it is scrolled, those that leave it at one end come in at the other, and are filled anew.
 */
import type { MessageRecord } from "../../message-record.ts";
import type { Connection, Span } from "../../report.ts";
import { h } from "./dom.ts";
import { LifeLinePicture, lifeLine, pieceLine } from "./life-line.ts";
import { traceAddress } from "./lost-table.ts";

const ROW = 34;
const WINDOW = 560;
/** Rows beyond the window, on either side. */
const AROUND = 3;
const MADE = Math.ceil(WINDOW / ROW) + 1 + 2 * AROUND;
const HEADS = ["Message", "Fate", "Life line", "Client", "To", "Body", "Trace"];

export interface MessageRow {
  id: string;
  fate: string;
  isLost: boolean;
  isTorn: boolean;
  client: string;
  to: string;
  /** Octets, in words. */
  body: string;
  trace: string;
  finding: string | null;
  /** When it was sent, and settled, as far as is known. */
  record: MessageRecord | undefined;
  connection: Connection | undefined;
  /** Its identity: its connection, and where it begins. */
  place: string;
  /** For a torn message, and where the broker stopped reading. */
  pieces?: readonly Span[];
  stop?: number;
}

/** `traceUrl`: where traces are looked up, as PageData has it. */
export function messageTable(rows: readonly MessageRow[], traceUrl: string | undefined): HTMLElement {
  if (rows.length === 0) return h("p", {}, "No message fits.");
  const body = h("div", { class: "rows", role: "rowgroup" });
  const heads = HEADS.map(head => h("span", { role: "columnheader", class: head === "Body" ? "number" : null }, head));
  const scroller = h(
    "div",
    { class: "panel messages", role: "table", tabindex: 0, "aria-label": "Messages", "aria-rowcount": rows.length },
    h("div", { class: "head", role: "rowgroup" }, h("div", { class: "row", role: "row" }, ...heads)),
    body,
  );
  body.style.height = `${rows.length * ROW}px`;
  scroller.style.maxHeight = `${WINDOW}px`;
  const lines = Array.from({ length: Math.min(MADE, rows.length) }, () => new Line(traceUrl));
  body.append(...lines.map(({ element }) => element));
  /** The row that the first of `lines` shows. */
  let shown = 0;
  const fill = (from: number, to: number): void => {
    for (let at = from; at < to; at++) lines[at]!.show(rows[shown + at]!, shown + at);
  };
  const draw = (): void => {
    const wanted = Math.floor(scroller.scrollTop / ROW) - AROUND;
    const first = Math.max(0, Math.min(rows.length - lines.length, wanted));
    const by = first - shown;
    if (by === 0) return;
    shown = first;
    if (Math.abs(by) >= lines.length) {
      fill(0, lines.length);
      return;
    }
    // Their order in the document stays that on the screen, for the keyboard and for screen readers.
    if (by > 0) {
      const left = lines.splice(0, by);
      lines.push(...left);
      body.append(...left.map(({ element }) => element));
      fill(lines.length - by, lines.length);
    } else {
      const left = lines.splice(by);
      lines.unshift(...left);
      body.prepend(...left.map(({ element }) => element));
      fill(0, -by);
    }
  };
  scroller.addEventListener("scroll", draw, { passive: true });
  fill(0, lines.length);
  return scroller;
}

/** A row of the table, which shows one message after the other. Unchanged parts are not touched. */
class Line {
  readonly #id = h("a");
  readonly #fate = h("span", { role: "cell" });
  readonly #picture = new LifeLinePicture();
  readonly #life = h("span", { role: "cell" });
  readonly #client = h("span", { role: "cell" });
  readonly #to = h("span", { role: "cell", class: "quiet" });
  readonly #body = h("span", { role: "cell", class: "number" });
  readonly #code = h("code");
  readonly #trace = h("a", { rel: "noreferrer", target: "_blank" }, this.#code);
  readonly element = h(
    "div",
    { class: "row", role: "row" },
    h("span", { role: "cell" }, this.#id),
    this.#fate,
    this.#life,
    this.#client,
    this.#to,
    this.#body,
    h("span", { role: "cell" }, this.#trace),
  );
  readonly #traceUrl: string | undefined;

  constructor(traceUrl: string | undefined) {
    this.#traceUrl = traceUrl;
  }

  show(row: MessageRow, at: number): void {
    this.element.setAttribute("aria-rowindex", String(at + 1));
    this.element.style.transform = `translateY(${at * ROW}px)`;
    say(this.#id, row.id);
    lead(this.#id, row.finding === null ? null : `#incident/${row.finding}`);
    say(this.#fate, `${row.isTorn ? "✗ " : row.isLost ? "– " : ""}${row.fate}`);
    const kind = row.isTorn ? "sick" : row.isLost ? "" : "quiet";
    if (this.#fate.className !== kind) this.#fate.className = kind;
    const { pieces, stop, record, connection, isLost } = row;
    const life = pieces === undefined ? lifeLine(record, connection, isLost) : pieceLine(pieces, stop);
    if (typeof life === "string") say(this.#life, life);
    else {
      this.#picture.show(life);
      if (this.#life.firstChild !== this.#picture.element) this.#life.replaceChildren(this.#picture.element);
    }
    say(this.#client, row.client);
    say(this.#to, row.to);
    say(this.#body, row.body);
    say(this.#code, row.trace);
    lead(this.#trace, row.trace === "" ? null : traceAddress(row.trace, this.#traceUrl));
  }
}

/** Text of an element that has nothing else in it. */
function say(element: HTMLElement, text: string): void {
  const { firstChild } = element;
  if (!(firstChild instanceof Text)) element.replaceChildren(text);
  else if (firstChild.data !== text) firstChild.data = text;
}

/** A link without an address is none. */
function lead(element: HTMLElement, address: string | null): void {
  if (address === null) element.removeAttribute("href");
  else element.setAttribute("href", address);
}
