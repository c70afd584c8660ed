/**
 * `--format html`: one file that opens from disk and uses no network. The page is built with the package (html/page/);
 * a report adds its title, its text for browsers without scripts, and its data.
 */
import { printable } from "../bytes/printable.ts";
import type { PageData } from "./html/page-data.ts";
import { jsonLine } from "./json.ts";
import { DEFAULT_FORMAT_OPTIONS } from "./report-format.ts";
import { answer } from "./text/first-screen.ts";
import { overview } from "./text/overview.ts";
import { text } from "./text.ts";

export interface HtmlParts {
  /** The built page: dist/page/page.html. */
  page: string;
  /** Base64 of gzip. Without it the data are written as they are. */
  pack?: (text: string) => string;
}

export function html(data: PageData, { page, pack }: HtmlParts): string {
  const { report } = data;
  const json = jsonLine(data);
  const parts: Readonly<Record<string, string>> = {
    title: escaped(`ghostframe: ${printable(answer(overview(report)), 120)}`),
    plain: escaped(text(report, DEFAULT_FORMAT_OPTIONS)),
    encoding: pack === undefined ? "json" : "gzip",
    // In JSON a less-than sign occurs only in strings, where its escape means the same.
    data: pack === undefined ? json.replaceAll("<", "\\u003c") : pack(json),
    connects: "",
  };
  return filled(page, parts);
}

/** The page that `proxy --ui` serves: it gets its data from there, and may use no other source. */
export function livePage({ page }: Pick<HtmlParts, "page">): string {
  return filled(page, {
    title: "ghostframe: live",
    plain: "This page needs a browser with JavaScript: it shows what happens while it happens.",
    encoding: "live",
    data: "",
    connects: " connect-src 'self';",
  });
}

function filled(page: string, parts: Readonly<Record<string, string>>): string {
  return page.replace(/@@(title|plain|encoding|data|connects)@@/g, (_, name: string) => parts[name]!);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(plain: string): string {
  return plain.replace(/[&<>"]/g, sign => ENTITIES[sign]!);
}
