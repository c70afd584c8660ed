import type { InspectedConnection } from "../../inspection/inspected-connection.ts";
import { observedVerdict, predictedVerdict } from "../../inspection/verdict.ts";
import type { InjectedReset, Side } from "../../net/connection-observer.ts";
import { isoTime } from "../../net/place.ts";
import type { Broker, Connection, InjectedResetRecord, PerDirection } from "../report.ts";

/** What is known of a connection so far, without its id in a report. */
export function connectionRecord(connection: InspectedConnection): Omit<Connection, "id"> {
  const { amqp, carrier } = connection;
  const client = amqp.client;
  const tunnels = carrier.tunnels();
  const server = (1 - client) as Side;
  const perDirection = (count: (side: Side) => number): PerDirection => ({
    clientToServer: count(client),
    serverToClient: count(server),
  });
  return {
    input: carrier.first.input,
    client: { address: carrier.address(client), port: carrier.port(client) },
    server: { address: carrier.address(server), port: carrier.port(server) },
    ...(tunnels.length === 0 ? {} : { tunnels }),
    ...(connection.preludes.length === 0 ? {} : { preludes: [...connection.preludes] }),
    start: isoTime(carrier.first),
    end: isoTime(carrier.last),
    ended: carrier.ended,
    ...(carrier.injectedReset ? { injectedReset: injectedResetRecord(carrier.injectedReset, client) } : {}),
    midStream: amqp.midStream,
    clientProperties: Object.fromEntries(
      Array.from(amqp.login.properties, ([name, value]) => [name, amqp.discretion.value(name, value)]),
    ),
    ...(amqp.login.user === null ? {} : { user: amqp.discretion.text(amqp.login.user) }),
    ...(amqp.virtualHost === null ? {} : { virtualHost: amqp.discretion.text(amqp.virtualHost) }),
    negotiated: amqp.negotiated,
    frames: perDirection(side => connection.frames(side)),
    octets: perDirection(side => carrier.octets(side)),
    gaps: perDirection(side => connection.gaps(side)),
    verdict: { predicted: predictedVerdict(connection), observed: observedVerdict(connection) },
    ...(amqp.state === "amqp" ? { broker: brokerOf(connection) } : {}),
    ...(connection.tls === null ? {} : { tls: connection.tls }),
  };
}

function injectedResetRecord({ side, packet, sign }: InjectedReset, client: Side): InjectedResetRecord {
  const shows =
    "goesOn" in sign ? { nextPacket: sign.goesOn } : { timeToLive: sign.timeToLive, usualTimeToLive: sign.usual };
  return { sender: side === client ? "client" : "server", packet, ...shows };
}

/** The rules of the prediction, after it has been made: making it may narrow a guess. */
function brokerOf({ amqp, rules }: InspectedConnection): Broker {
  const { product, version, id, basis } = rules;
  return {
    ...(product === "" ? {} : { product: amqp.discretion.text(product) }),
    ...(version === "" ? {} : { version: amqp.discretion.text(version) }),
    rules: id,
    basis,
  };
}
