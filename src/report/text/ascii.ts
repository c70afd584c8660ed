/** Text for a terminal that shows ASCII only. Every character keeps its columns, so that tables and pictures stay. */
import { columns } from "../../bytes/printable.ts";

const SIGNS: Readonly<Record<string, string>> = {
  "█": "#",
  "▄": "=",
  "▒": "%",
  "▓": "@",
  µ: "u",
  "┄": "-",
  "░": ".",
  "╱": "/",
  "▲": "^",
  "└": "`",
  "┘": "'",
  "│": "|",
  "✗": "x",
  "✓": "+",
  "→": ">",
  "←": "<",
  "⇄": "=",
  "·": "|",
  "…": "~",
  "–": "-",
  "—": "-",
  "−": "-",
  "“": '"',
  "”": '"',
  "‘": "'",
  "’": "'",
  "§": "S",
  "×": "x",
  "≥": ">",
  "≤": "<",
  "≈": "~",
};

const ESCAPE = "\u001b";

/** Other characters become question marks; line feeds and colours stay. */
export function inAscii(text: string): string {
  return text.replace(/[^\n\x20-\x7e]/gu, character =>
    character === ESCAPE ? character : (SIGNS[character] ?? "?".repeat(columns(character))),
  );
}
