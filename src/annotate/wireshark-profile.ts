/** Files of a Wireshark profile that highlights packets with comments of ghostframe. */

export interface ProfileFile {
  name: string;
  text: string;
}

interface Rule {
  label: string;
  /** On its button in Wireshark's filter toolbar. */
  button: string;
  filter: string;
  /** Background and foreground: red, green and blue of 65,535 each. */
  colours: [background: string, foreground: string];
}

const WHITE = "65535,65535,65535";
const BLACK = "0,0,0";

/** The first one that fits colours a packet. */
const RULES: readonly Rule[] = [
  {
    label: "ghostframe: an error begins here",
    button: "error",
    filter: 'frame.comment matches "^ghostframe f[0-9]+ [a-z-]+ [(]error[)]:"',
    colours: ["46003,4369,4369", WHITE],
  },
  {
    label: "ghostframe: a piece of a torn frame",
    button: "torn",
    filter: 'frame.comment matches "^ghostframe f[0-9]+ piece "',
    colours: ["62965,39578,5140", BLACK],
  },
  {
    label: "ghostframe: a message that was lost begins here",
    button: "lost",
    filter: 'frame.comment matches "^ghostframe f[0-9]+ message .*: (torn|swallowed|unread|refused|unconfirmed)$"',
    colours: ["64250,52171,30326", BLACK],
  },
  {
    label: "ghostframe: a warning",
    button: "warning",
    filter: 'frame.comment matches "^ghostframe f[0-9]+ [a-z-]+ [(]warning[)]:"',
    colours: ["65021,62708,39321", BLACK],
  },
  {
    label: "ghostframe: anything",
    button: "ghostframe",
    filter: 'frame.comment matches "^ghostframe f[0-9]+ "',
    colours: ["57568,61423,65021", BLACK],
  },
];

/** To be put into a folder of Wireshark's profiles. */
export function wiresharkProfile(): ProfileFile[] {
  const colours = RULES.map(
    ({ label, filter, colours: [back, fore] }) => `@${label.replace(":", ",")}@${filter}@[${back}][${fore}]`,
  );
  const filters = RULES.map(({ label, filter }) => `"${label}" ${filter}`);
  const buttons = RULES.map(({ button, filter }) => `"TRUE","${button}","${filter.replaceAll('"', "\\x22")}",""`);
  return [
    { name: "colorfilters", text: lines(colours) },
    { name: "dfilters", text: lines(filters) },
    { name: "dfilter_buttons", text: lines(buttons) },
  ];
}

function lines(texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}
