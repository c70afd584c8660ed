/** A broker in the test's own process: as much of AMQP as a client needs to log in, open a channel and say goodbye. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { wire } from "./wire.ts";

const HEADER_OCTETS = 8;
/** Type, channel, size; and the end octet. */
const ENVELOPE_OCTETS = 8;

/** By class-id and method-id: what a client's method is answered with. */
const ANSWERS: Readonly<Record<string, (channel: number) => Uint8Array>> = {
  "10.11": () => wire().tune().octets,
  "10.40": () => wire().openOk().octets,
  "10.50": () => wire().closeOk().octets,
  "85.10": channel => wire().confirmSelectOk(channel).octets,
  "20.10": channel => wire().channelOpenOk(channel).octets,
  // A consumer gets one message at once.
  "60.20": channel => wire().consumeOk(channel, "consumer").deliver(channel, "a message").octets,
};

export interface SmallBroker {
  port: number;
  /** Octets of whole frames that all clients sent, end octets unchecked. */
  octets: number;
  close(): Promise<void>;
}

export async function startSmallBroker(tls?: { cert: string; key: string }): Promise<SmallBroker> {
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let unread: Buffer = Buffer.alloc(0);
    let greeted = false;
    /** By channel that wants confirms: messages that were published on it. */
    const published = new Map<number, number>();
    socket.on("data", chunk => {
      unread = Buffer.concat([unread, chunk]);
      if (!greeted && unread.length >= HEADER_OCTETS) {
        greeted = true;
        if (unread.toString("latin1", 0, 4) !== "AMQP") {
          socket.end(wire().protocolHeader().octets);
          return;
        }
        unread = unread.subarray(HEADER_OCTETS);
        socket.write(wire().start({}).octets);
      }
      while (greeted && unread.length >= ENVELOPE_OCTETS && unread.length >= ENVELOPE_OCTETS + unread.readUInt32BE(3)) {
        const octets = ENVELOPE_OCTETS + unread.readUInt32BE(3);
        const method = unread[0] === 1 ? `${unread.readUInt16BE(7)}.${unread.readUInt16BE(9)}` : "";
        const answer = ANSWERS[method]?.(unread.readUInt16BE(1));
        if (answer !== undefined) socket.write(answer);
        const channel = unread.readUInt16BE(1);
        const count = published.get(channel);
        if (method === "85.10") published.set(channel, 0);
        else if (method === "60.40" && count !== undefined) {
          published.set(channel, count + 1);
          socket.write(wire().ack(channel, count + 1).octets);
        }
        unread = unread.subarray(octets);
        broker.octets += octets;
      }
    });
  };
  const server: Server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const broker: SmallBroker = {
    port: (server.address() as AddressInfo).port,
    octets: 0,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return broker;
}
