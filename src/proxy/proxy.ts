/** `ghostframe proxy` without its command line: relay, guard and inspector together, and what they tell. */
import type { BrokerId } from "../broker/versions.ts";
import type { Incident } from "../connection/incident.ts";
import { type ConnectionEvent, EVENT_SCHEMA, type LiveEvent, type ProxyCounters, type ProxyEvent } from "../report/live-event.ts";
import { isoTime } from "../report/time.ts";
import type { RelayedConnection } from "./connection-tap.ts";
import { connectionClose } from "./farewell.ts";
import { Guard } from "./guard.ts";
import { Inspector } from "./inspector.ts";
import type { RecordSetting } from "./inspector-protocol.ts";
import { ProxyServer, type ProxyServerOptions, type Session } from "./proxy-server.ts";
import { WallClock } from "./wall-clock.ts";

/** Milliseconds in which a guarded client may show more of what it writes, before its incident is concluded. */
const GUARD_LISTENS = 100;
/** Milliseconds that the inspector then has to explain it. */
const GUARD_EXPLAINS = 400;

export interface ProxyOptions extends Omit<ProxyServerOptions, "open" | "problem"> {
  broker: BrokerId;
  record: RecordSetting | null;
  guard: boolean;
  sharedSockets: boolean;
  tell: (event: LiveEvent) => void;
}

export class Proxy {
  readonly #options: ProxyOptions;
  readonly #server: ProxyServer;
  readonly #inspector: Inspector;
  readonly #clock = new WallClock();
  readonly #counts = { errors: 0, warnings: 0, notes: 0 };
  /** Ids of findings that may be told again. */
  readonly #provisional = new Set<string>();
}
