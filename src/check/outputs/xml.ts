/** XML 1.0, as much of it as JUnit's reports need: elements, attributes and text, escaped in this one place. */
import { visibleEscape } from "../../bytes/printable.ts";

/** Characters that no XML 1.0 document may hold, not even as references (section 2.2, Char). */
const FORBIDDEN = /(?![\t\n\r\u007f-\u009f])\p{Cc}|\p{Surrogate}|[\ufffe\uffff]/gu;
const MARKUP = /[&<>"']/g;
const NAMES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** What would make a printed line a workflow command, if it were not a reference: see workflow-command.ts. */
const COMMAND = /#(?=#[\w.]*\[)|(?<=^\s*):(?=:)/gm;

/** Text as an element's content. What XML forbids is shown as a visible escape, as printable text has it. */
export function xmlText(text: string): string {
  // A parser would make a carriage return a line feed, unless it is a reference.
  return text
    .replace(FORBIDDEN, visibleEscape)
    .replace(MARKUP, character => NAMES[character]!)
    .replaceAll("\r", "&#13;")
    .replace(COMMAND, character => `&#${character.charCodeAt(0)};`);
}

/** Text as an attribute's value, whose white space a parser would make spaces. */
export function xmlAttribute(text: string): string {
  return xmlText(text).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
}

/** An element that holds text or other elements, or nothing. */
export interface Element {
  name: string;
  attributes: Readonly<Record<string, string | number>>;
  content: string | readonly Element[];
}

export function element(
  name: string,
  attributes: Element["attributes"] = {},
  content: Element["content"] = [],
): Element {
  return { name, attributes, content };
}

/** The document, indented by two spaces a level, ending in a line feed. Text stands as it is. */
export function xmlDocument(root: Element): string {
  const parts = ['<?xml version="1.0" encoding="UTF-8"?>\n'];
  writeElement(root, "", parts);
  return parts.join("");
}

function writeElement({ name, attributes, content }: Element, margin: string, parts: string[]): void {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlAttribute(String(value))}"`);
  parts.push(`${margin}<${name}${written.join("")}`);
  if (content.length === 0) {
    parts.push("/>\n");
  } else if (typeof content === "string") {
    parts.push(`>${xmlText(content)}</${name}>\n`);
  } else {
    parts.push(">\n");
    for (const child of content) writeElement(child, `${margin}  `, parts);
    parts.push(`${margin}</${name}>\n`);
  }
}
