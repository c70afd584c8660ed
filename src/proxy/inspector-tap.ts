import type { Side } from "../net/connection-observer.ts";
import type { Endpoint } from "../report/report.ts";
import type { ConnectionTap, RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import { CLOSED, CONNECTED, DATA, ENDED_BY_FIN, ENDED_BY_RST, LOST, TROUBLE } from "./octet-batch.ts";
import type { InspectionlessEvent } from "./uninspected-event.ts";

/** What a tap needs from its inspector. */
export interface TapInspector {
  /** The inspector is further behind than it may be. */
  readonly isBehind: boolean;
  write(kind: number, side: Side, connection: number, bytes: Uint8Array): void;
  /** Data whose buffer is handed over. */
  give(side: Side, connection: number, bytes: Uint8Array): void;
  /** A connection continues uninspected because the inspector is behind. */
  fellBehind(): void;
  /** A connection continues uninspected for another reason: the event is emitted without the inspector. */
  emitUninspected(event: InspectionlessEvent, connection: RelayedConnection): void;
  /** Nothing more comes from this tap. */
  forget(tap: InspectorTap): void;
}

/** Hands the events of one connection over to the inspector. */
export class InspectorTap implements ConnectionTap {
  /** No inspector has this connection any more: its events are emitted here. */
  #orphaned = false;
  /** Its octets are not inspected any more, and that was emitted. */
  isLost = false;
  readonly #connection: RelayedConnection;
  readonly number: number;
  readonly #inspector: TapInspector;

  constructor(connection: RelayedConnection, inspector: TapInspector) {
    this.#connection = connection;
    this.number = connection.number;
    this.#inspector = inspector;
  }

  /** The connection continues uninspected, and there is no inspector to report it. */
  orphan(message: string): void {
    this.#orphaned = true;
    if (this.isLost) return;
    this.isLost = true;
    this.#inspector.emitUninspected({ event: "uninspected", message }, this.#connection);
  }

  connected(upstream: Endpoint): void {
    if (this.#orphaned) return;
    const { steps, clientTlsVersion } = this.#connection;
    this.#inspector.write(CONNECTED, 1, this.number, encoded({ upstream, steps, clientTlsVersion }));
  }

  data(side: Side, bytes: Uint8Array, given = false): void {
    if (this.isLost) return;
    if (!this.#inspector.isBehind) {
      if (given) this.#inspector.give(side, this.number, bytes);
      else this.#inspector.write(DATA, side, this.number, bytes);
      return;
    }
    this.isLost = true;
    this.#inspector.fellBehind();
    this.#inspector.write(LOST, 0, this.number, NOTHING);
  }

  end(side: Side, reason: "fin" | "rst"): void {
    if (this.#orphaned) return;
    this.#inspector.write(reason === "fin" ? ENDED_BY_FIN : ENDED_BY_RST, side, this.number, NOTHING);
  }

  trouble(trouble: RelayTrouble): void {
    if (!this.#orphaned) this.#inspector.write(TROUBLE, 0, this.number, encoded(trouble));
  }

  closed(): void {
    if (this.#orphaned) {
      const findings = { errors: 0, warnings: 0, notes: 0 };
      this.#inspector.emitUninspected({ event: "closed", findings }, this.#connection);
    } else this.#inspector.write(CLOSED, 0, this.number, NOTHING);
    this.#inspector.forget(this);
  }
}

export const NOTHING = new Uint8Array(0);
const ENCODER = new TextEncoder();

/** The octets of a record that holds JSON. */
export function encoded(value: object): Uint8Array {
  return ENCODER.encode(JSON.stringify(value));
}
