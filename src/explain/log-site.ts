/** The connection that a message of RabbitMQ's log concerns: the parts of its first line. */
import type { LogEndpoint, LogSite } from "./error-report.ts";
import type { LogRecord } from "./log-record.ts";

/** What a message about an AMQP connection contains besides its site. */
export interface RecordHead {
  site: LogSite;
  /** Of the frame that was being read: if its header is corrupt, so is this. */
  channel: number | null;
  /**
   * `error` goes before the exception, `closing` before the reason for the end, `accepting` opens a connection,
   * `naming` adds to it; `channel` goes before an exception that closed a channel only; `other` is anything else.
   */
  kind: "error" | "closing" | "accepting" | "naming" | "channel" | "other";
  /** Index in the first line behind what names the connection; 0 if nothing does. */
  end: number;
}

const HEADS: readonly (readonly [kind: RecordHead["kind"], pattern: RegExp])[] = [
  // 3.6 and later: `(PEER -> HOST - NAME, vhost: 'V', user: 'U', state: S), channel C:`
  [
    "error",
    /Error on AMQP connection (?<pid><[\d.]{3,40}>) \((?<about>.{0,2000})\)(?:, channel (?<channel>\d{1,5}))?:/,
  ],
  [
    "channel",
    /Channel error on connection (?<pid><[\d.]{3,40}>) \((?<about>.{0,2000})\)(?:, channel (?<channel>\d{1,5}))?:/,
  ],
  // 3.5 and before.
  ["error", /AMQP connection (?<pid><[\d.]{3,40}>) \((?<state>\w{1,20})\), channel (?<channel>\d{1,5}) - error:/],
  ["error", /exception on TCP connection (?<pid><[\d.]{3,40}>) from (?<peer>\S{3,80})/],
  ["closing", /closing AMQP connection (?:(?<pid><[\d.]{3,40}>) )?\((?<about>.{0,2000})\)(?=:|\s*$)/],
  // 4.1, of a connection that is no AMQP.
  ["closing", /closing AMQP connection (?<about>\S{3,80} -> \S{3,80}) \(duration: '[^']{0,40}'\)(?=:|\s*$)/],
  ["accepting", /accepting AMQP connection (?:(?<pid><[\d.]{3,40}>) )?\(?(?<about>\S{3,80} -> [^\s)]{3,80})\)?/],
  ["naming", /connection (?<pid><[\d.]{3,40}>) \((?<about>.{0,2000}?)\)(?= has a client-provided name|: user)/],
];

/** Reads the head of a message. */
export function readHead(record: LogRecord): RecordHead {
  const first = record.lines[0] ?? "";
  const site: LogSite = {
    time: record.time,
    pid: record.pid,
    peer: null,
    host: null,
    name: "",
    vhost: "",
    user: "",
    state: "",
  };
  // Every head has the word.
  const start = first.slice(0, 4096);
  for (const [kind, pattern] of start.includes("onnection") ? HEADS : []) {
    const match = pattern.exec(start);
    const groups = match?.groups;
    if (match === null || groups === undefined) continue;
    const { pid, about, channel, state, peer } = groups;
    if (pid !== undefined) site.pid = pid;
    if (state !== undefined) site.state = state;
    if (peer !== undefined) site.peer = readEndpoint(peer);
    if (about !== undefined) readAbout(about, site);
    return { site, channel: channel === undefined ? null : Number(channel), kind, end: match.index + match[0].length };
  }
  return { site, channel: null, kind: "other", end: 0 };
}

/** `PEER -> HOST - NAME, vhost: 'V', user: 'U', state: S`; the name is the client's and may hold anything. */
function readAbout(about: string, site: LogSite): void {
  const peers = /^(\S{3,120}) -> ([^\s,]{3,120})/.exec(about);
  if (peers === null) return;
  site.peer = readEndpoint(peers[1]!);
  site.host = readEndpoint(peers[2]!);
  let rest = about.slice(peers[0].length);
  rest = rest.replace(/, duration: '[^']{0,40}'$/, "");
  const state = /, state: (\w{1,20})$/.exec(rest);
  if (state !== null) {
    site.state = state[1]!;
    rest = rest.slice(0, state.index);
  }
  const vhost = rest.lastIndexOf(", vhost: '");
  if (vhost >= 0) {
    const place = /^, vhost: '(.{0,255})', user: '(.{0,255})'$/.exec(rest.slice(vhost));
    site.vhost = place?.[1] ?? "";
    site.user = place?.[2] ?? "";
    rest = rest.slice(0, vhost);
  }
  site.name = rest.startsWith(" - ") ? rest.slice(3) : "";
}

/** `127.0.0.1:5672`, `[::1]:5672`, `::1:5672`, `broker.example:5672`; null if there is no port. */
export function readEndpoint(text: string): LogEndpoint | null {
  const colon = text.lastIndexOf(":");
  const digits = text.length - colon - 1;
  if (colon < 1 || digits < 1 || digits > 5) return null;
  let port = 0;
  for (let i = colon + 1; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return null;
    port = 10 * port + digit;
  }
  if (port > 65_535) return null;
  const isBracketed = text.startsWith("[") && text[colon - 1] === "]";
  return { address: isBracketed ? text.slice(1, colon - 1) : text.slice(0, colon), port };
}
