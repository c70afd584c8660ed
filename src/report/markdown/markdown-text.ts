/** Text in GitHub's Markdown that shows as it is, whatever is in it. */

/**
 * What forms something inside a line of GitHub's Markdown: emphasis, code, links, tags, references to people, issues and
 * emoji, formulas, table cells, and the `:` and `.` by which it knows bare addresses. Lines never begin with such text.
 */
const STRUCTURE = /[#$&*:<>@[\\\]_`|~]|(?<=www)\./gi;

/**
 * Text as prose or as a table's cell: as references, which never have a meaning of their own. Only addresses of mail are
 * made links from what references stand for; the comment behind the at sign, which is not shown, keeps them apart.
 */
export function markdownText(text: string): string {
  return text
    .replace(STRUCTURE, character => (character === "@" ? "&#64;<!-- -->" : `&#${character.charCodeAt(0)};`))
    .replace(/\s+/g, " ")
    .trim();
}

/** Text as a code span; not for a table's cell, where a bar would end it. */
export function codeSpan(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  // One space on each side is taken off again, so that a backtick at the edge is not the fence's.
  return `${fence} ${line} ${fence}`;
}
