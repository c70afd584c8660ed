/** How the parts of a text are written for GitHub, Slack and Jira. No text forms markup. */
import { codeSpan, inlineText, markdownText } from "./markdown-text.ts";

export const FLAVORS = ["github", "slack", "jira"] as const;
export type Flavor = (typeof FLAVORS)[number];

export interface Markup {
  heading: (level: number, text: string) => string;
  strong: (text: string) => string;
  text: (text: string) => string;
  /** A line of code. */
  code: (text: string) => string;
  list: (items: readonly string[]) => string;
  /** Lines in a fixed width, as they are. */
  block: (lines: readonly string[]) => string;
}

const ZERO_WIDTH = "\u200b";

const github: Markup = {
  heading: (level, text) => `${"#".repeat(level)} ${inlineText(text)}`,
  strong: text => `**${inlineText(text)}**`,
  text: markdownText,
  code: codeSpan,
  list: items => items.map(item => `- ${item}`).join("\n"),
  block: lines => {
    // A fence ends at a run of backticks that is as long.
    const longest = Math.max(2, ...lines.flatMap(line => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
    const fence = "`".repeat(longest + 1);
    return [`${fence}text`, ...lines, fence].join("\n");
  },
};

/**
 * Signs that form something in Slack only at the edge of a word; people, channels, addresses and emoji. A time is no
 * emoji, and an address with its port is nothing else.
 */
const SLACK_SIGN =
  /(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])|`|[@#](?=[\p{L}\p{N}_-])|:(?=\/\/)|:(?!\d\d:)(?=[\w+-]+:)/gu;

/** Slack's mrkdwn, as it is pasted: it has no escapes, so a zero-width space keeps a sign from forming anything. */
const slack: Markup = {
  heading: (_, text) => `*${plainSlack(text)}*`,
  strong: text => `*${plainSlack(text)}*`,
  text: plainSlack,
  code: text => `\`${codeOfSlack(text).replace(/\s+/g, " ")}\``,
  list: items => items.map(item => `• ${item}`).join("\n"),
  block: lines => ["```", ...lines.map(codeOfSlack), "```"].join("\n"),
};

/** A backtick would end the code; references to people work in it, too. */
function codeOfSlack(text: string): string {
  return text.replaceAll("`", "'").replace(/<(?=[!@#])/g, "‹");
}

function plainSlack(text: string): string {
  return text
    .replace(/<(?=[!@#a-z])/gi, "‹")
    .replace(SLACK_SIGN, sign => sign + ZERO_WIDTH)
    .replace(/^(?=>|[•-] |\d+[.)] )/, ZERO_WIDTH)
    .replace(/\s+/g, " ")
    .trim();
}

/** Signs that form something in Jira anywhere, or only at the edge of a word; `\` escapes no others. */
const JIRA_SIGN =
  /[{}[\]|!^~]|(?<![\p{L}\p{N}])[*_+?@-]|[*_+?@-](?![\p{L}\p{N}])|\((?=(?:[ynix/!+?*-]|\*[rgby]|on|off|flag|flagoff)\))/giu;

const jira: Markup = {
  heading: (level, text) => `h${level}. ${plainJira(text)}`,
  strong: text => `*${plainJira(text)}*`,
  text: plainJira,
  code: text => `{{${plainJira(text)}}}`,
  list: items => items.map(item => `* ${item}`).join("\n"),
  block: lines => ["{noformat}", ...lines.map(line => line.replace(/\{(?=\w+[}:])/g, "{ ")), "{noformat}"].join("\n"),
};

/** A backslash keeps Jira's signs from forming anything; a backslash itself needs a reference. */
function plainJira(text: string): string {
  return text
    .trim()
    .replaceAll("\\", "&#92;")
    .replace(JIRA_SIGN, "\\$&")
    .replace(/(https?|ftp|mailto|file):/gi, `$1${ZERO_WIDTH}:`)
    .replace(/^(?=#|bq\.|h[1-6]\.)/, ZERO_WIDTH)
    .replace(/\s+/g, " ");
}

export const MARKUP: Readonly<Record<Flavor, Markup>> = { github, slack, jira };
