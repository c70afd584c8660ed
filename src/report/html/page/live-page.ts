/** The live page: gets events from the proxy, and redraws the view unless the reader is busy with it. */
import type { LiveSnapshot, LiveUpdate } from "../live-data.ts";
import { h } from "./dom.ts";
import { LiveFeed } from "./live-feed.ts";
import { type Model, modelOf, stateOf } from "./model.ts";

/** Milliseconds between two drawings. */
const DRAW_EVERY = 900;
/** Views of one finding: they are redrawn when that changes. */
const OF_FINDING: ReadonlySet<string> = new Set(["incident", "octets"]);

/** What is shown at the top of the page: the state of the stream of events, the pause. */
interface Standing {
  words: string;
  isWell: boolean;
}

export class LivePage {
  readonly #draw: (model: Model) => void;
  #feed: LiveFeed | null = null;
  #model: Model | null = null;
  #standing: Standing = { words: "Connecting …", isWell: false };
  #isPaused = false;
  /** By the clock of events, in milliseconds. */
  #drawnAt = 0;
  #isPressed = false;
  /** The finding that is shown, as JSON. */
  #shown = "";

  /** @param draw draws the view that the address names */
  constructor(draw: (model: Model) => void) {
    this.#draw = draw;
  }

  begin(): void {
    const source = new EventSource("/events");
    source.addEventListener("snapshot", event => {
      this.#feed = new LiveFeed(JSON.parse((event as MessageEvent<string>).data) as LiveSnapshot);
      this.#redraw(true);
    });
    source.addEventListener("update", event => {
      this.#feed?.take(JSON.parse((event as MessageEvent<string>).data) as LiveUpdate);
      // One comes every second: rates change.
      if (event.timeStamp - this.#drawnAt < DRAW_EVERY) return;
      this.#drawnAt = event.timeStamp;
      this.#redraw(false);
    });
    source.addEventListener("open", () => this.#stand("Live", true));
    source.addEventListener("error", () => {
      const isOver = source.readyState === EventSource.CLOSED;
      const again =
        "The proxy let this page go: open the address that it printed, or have it print another one (SIGHUP)";
      this.#stand(isOver ? again : "Not connected: what is shown is as it was. It is tried again", false);
    });
    for (const [name, isDown] of [
      ["pointerdown", true],
      ["pointerup", false],
      ["pointercancel", false],
    ] as const) {
      document.addEventListener(name, () => {
        this.#isPressed = isDown;
      });
    }
  }

  get model(): Model | null {
    return this.#model;
  }

  /** The line at the top, which has a button to pause. */
  bar(): HTMLElement {
    const bar = h("p", { id: "live", class: "quiet" });
    this.#fill(bar);
    return bar;
  }

  /** To be called when another view was opened. */
  moved(): void {
    this.#shown = this.#finding();
  }

  #stand(words: string, isWell: boolean): void {
    this.#standing = { words, isWell };
    this.#fill(document.getElementById("live"));
  }

  #fill(bar: HTMLElement | null): void {
    const { words, isWell } = this.#standing;
    const pause = h(
      "button",
      {
        type: "button",
        id: "pause",
        "aria-pressed": String(this.#isPaused),
        click: () => {
          this.#isPaused = !this.#isPaused;
          this.#fill(document.getElementById("live"));
          document.getElementById("pause")?.focus();
          this.#redraw(false);
        },
      },
      this.#isPaused ? "Go on" : "Pause",
    );
    const state = h("span", { class: isWell ? "good" : "unsure", role: "status" }, this.#isPaused ? "Paused" : words);
    bar?.replaceChildren(state, " ", pause);
  }

  #redraw(isNew: boolean): void {
    if (this.#feed === null || (!isNew && (this.#isPaused || this.#isBusy))) return;
    this.#model = modelOf(this.#feed.data);
    const shown = this.#finding();
    const { view } = stateOf(location.hash);
    if (!isNew && OF_FINDING.has(view) && shown !== "" && shown === this.#shown) return;
    this.#shown = shown;
    const kept = keep();
    this.#draw(this.#model);
    restore(kept);
  }

  /** The reader types, selects, drags, or reads what lies on top. */
  get #isBusy(): boolean {
    const selection = document.getSelection();
    const typed =
      document.activeElement instanceof HTMLInputElement || document.activeElement instanceof HTMLTextAreaElement;
    const isSelecting = selection !== null && !selection.isCollapsed;
    return this.#isPressed || typed || isSelecting || document.querySelector("dialog") !== null;
  }

  /** The finding of the view, as JSON; "" for none. */
  #finding(): string {
    const { id } = stateOf(location.hash);
    const incidents = this.#model?.incidents ?? [];
    const incident = incidents.find(({ finding }) => finding.id === id) ?? incidents[0];
    return incident === undefined
      ? ""
      : JSON.stringify([incident.finding, incident.connection?.verdict, incident.lost]);
  }
}

interface Kept {
  focus: string | null;
  scrolled: [label: string, left: number, top: number][];
  open: Set<string>;
}

/** The reader's state: focus, what was scrolled, what was unfolded. */
function keep(): Kept {
  const scrollers = [...document.querySelectorAll<HTMLElement>("main [role=region], main [role=table]")];
  return {
    focus: nameOf(document.activeElement),
    scrolled: scrollers.map(each => [each.ariaLabel ?? "", each.scrollLeft, each.scrollTop]),
    open: new Set([...document.querySelectorAll("main details[open] > summary")].map(each => each.textContent ?? "")),
  };
}

function restore({ focus, scrolled, open }: Kept): void {
  for (const each of document.querySelectorAll("main details > summary")) {
    if (open.has(each.textContent ?? "")) (each.parentElement as HTMLDetailsElement).open = true;
  }
  for (const [label, left, top] of scrolled) {
    const scroller = document.querySelector<HTMLElement>(`main [aria-label="${CSS.escape(label)}"]`);
    if (scroller !== null) Object.assign(scroller, { scrollLeft: left, scrollTop: top });
  }
  if (focus === null) return;
  const all = document.querySelectorAll<HTMLElement>("#page a, #page button, #page [tabindex], #page summary");
  [...all].find(each => nameOf(each) === focus)?.focus({ preventScroll: true });
}

/** The name by which an element is found again in another drawing; null if it has no focus to lose. */
function nameOf(element: Element | null): string | null {
  if (element === null || element === document.body || element.closest("#page") === null) return null;
  return [
    element.tagName,
    element.id,
    element.getAttribute("href"),
    element.ariaLabel,
    element.textContent?.slice(0, 80),
  ].join("|");
}
