/** The page of an HTML report: unpacks the data, shows the view that the address names, and takes keys. */
import type { PageData } from "../page-data.ts";
import { connectionView } from "./connection-view.ts";
import { h } from "./dom.ts";
import { endFrames } from "./frames-panel.ts";
import { incidentView } from "./incident-view.ts";
import { LivePage } from "./live-page.ts";
import { messagesView } from "./messages-view.ts";
import { hashOf, type Model, modelOf, type State, set, stateOf } from "./model.ts";
import { octetsView } from "./octets-view.ts";
import { overviewView } from "./overview-view.ts";
import { forgetZoom, zoomByKey } from "./zoom.ts";

const VIEWS: readonly (readonly [id: string, name: string, draw: (model: Model, state: State) => HTMLElement])[] = [
  ["overview", "Overview", overviewView],
  ["incident", "Incidents", incidentView],
  ["connection", "Connections", connectionView],
  ["messages", "Messages", messagesView],
  ["octets", "Octets", octetsView],
];

const KEYS: readonly (readonly [string, string])[] = [
  ["1 – 5", "views"],
  ["j k", "next and previous place, or incident"],
  ["← →", "piece of the picture"],
  ["l", "lanes or cut"],
  ["t", "folded, true size; of lanes also time"],
  ["+ − 0", "closer, wider, whole picture; so does the wheel with Ctrl"],
  ["o", "octets"],
  ["n p", "of the octets: next and previous stop"],
  ["/", "search messages; of the octets: go to an offset, or to a packet"],
  ["?", "these keys"],
  ["Esc", "back to the overview"],
];

/** In the address if the search is wanted. */
const FOCUS = "search";

/** Base64 of gzip, or the JSON itself if it was not packed. */
async function unpacked(): Promise<PageData> {
  const element = document.getElementById("data")!;
  const text = element.textContent ?? "";
  if (element.dataset.encoding !== "gzip") return JSON.parse(text) as PageData;
  const packed = Uint8Array.from(atob(text.trim()), character => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).json()) as PageData;
}

function draw(model: Model, page: HTMLElement, bar: HTMLElement | null): void {
  const state = stateOf(location.hash);
  if (state.view !== "connection") endFrames();
  const [id, , view] = VIEWS.find(([name]) => name === state.view) ?? VIEWS[0]!;
  const unknown = id === state.view ? null : `There is no view “${state.view.slice(0, 40)}”: this is the overview.`;
  const navigation = h(
    "nav",
    { "aria-label": "Views" },
    h("strong", {}, "ghostframe"),
    ...VIEWS.map(([name, words]) => h("a", { href: `#${name}`, "aria-current": name === id ? "page" : null }, words)),
    bar,
  );
  const main = h("main", { id: "main", tabindex: -1 });
  try {
    if (unknown !== null) main.append(h("p", { class: "unsure", role: "status" }, unknown));
    main.append(view(model, state));
  } catch (error) {
    main.append(h("h1", {}, "This view cannot be shown."), h("p", {}, String(error)));
  }
  page.replaceChildren(h("header", {}, navigation), main, footer(model), tip());
  first(main.querySelectorAll("g.piece"));
}

function footer({ report, data }: Model): HTMLElement {
  const asks = data.live === undefined ? "This file asks no network." : "This page asks the proxy only.";
  const words = `ghostframe ${report.tool.version}. Times are UTC. ${asks} Press ? for keys.`;
  return h("footer", { class: "quiet" }, words);
}

function tip(): HTMLElement {
  return h("div", { id: "tip", role: "status", hidden: true });
}

/** Pieces are one stop of the tab ring, with arrows inside. */
function first(pieces: NodeListOf<Element>): void {
  pieces[0]?.setAttribute("tabindex", "0");
}

/** Other blocks fade, and the tip describes the piece. */
function show(target: EventTarget | null): void {
  const element = document.getElementById("tip");
  const piece = target instanceof Element ? target.closest("[data-tip], .block") : null;
  const svg = piece?.closest("svg");
  for (const faded of document.querySelectorAll(".faded")) faded.classList.remove("faded");
  if (element === null) return;
  const words = piece?.getAttribute("data-tip");
  element.hidden = words === null || words === undefined;
  if (piece === null || svg === null || svg === undefined) return;
  const block = piece.getAttribute("data-block");
  if (block !== null) {
    for (const other of svg.querySelectorAll("[data-block]")) {
      if (other.getAttribute("data-block") !== block) other.classList.add("faded");
    }
  }
  if (words === null || words === undefined) return;
  element.textContent = words;
  const { left, bottom } = piece.getBoundingClientRect();
  element.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - 340))}px`;
  element.style.top = `${bottom + window.scrollY + 8}px`;
}

/** A piece opens its octets, at the first of them. */
function open(target: EventTarget | null, model: Model): void {
  const piece = target instanceof Element ? target.closest("g.piece") : null;
  if (piece === null) return;
  const settings = new Map([["at", piece.getAttribute("data-from") ?? ""]]);
  location.hash = hashOf({ view: "octets", id: incidentId(model), settings });
}

/** The incident that is shown, or the first one. */
function incidentId(model: Model): string {
  const { id, view } = stateOf(location.hash);
  const known = model.incidents.find(({ finding }) => finding.id === id);
  return view === "incident" && known !== undefined ? id : (model.incidents[0]?.finding.id ?? "");
}

function key(event: KeyboardEvent, model: Model): void {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) return;
  const number = Number(event.key);
  if (number >= 1 && number <= VIEWS.length) location.hash = `#${VIEWS[number - 1]![0]}`;
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1, model);
  else if (event.key === "ArrowRight" || event.key === "ArrowLeft") arrow(event);
  else if (event.key === "l") toggle("picture", "lanes", "cut");
  else if (event.key === "t") nextChoice("Scale");
  else if (event.key === "o") location.hash = `#octets/${encodeURIComponent(incidentId(model))}`;
  else if (event.key === "n" || event.key === "p")
    document.getElementById(event.key === "n" ? "next-stop" : "previous-stop")?.click();
  else if (event.key === "Enter" && target instanceof SVGElement) open(target, model);
  else if (event.key === "/") find(event);
  else if ("+=-0".includes(event.key) && zoomByKey(event.key)) event.preventDefault();
  else if (event.key === "?") help();
  else if (event.key === "Escape") leave();
}

function leave(): void {
  const dialog = document.querySelector("dialog");
  if (dialog !== null) dialog.remove();
  else location.hash = "#overview";
}

function toggle(name: string, value: string, other: string): void {
  if (stateOf(location.hash).view !== "incident") return;
  set(name, stateOf(location.hash).settings.get(name) === value ? other : value);
}

/** Presses the button behind the pressed one. */
function nextChoice(label: string): void {
  const buttons = [...document.querySelectorAll<HTMLElement>(`main [role=group][aria-label="${label}"] button`)];
  const at = buttons.findIndex(each => each.getAttribute("aria-pressed") === "true");
  buttons[(at + 1) % buttons.length]?.click();
}

/** The next place of the incident; behind the last one, the next incident. */
function step(by: number, model: Model): void {
  const state = stateOf(location.hash);
  const places = document.querySelectorAll(".place").length;
  const pressed = [...document.querySelectorAll(".place")].findIndex(
    each => each.getAttribute("aria-pressed") === "true",
  );
  if (state.view === "incident" && places > 0 && pressed + by >= 0 && pressed + by < places) {
    set("place", `${pressed + by + 1}`);
    return;
  }
  const at = model.incidents.findIndex(({ finding }) => finding.id === incidentId(model));
  const next = state.view === "incident" ? model.incidents[at + by] : model.incidents[0];
  if (next !== undefined) location.hash = hashOf({ view: "incident", id: next.finding.id, settings: new Map() });
}

function arrow(event: KeyboardEvent): void {
  const pieces = [...document.querySelectorAll<SVGElement>("g.piece")];
  const at = pieces.indexOf(document.activeElement as SVGElement);
  if (at < 0) return;
  const next = pieces[at + (event.key === "ArrowRight" ? 1 : -1)];
  if (next === undefined) return;
  event.preventDefault();
  pieces[at]!.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}

function find(event: KeyboardEvent): void {
  event.preventDefault();
  const field = document.getElementById("search") ?? document.getElementById("jump");
  if (field !== null) field.focus();
  else location.hash = `#messages?${FOCUS}`;
}

function help(): void {
  const dialog = h(
    "dialog",
    { "aria-label": "Keys" },
    h("h2", {}, "Keys"),
    h("dl", {}, ...KEYS.flatMap(([keys, words]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, words)])),
    h("button", { type: "button", click: () => dialog.remove() }, "Close"),
  ) as HTMLDialogElement;
  document.body.append(dialog);
  dialog.showModal();
}

async function main(): Promise<void> {
  const page = document.getElementById("page")!;
  const isLive = document.getElementById("data")!.dataset.encoding === "live";
  const live = isLive ? new LivePage(model => draw(model, page, live!.bar())) : null;
  const file = isLive ? null : modelOf(await unpacked());
  const model = (): Model | null => file ?? live?.model ?? null;
  document.getElementById("plain")?.remove();
  const redraw = (): void => {
    const shown = model();
    if (shown !== null) draw(shown, page, live?.bar() ?? null);
    else
      page.replaceChildren(
        h("header", {}, h("nav", {}, h("strong", {}, "ghostframe"), live?.bar())),
        h("main", { id: "main" }, h("h1", {}, "Connecting …")),
      );
  };
  let drawn = location.hash;
  // The event of a new address comes late: a key that is pressed before it must find the page that the address means.
  const follow = (): void => {
    if (location.hash === drawn) return;
    drawn = location.hash;
    forgetZoom();
    live?.moved();
    redraw();
    const toSearch = stateOf(location.hash).settings.has(FOCUS);
    const there = document.querySelector<HTMLElement>("main [aria-current=location]");
    (there ?? document.getElementById(toSearch ? "search" : "main"))?.focus({ preventScroll: true });
    if (there === null) window.scrollTo(0, 0);
    else there.scrollIntoView({ block: "center" });
  };
  window.addEventListener("hashchange", follow);
  let width = document.documentElement.clientWidth;
  window.addEventListener("resize", () => {
    if (Math.abs(document.documentElement.clientWidth - width) < 24) return;
    width = document.documentElement.clientWidth;
    redraw();
  });
  const withModel = (act: (model: Model) => void): void => {
    const shown = model();
    if (shown !== null) act(shown);
  };
  document.addEventListener("keydown", event => {
    follow();
    withModel(shown => key(event, shown));
  });
  document.addEventListener("mouseover", event => show(event.target));
  document.addEventListener("focusin", event => show(event.target));
  document.addEventListener("click", event => withModel(shown => open(event.target, shown)));
  redraw();
  live?.begin();
}

await main();
