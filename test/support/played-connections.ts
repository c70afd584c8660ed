/** A capture's connections played to whatever takes a relay's octets: what a proxy would have seen of them. */
import { readCapture } from "../../src/capture/capture-source.ts";
import { InputError } from "../../src/capture/input-error.ts";
import { Moment, type Side } from "../../src/net/connection-observer.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";
import type { RelayedConnection } from "../../src/proxy/connection-tap.ts";
import { LiveInspection } from "../../src/proxy/live-inspection.ts";
import type { ConnectionEvent } from "../../src/report/live-event.ts";
import type { Connection, Finding } from "../../src/report/report.ts";

export const UPSTREAM = { address: "192.0.2.1", port: 5672 };

export interface Player {
  opened(connection: RelayedConnection, moment: Moment): void;
  data(number: number, side: Side, bytes: Uint8Array, start: number, end: number, moment: Moment): void;
  end(number: number, side: Side, reason: "fin" | "rst", moment: Moment): void;
}

/** Returns false where the capture lacks octets, which a proxy never does, or cannot be read. */
export async function playConnections(captures: readonly string[], player: Player): Promise<boolean> {
  let whole = true;
  let count = 0;
  const assembler = new TcpAssembler((tcp: TcpConnection) => {
    const number = ++count;
    const end = (side: Side) => ({ address: tcp.address(side), port: tcp.port(side) });
    if (!tcp.sawSyn) whole = false;
    const encrypted = { client: false, upstream: false };
    player.opened({ number, client: end(0), listener: end(1), upstream: UPSTREAM, encrypted }, tcp.first);
    return {
      data: (side, bytes, start, to) => player.data(number, side, bytes, start, to, assembler.moment),
      gap: () => {
        whole = false;
      },
      end: (side, reason) => {
        if (reason !== "capture-ended") player.end(number, side, reason, assembler.moment);
      },
    };
  });
  try {
    for (const path of captures) await readCapture(path, record => assembler.packet(record), {});
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
  assembler.finish();
  return whole;
}

/** What a live inspection tells of a capture's connections; null where the capture lacks octets. */
export async function liveEvents(captures: readonly string[]): Promise<ConnectionEvent[] | null> {
  const events: ConnectionEvent[] = [];
  const moment = new Moment();
  const inspection = new LiveInspection({ broker: "auto", moment, emit: event => events.push(event) });
  const at = (now: Moment): void => {
    moment.set(now);
    moment.packet = 0;
    moment.input = 0;
  };
  const whole = await playConnections(captures, {
    opened: (connection, now) => {
      at(now);
      inspection.opened(connection);
      inspection.connected(connection.number, { upstream: UPSTREAM });
    },
    data: (number, side, bytes, start, end, now) => {
      at(now);
      inspection.data(number, side, bytes, start, end);
    },
    end: (number, side, reason, now) => {
      at(now);
      inspection.end(number, side, reason);
    },
  });
  for (const {
    carrier: { number },
  } of inspection.open)
    inspection.closed(number);
  return whole ? events : null;
}

/**
 * Findings as text without what only numbers them: ids, packets, times, the order of connections. And without the messages
 * that are lost: those behind an incident are known when its connection is over, which a live finding does not wait for.
 */
export function unnumbered(findings: readonly Finding[], connections: readonly Connection[]): string[] {
  const clients = new Map(connections.map(({ id, client }) => [id, client]));
  return findings
    .map(
      ({
        id: _id,
        packets: _packets,
        cause: _cause,
        input: _input,
        time: _time,
        at: _at,
        lost: _lost,
        connection,
        ...rest
      }) => {
        const client = connection === null ? null : clients.get(connection);
        return JSON.stringify({ ...rest, client }, (key, value: unknown) => {
          // How a message was lost is settled with the list of lost messages, at the end.
          if (key === "fate") return value === "torn" ? value : "lost";
          return PLACES.has(key) ? [] : value;
        });
      },
    )
    .toSorted();
}

/** Keys of what says in which packets something is. */
const PLACES = new Set(["packets", "at", "ofAt", "unexplainedAt"]);
