/** Every known line, in the order in which they are tried: specific rows go before general ones. */
import { BARE_NAME_LINES } from "./bare-name-lines.ts";
import { BROKER_CONNECTION_LINES } from "./broker-connection-lines.ts";
import { BROKER_PROCESS_LINES } from "./broker-process-lines.ts";
import { CLIENT_CHANNEL_LINES } from "./client-channel-lines.ts";
import { CLIENT_CONNECTION_LINES } from "./client-connection-lines.ts";
import { CLIENT_FRAME_LINES } from "./client-frame-lines.ts";
import { CLIENT_HANDSHAKE_LINES } from "./client-handshake-lines.ts";
import { CLIENT_READ_LINES } from "./client-read-lines.ts";
import { CONNECT_LINES, LAST_LINES } from "./connect-lines.ts";
import { DECLARATION_LINES } from "./declaration-lines.ts";
import { EXCEPTION_LINES } from "./exception-lines.ts";
import type { KnownLine } from "./known-line.ts";
import { LIMIT_LINES } from "./limit-lines.ts";
import { OTHER_LINES } from "./other-lines.ts";
import { REPLY_CODE_LINES } from "./reply-code-lines.ts";
import { REPLY_LINES } from "./reply-lines.ts";
import { REPLY_NAME_LINES } from "./reply-name-lines.ts";
import { STREAM_LINES } from "./stream-lines.ts";

const ALL: readonly KnownLine[] = [
  ...OTHER_LINES,
  ...CLIENT_READ_LINES,
  ...CLIENT_FRAME_LINES,
  ...LIMIT_LINES,
  ...REPLY_LINES,
  ...DECLARATION_LINES,
  ...REPLY_CODE_LINES,
  ...REPLY_NAME_LINES,
  ...BROKER_CONNECTION_LINES,
  ...BROKER_PROCESS_LINES,
  ...CLIENT_HANDSHAKE_LINES,
  ...CLIENT_CHANNEL_LINES,
  ...CONNECT_LINES,
  ...CLIENT_CONNECTION_LINES,
  ...STREAM_LINES,
  ...EXCEPTION_LINES,
  ...BARE_NAME_LINES,
  ...LAST_LINES,
];

export const KNOWN_LINES: readonly KnownLine[] = [
  ...ALL.filter(({ generic }) => generic !== true),
  ...ALL.filter(({ generic }) => generic === true),
];

const BY_ID = new Map(KNOWN_LINES.map(line => [line.id, line]));

/** The row with that id, which must exist. */
export function knownLine(id: string): KnownLine {
  const line = BY_ID.get(id);
  if (line === undefined) throw new Error(`no known line ${id}`);
  return line;
}
