import type { Discretion } from "../connection/discretion.ts";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import type { Side } from "../net/connection-observer.ts";
import { isoTime } from "../net/place.ts";
import type { Endpoint } from "../report/report.ts";
import type { Attributes } from "./records.ts";
import { shownName, shownText } from "./shown.ts";
import type { ConnectionTrace, TraceIds } from "./trace-ids.ts";

/** A broker: its given name, and the address behind it; null if that is not known. */
export interface Broker extends Endpoint {
  readonly peer: Endpoint | null;
}

/** A broker that is known by its address. */
export function brokerAt(peer: Endpoint): Broker {
  return { ...peer, peer };
}

export function brokerAttributes({ address, port, peer }: Broker): Attributes {
  return {
    "server.address": shownText(address),
    "server.port": port,
    ...(peer === null ? {} : { "network.peer.address": peer.address, "network.peer.port": peer.port }),
  };
}

/** Shared by the spans of a connection's messages. */
export interface ConnectionSource {
  readonly trace: ConnectionTrace;
  readonly attributes: Readonly<Attributes>;
  readonly discretion: Discretion;
  /** The proxy's number of the connection, if its octets are recorded; else null. */
  readonly recorded: number | null;
}

/**
 * `id`: the connection's name in reports; `server`: the broker, if the connection leads to a proxy; else null.
 * `isRecorded`: whether the octets that the proxy relays are recorded.
 */
export function connectionSource(
  ids: TraceIds,
  id: string,
  connection: InspectedConnection,
  server: Broker | null,
  isRecorded = false,
): ConnectionSource {
  const { amqp, carrier } = connection;
  const { client, discretion, login } = amqp;
  const side = (1 - client) as Side;
  const broker = server ?? brokerAt({ address: carrier.address(side), port: carrier.port(side) });
  const name = login.properties.get("connection_name");
  return {
    trace: ids.connection({
      start: isoTime(carrier.first),
      ends: [`${carrier.address(0)} ${carrier.port(0)}`, `${carrier.address(1)} ${carrier.port(1)}`],
      tunnels: carrier.tunnels(),
    }),
    attributes: {
      "messaging.system": "rabbitmq",
      ...(name === undefined ? {} : { "messaging.client.id": shownName(name, discretion) }),
      ...brokerAttributes(broker),
      "ghostframe.connection.id": id,
    },
    discretion,
    recorded: isRecorded ? Number(id.slice(1)) : null,
  };
}
