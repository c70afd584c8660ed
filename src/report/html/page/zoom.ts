/** A picture that can be drawn wider than the page. It is panned by scrolling, or by dragging its ground. */
import { h } from "./dom.ts";

const MOST = 16;
const STEP = 1.5;

/** By label: how wide each is drawn, until another view is opened. */
const factors = new Map<string, number>();

/** Pictures are drawn whole again. */
export function forgetZoom(): void {
  factors.clear();
}

/** `draw`: the picture, this many times as wide as it is at first. */
export function zoomable(label: string, kind: string, draw: (factor: number) => Element): HTMLElement {
  let factor = factors.get(label) ?? 1;
  const scroller = h("div", { class: `panel scroll ${kind}`, tabindex: 0, role: "region", "aria-label": label });
  const shown = h("output", {}, "");
  /** `at`: what stays in its place, as a share of the visible width. */
  const to = (wanted: number, at = 0.5): void => {
    const seen = scroller.clientWidth * at;
    const centre = (scroller.scrollLeft + seen) / Math.max(1, scroller.scrollWidth);
    factor = Math.min(MOST, Math.max(1, wanted));
    factors.set(label, factor);
    scroller.replaceChildren(draw(factor));
    // Pieces are one stop of the tab ring.
    scroller.querySelector("g.piece")?.setAttribute("tabindex", "0");
    scroller.scrollLeft = centre * scroller.scrollWidth - seen;
    shown.textContent = `${Math.round(factor * 100)} %`;
  };
  const button = (key: string, text: string, name: string, change: () => void): HTMLElement =>
    h(
      "button",
      { type: "button", "aria-label": name, title: `${name} (${key})`, "data-zoom": key, click: change },
      text,
    );
  scroller.addEventListener(
    "wheel",
    event => {
      // Without Ctrl the wheel scrolls the page, as it does everywhere.
      if (!event.ctrlKey) return;
      event.preventDefault();
      const { left, width } = scroller.getBoundingClientRect();
      to(event.deltaY < 0 ? factor * STEP : factor / STEP, (event.clientX - left) / Math.max(1, width));
    },
    { passive: false },
  );
  pannable(scroller);
  to(factor);
  return h(
    "div",
    {},
    h(
      "div",
      { class: "switches zoom", role: "group", "aria-label": `Zoom: ${label}` },
      button("−", "−", "Wider view", () => to(factor / STEP)),
      button("+", "+", "Closer view", () => to(factor * STEP)),
      button("0", "Whole", "Whole picture", () => to(1)),
      shown,
    ),
    scroller,
  );
}

/** What the keys `+`, `−` and `0` do: for the first picture that is shown. True if there is one. */
export function zoomByKey(key: string): boolean {
  const name = key === "=" ? "+" : key === "-" ? "−" : key;
  const button = document.querySelector<HTMLElement>(`[data-zoom="${CSS.escape(name)}"]`);
  button?.click();
  return button !== null;
}

/** The ground of the picture can be dragged; what lies on it can be clicked. */
function pannable(scroller: HTMLElement): void {
  let from: { x: number; left: number } | null = null;
  scroller.addEventListener("pointerdown", event => {
    const onPiece = event.target instanceof Element && event.target.closest("a, [data-tip]") !== null;
    // A finger scrolls by itself.
    if (onPiece || event.pointerType !== "mouse" || event.button !== 0) return;
    from = { x: event.clientX, left: scroller.scrollLeft };
    scroller.setPointerCapture(event.pointerId);
  });
  scroller.addEventListener("pointermove", event => {
    if (from !== null) scroller.scrollLeft = from.left + from.x - event.clientX;
  });
  const end = (): void => {
    from = null;
  };
  scroller.addEventListener("pointerup", end);
  scroller.addEventListener("pointercancel", end);
}
