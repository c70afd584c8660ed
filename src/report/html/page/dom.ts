/** Makes elements. Text only ever becomes text: nothing from the wire is parsed. */

export type Child = Node | string | number | null | false | undefined;
export type Attributes = Readonly<
  Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>
>;

/** An HTML element; attributes that are functions listen to the event of their name. */
export function h(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElement {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function s(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === "number" ? String(child) : child);
  }
  return element;
}

/** A link within the report. */
export function link(to: string, text: string, attributes: Attributes = {}): HTMLElement {
  return h("a", { href: `#${to}`, ...attributes }, text);
}

/** Buttons of which one is pressed. */
export function choice<T extends string>(
  label: string,
  options: readonly (readonly [T, string])[],
  chosen: T,
  choose: (value: T) => void,
): HTMLElement {
  return h(
    "div",
    { class: "choice", role: "group", "aria-label": label },
    ...options.map(([value, text]) =>
      h("button", { type: "button", "aria-pressed": String(value === chosen), click: () => choose(value) }, text),
    ),
  );
}

/** A button that copies a text, or one that is made when needed. Without access to the clipboard the text is shown. */
export function copyButton(content: string | (() => string), words = "Copy"): HTMLElement {
  const button = h("button", {
    type: "button",
    class: "copy",
    click: () => {
      const text = typeof content === "string" ? content : content();
      const done = (): void => {
        button.textContent = "Copied";
      };
      if (navigator.clipboard === undefined) selectText(text, button);
      else navigator.clipboard.writeText(text).then(done, () => selectText(text, button));
    },
  });
  button.textContent = words;
  return button;
}

function selectText(text: string, beside: HTMLElement): void {
  const field = h("textarea", { readonly: true, rows: 3, "aria-label": "Text to copy" }) as HTMLTextAreaElement;
  field.value = text;
  beside.after(field);
  field.select();
}

/** `marked`: attributes of one of the rows. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly Child[])[],
  label: string,
  marked: { row?: number; attributes?: Attributes } = {},
): HTMLElement {
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...heads.map(head => h("th", { scope: "col", class: numeric(head) }, head)))),
      h(
        "tbody",
        {},
        ...rows.map((row, index) =>
          h(
            "tr",
            index === marked.row ? marked.attributes : {},
            ...row.map((cell, at) => h("td", { class: numeric(heads[at]!) }, cell)),
          ),
        ),
      ),
    ),
  );
}

const NUMERIC = new Set(["Octets", "Packets", "Frames", "Frames →", "Connections", "Size", "Body", "Offset", "Packet"]);

function numeric(head: string): string | null {
  return NUMERIC.has(head) ? "number" : null;
}
