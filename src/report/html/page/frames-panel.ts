/** The frames of a connection as they come, on request on the live page. */
import { grouped } from "../../../bytes/grouped.ts";
import { counted } from "../../text/wording.ts";
import type { LiveFrame, LiveFrames } from "../live-data.ts";
import { h } from "./dom.ts";

/** Frames that are listed: the latest. */
const MOST = 200;

const HEADS = ["Time", "Direction", "Offset", "Channel", "Type", "Size", "Frame"];
const NUMBERS: ReadonlySet<string> = new Set(["Offset", "Channel", "Size"]);

/** The class of a column's cells. */
function numeric(column: number): string | null {
  return NUMBERS.has(HEADS[column]!) ? "number" : null;
}

/** One at a time; it stays while its connection is shown. */
let panel: FramesPanel | null = null;

export function framesPanel(connection: string, isOpen: boolean): HTMLElement {
  if (panel?.connection !== connection) {
    panel?.stop();
    panel = new FramesPanel(connection);
  }
  panel.isOpen = isOpen;
  return panel.element;
}

/** The connection is not shown any more. */
export function endFrames(): void {
  panel?.stop();
  panel = null;
}

class FramesPanel {
  readonly connection: string;
  readonly element: HTMLElement;
  readonly #button: HTMLElement;
  readonly #channel: HTMLInputElement;
  readonly #words = h("p", { class: "quiet", role: "status" });
  readonly #rows = h("tbody", {});
  #source: EventSource | null = null;
  #seen = 0;
  #omitted = 0;

  constructor(connection: string) {
    this.connection = connection;
    this.#button = h("button", { type: "button", click: () => this.#toggle() }, "Follow frames");
    this.#channel = h("input", {
      type: "number",
      min: 0,
      max: 65_535,
      placeholder: "all",
      "aria-label": "Channel, empty for all",
    }) as HTMLInputElement;
    this.element = h(
      "section",
      { class: "frames", "aria-label": "Frames" },
      h("h2", {}, "Frames"),
      h("p", { class: "switches" }, h("label", {}, "Channel ", this.#channel), " ", this.#button),
      this.#words,
      h(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": "Frames as they come" },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ...HEADS.map((head, at) => h("th", { scope: "col", class: numeric(at) }, head)))),
          this.#rows,
        ),
      ),
    );
    this.#say("From now on, as they come.");
  }

  set isOpen(isOpen: boolean) {
    if (isOpen || this.#source !== null) return;
    if (this.#seen === 0) this.#say("This connection is over: its frames can be followed while it is open.");
    (this.#button as HTMLButtonElement).disabled = true;
  }

  stop(): void {
    this.#source?.close();
    this.#source = null;
    this.#button.textContent = "Follow frames";
  }

  #toggle(): void {
    if (this.#source !== null) {
      this.stop();
      return;
    }
    const channel = this.#channel.value.trim();
    const query = new URLSearchParams({ connection: this.connection, ...(channel === "" ? {} : { channel }) });
    this.#source = new EventSource(`/frames?${query}`);
    this.#button.textContent = "Stop";
    this.#seen = this.#omitted = 0;
    this.#rows.replaceChildren();
    this.#say("Waiting for a frame …");
    this.#source.addEventListener("frames", event =>
      this.#take(JSON.parse((event as MessageEvent<string>).data) as LiveFrames),
    );
    this.#source.addEventListener("error", () => {
      this.stop();
      this.#say("The stream of frames ended. Follow them again, or close another tab of this page.");
    });
  }

  #take({ frames, omitted, over }: LiveFrames): void {
    this.#seen += frames.length;
    this.#omitted += omitted;
    for (const frame of frames) this.#rows.prepend(row(frame));
    while (this.#rows.childElementCount > MOST) this.#rows.lastElementChild!.remove();
    const more = this.#omitted > 0 ? `; ${grouped(this.#omitted)} more came too fast to be shown` : "";
    this.#say(
      `${counted(this.#seen, "frame")} seen, the latest first${more}.${over ? " The connection is over, or not inspected any more." : ""}`,
    );
    if (over) this.stop();
  }

  #say(words: string): void {
    this.#words.textContent = words;
  }
}

function row({ time, direction, streamOffset, channel, type, size, details }: LiveFrame): HTMLElement {
  const arrow = direction === null ? "?" : direction === "client-to-server" ? "→" : "←";
  const cells = [time.slice(11, -1), arrow, grouped(streamOffset), String(channel), type, grouped(size), details];
  return h("tr", {}, ...cells.map((cell, at) => h("td", { class: numeric(at) }, cell)));
}
