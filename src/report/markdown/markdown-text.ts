/**
 * Text in GitHub's Markdown that shows as it is, with any content. A sign is only escaped where it would form
 * something: what people read in a ticket before it is rendered, or copy from it, stays as it came.
 */

/** Always escaped: emphasis, code, tags, links, table cells, and the escape itself. */
const ALWAYS = /[\\`*<[\]|~]/g;
/** Underscores form emphasis only at the edge of a word. */
const EDGE_UNDERSCORE = /(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;
/** `&lt;`, `&#60;` */
const REFERENCE = /&(?=[#a-z])/gi;
/** The sign by which GitHub recognises a bare address: `https://…`, `www.…` */
const ADDRESS = /:(?=\/\/)|(?<=www)\./gi;
/**
 * What GitHub searches for in the rendered text, where no escape is left: people and mail, issues, emoji. A comment,
 * which is not shown, separates the sign from the rest. `18:19:51` is none: no emoji has a name of two digits.
 */
const AFTERWARDS = /@(?=[\p{L}\p{N}_-])|#(?=\d)|(?<=\bGH)-(?=\d)|:(?!\d\d:)(?=[\w+-]+:)/giu;
/** What makes a list, a quotation, a heading or a line of the text that begins with it. */
const BEGIN = /^(?:[-+=>#]|\d{1,9}(?=[.)](?: |$)))/;

/** Text as a paragraph, or as the beginning of a list item. */
export function markdownText(text: string): string {
  return inlineText(text).replace(BEGIN, begin => (/\d/.test(begin) ? `${begin}\\` : `\\${begin}`));
}

/** Text behind other text, in a heading, or as a table's cell. */
export function inlineText(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return (
    line
      .replace(ALWAYS, "\\$&")
      .replace(EDGE_UNDERSCORE, "\\_")
      .replace(REFERENCE, "\\&")
      .replace(ADDRESS, "\\$&")
      .replace(AFTERWARDS, "$&<!-- -->")
      // A formula's sign has no escape.
      .replaceAll("$", "&#36;")
  );
}

/** Text as a code span; not for a table's cell, where a bar would end it. */
export function codeSpan(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  // One space on each side is removed again: so a backtick at the edge is not the fence's, and no space is lost.
  const edge = /^[` ]|[` ]$|^$/.test(line) ? " " : "";
  return `${fence}${edge}${line}${edge}${fence}`;
}
