/** Relayed connections made up octet by octet, inspected live, at a time of day that only the test moves on. */
import { Moment, type Side } from "../../src/net/connection-observer.ts";
import { LiveInspection, type LiveInspectionOptions } from "../../src/proxy/live-inspection.ts";
import type { ConnectionEvent, FindingEvent } from "../../src/report/live-event.ts";
import { UPSTREAM } from "./played-connections.ts";
import type { Octets } from "./wire.ts";

/** 2026-11-21T18:20:00Z. */
const BEGIN = 1_795_285_200;
const LISTENER = { address: "127.0.0.1", port: 5673 };

export class LiveScene {
  readonly events: ConnectionEvent[] = [];
  readonly inspection: LiveInspection;
  readonly #moment = new Moment();

  constructor(
    options: Pick<LiveInspectionOptions, "untanglingSteps" | "telemetry" | "watch"> & {
      onEvent?: (event: ConnectionEvent) => void;
    } = {},
  ) {
    this.#moment.seconds = BEGIN;
    const emit = (event: ConnectionEvent): void => {
      this.events.push(event);
      options.onEvent?.(event);
    };
    this.inspection = new LiveInspection({ broker: "rabbitmq-3.10", moment: this.#moment, emit, ...options });
  }

  /** A client comes. */
  accept(number = 1): this {
    const client = { address: "127.0.0.1", port: 40_000 + (number % 20_000) };
    const upstream = { address: "broker.example", port: 5672 };
    const encrypted = { client: false, upstream: false };
    this.inspection.opened({ number, client, listener: LISTENER, upstream, encrypted });
    return this;
  }

  /** A client comes, and is connected to its broker. */
  open(number = 1): this {
    this.accept(number).inspection.connected(number, { upstream: UPSTREAM });
    return this;
  }

  client(octets: Octets, number = 1): this {
    return this.#sends(number, 0, octets);
  }

  broker(octets: Octets, number = 1): this {
    return this.#sends(number, 1, octets);
  }

  end(side: Side, reason: "fin" | "rst" = "fin", number = 1): this {
    this.inspection.end(number, side, reason);
    return this;
  }

  close(number = 1): this {
    this.inspection.closed(number);
    return this;
  }

  /** So many seconds pass, each with its tick. */
  pass(seconds: number): this {
    for (let i = 0; i < seconds; i++) {
      this.#moment.seconds++;
      this.inspection.tick();
    }
    return this;
  }

  /** What was told, an event a line. */
  get log(): string[] {
    return this.events.map(line);
  }

  get findings(): FindingEvent[] {
    return this.events.filter(event => event.event === "finding");
  }

  #sends(number: number, side: Side, octets: Octets): this {
    // Octets of a batch: others stand around them, and they are gone when the call is over.
    const batch = new Uint8Array(octets.length + 14).fill(0x08);
    batch.set(octets, 7);
    this.inspection.data(number, side, batch, 7, 7 + octets.length);
    batch.fill(0x08);
    return this;
  }
}

function line(event: ConnectionEvent): string {
  const { id } = event.connection;
  switch (event.event) {
    case "opened":
      return `${id} opened`;
    case "fault":
      return `${id} fault ${event.rule} @${event.streamOffset}`;
    case "finding": {
      const { finding, final } = event;
      const kind = finding.diagnosis === undefined ? "" : ` ${finding.diagnosis.kind}`;
      const cause = finding.cause === undefined ? "" : ` by ${finding.cause}`;
      return `${id} ${finding.id} ${finding.rule}${kind}${cause}${final ? "" : ", not over"}`;
    }
    case "trouble":
      return `${id} trouble ${event.kind}`;
    case "uninspected":
    case "guarded":
      return `${id} ${event.event}: ${event.message}`;
    case "closed": {
      const { errors, warnings, notes } = event.findings;
      return `${id} closed ${errors}+${warnings}+${notes}`;
    }
  }
}
