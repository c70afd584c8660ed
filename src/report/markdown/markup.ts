/** How the parts of a text are written for GitHub, Slack and Jira. Whatever text comes in forms nothing. */
import { codeSpan, markdownText } from "./markdown-text.ts";

export const FLAVORS = ["github", "slack", "jira"] as const;
export type Flavor = (typeof FLAVORS)[number];

export interface Markup {
  heading: (level: number, text: string) => string;
  strong: (text: string) => string;
  text: (text: string) => string;
  /** A link; the address is ours, and holds no sign that a flavor acts on. */
  link: (text: string, address: string) => string;
  /** A line of code. */
  code: (text: string) => string;
  list: (items: readonly string[]) => string;
  /** Lines in a fixed width, as they are. */
  block: (lines: readonly string[]) => string;
}

const ZERO_WIDTH = "\u200b";

const github: Markup = {
  heading: (level, text) => `${"#".repeat(level)} ${markdownText(text)}`,
  strong: text => `**${markdownText(text)}**`,
  text: markdownText,
  link: (text, address) => `[${markdownText(text)}](${address})`,
  code: codeSpan,
  list: items => items.map(item => `- ${item}`).join("\n"),
  block: lines => {
    // A fence ends at a run of backticks that is as long.
    const longest = Math.max(2, ...lines.flatMap(line => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
    const fence = "`".repeat(longest + 1);
    return [`${fence}text`, ...lines, fence].join("\n");
  },
};

/** Slack's mrkdwn, as it is pasted: it has no escapes, so that a zero-width space keeps signs from forming anything. */
const slack: Markup = {
  heading: (_, text) => `*${plainSlack(text)}*`,
  strong: text => `*${plainSlack(text)}*`,
  text: plainSlack,
  // What is pasted is no link of Slack's own form: it finds the address.
  link: (text, address) => `${plainSlack(text)} ${address}`,
  code: text => `\`${text.replaceAll("`", "'").replace(/\s+/g, " ")}\``,
  list: items => items.map(item => `• ${item}`).join("\n"),
  block: lines =>
    ["```", ...lines.map(line => line.replaceAll("`", "'").replace(/<(?=[!@#])/g, "‹")), "```"].join("\n"),
};

function plainSlack(text: string): string {
  return text
    .replace(/<(?=[!@#a-z])/gi, "‹")
    .replace(/[*_~`@#:|]/g, sign => sign + ZERO_WIDTH)
    .replace(/\s+/g, " ")
    .trim();
}

const jira: Markup = {
  heading: (level, text) => `h${level}. ${plainJira(text)}`,
  strong: text => `*${plainJira(text)}*`,
  text: plainJira,
  link: (text, address) => `[${plainJira(text)}|${address}]`,
  code: text => `{{${plainJira(text)}}}`,
  list: items => items.map(item => `* ${item}`).join("\n"),
  block: lines => ["{noformat}", ...lines.map(line => line.replace(/\{(?=\w+[}:])/g, "{ ")), "{noformat}"].join("\n"),
};

/** A backslash keeps Jira's signs from forming anything. */
function plainJira(text: string): string {
  return text
    .replace(/[\\{}[\]*_^~+?!|@#&-]/g, sign => (sign === "-" ? "-" : `\\${sign}`))
    .replace(/(https?|ftp|mailto|file):/gi, `$1${ZERO_WIDTH}:`)
    .replace(/\s+/g, " ")
    .trim();
}

export const MARKUP: Readonly<Record<Flavor, Markup>> = { github, slack, jira };
