/** `doctor`'s checks of a capture: whether it holds what a report needs. They do not search for corruption. */
import { basename } from "node:path";
import { grouped } from "../bytes/grouped.ts";
import { printable } from "../bytes/printable.ts";
import type { Finding, Input, Report, Unread } from "../report/report.ts";
import { counted, isEncrypted, size } from "../report/text/wording.ts";
import type { Check } from "./machine-checks.ts";

/** A report on one capture, as checks. */
export function captureChecks({ inputs, connections, findings }: Report): Check[] {
  return inputs.flatMap((input, at) => {
    const what = basename(input.path);
    const { error } = input;
    if (error !== undefined && input.packets === 0) {
      return [{ state: "fail", what, found: error, todo: "Name a pcap or pcapng file." } as const];
    }
    const own = findings.filter(finding => finding.input === at);
    const amqp = connections.filter(connection => connection.input === at);
    const encrypted = amqp.filter(isEncrypted).length;
    return [
      whole(input, own, what),
      ...checksOf(own, "snap-length", what, "packets lack their end", "Capture whole packets: tcpdump -s 0."),
      ...checksOf(own, "capture-gap", what, "octets are missing", "Capture with a larger buffer: tcpdump -B 65536."),
      ...checksOf(own, "mid-stream", what, "begun before the capture", "Begin to capture before the clients connect."),
      ...dropped(input, what),
      ...traffic(amqp.length - encrypted, encrypted, what),
      ...(input.unread ?? []).map(each => unread(each, what)),
    ];
  });
}

function whole({ format, packets, octets, error }: Input, findings: readonly Finding[], what: string): Check {
  const facts = `${format}, ${counted(packets, "packet")}, ${size(octets)}`;
  const todo = "Copy it again, or capture anew.";
  if (error !== undefined) return { state: "fail", what, found: `${facts}; ${printable(error, 300)}`, todo };
  const cut = findings.find(({ rule }) => rule === "file-truncated");
  if (cut === undefined) return { state: "ok", what, found: facts, todo: "" };
  const found = `${facts}; ${printable(cut.message.replace(/\.$/, ""), 300)} (file-truncated)`;
  return { state: "warn", what, found, todo: "Copy it again when the capture is over, or capture anew." };
}

/** Connections with notes of one rule. */
function checksOf(
  findings: readonly Finding[],
  rule: Finding["rule"],
  what: string,
  words: string,
  todo: string,
): Check[] {
  const own = findings.filter(finding => finding.rule === rule);
  if (own.length === 0) return [];
  const where = new Set(own.map(({ connection }) => connection)).size;
  return [{ state: "warn", what, found: `${words}: ${counted(where, "connection")} (${rule})`, todo }];
}

/** What the capturing program reports as lost. */
function dropped({ notes }: Input, what: string): Check[] {
  const said = notes.filter(note => /\bdropped\b/i.test(note));
  const todo = "Capture with a larger buffer (tcpdump -B 65536), or a filter: port 5672.";
  return said.map(note => ({ state: "warn", what, found: printable(note.replace(/\.$/, ""), 300), todo }));
}

/** `read`: connections whose frames could be read; for the `encrypted` ones only the records of TLS could. */
function traffic(read: number, encrypted: number, what: string): Check[] {
  const checks: Check[] = [];
  if (read > 0) checks.push({ state: "ok", what, found: counted(read, "AMQP connection"), todo: "" });
  if (encrypted > 0) {
    const found = `${counted(encrypted, "TLS connection")}, not decrypted: frames were not read, only records of TLS`;
    checks.push({ state: "warn", what, found, todo: "Give the key log: --tls-keys FILE (docs/tls.md)." });
  }
  if (checks.length > 0) return checks;
  const todo = "Where AMQP was spoken: --decode-as PORT, --tls-keys FILE, or another interface.";
  return [{ state: "warn", what, found: "no AMQP 0-9-1 connection", todo }];
}

function unread({ message, packets = 0, connections = 0, mayHoldAmqp }: Unread, what: string): Check {
  const count = [
    packets > 0 ? counted(packets, "packet") : "",
    connections > 0 ? counted(connections, "connection") : "",
  ];
  const found = `${printable(message.replace(/\.$/, ""), 300)} (${count.filter(part => part !== "").join(", ")})`;
  return mayHoldAmqp
    ? { state: "warn", what, found, todo: "See what ghostframe inspect says helps." }
    : { state: "ok", what, found, todo: "" };
}

/** How many of each: `5 ok, 1 warn, 0 fail`. */
export function countsLine(checks: readonly Check[]): string {
  const count = (state: Check["state"]) => grouped(checks.filter(each => each.state === state).length);
  return `${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed`;
}
