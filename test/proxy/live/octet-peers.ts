/** Two ends of a connection that only count: each sends its octets in pieces, and takes the digest of what it hears. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { TestContext } from "vitest";
import type { Certificate } from "./certificates.ts";

export interface Received {
  octets: number;
  sha256: string;
}

export function digestOf(octets: Uint8Array): Received {
  return { octets: octets.length, sha256: createHash("sha256").update(octets).digest("hex") };
}

/** Sends all octets in pieces of these sizes, one after the other, as fast as the other end takes them; then ends. */
async function say(socket: Socket, octets: Uint8Array, sizes: readonly number[]): Promise<void> {
  for (let at = 0, i = 0; at < octets.length; i++) {
    const size = sizes[i % sizes.length]!;
    if (!socket.write(octets.subarray(at, at + size))) await once(socket, "drain");
    at += size;
  }
  socket.end();
}

/** Not `for await`: that closes the socket when the other end has said all, and we may have more to say. */
async function receive(socket: Socket): Promise<Received> {
  const hash = createHash("sha256");
  let count = 0;
  socket.on("data", chunk => {
    hash.update(chunk);
    count += chunk.length;
  });
  await once(socket, "end");
  return { octets: count, sha256: hash.digest("hex") };
}

async function talk(socket: Socket, octets: Uint8Array, sizes: readonly number[]): Promise<Received> {
  const [received] = await Promise.all([receive(socket), say(socket, octets, sizes)]);
  return received;
}

/** Sizes of writes: single octets, odd ones, one that fills a read, one that does not fit a pipe. */
const SIZES = [1, 7, 4096, 65_536, 333, 65_537, 20_000, 2, 200_000];

/** A listening end. `heard` has one promise for each client that came. */
export class Listener {
  readonly received: Promise<Received>[] = [];
  readonly #server: Server;

  static async open(
    octets: Uint8Array,
    certificate: Certificate | null,
    onTestFinished: TestContext["onTestFinished"],
  ): Promise<Listener> {
    const listener = new Listener(octets, certificate);
    onTestFinished(() => void listener.#server.close());
    await once(listener.#server.listen(0, "127.0.0.1"), "listening");
    return listener;
  }

  private constructor(octets: Uint8Array, certificate: Certificate | null) {
    const accept = (socket: Socket): void => {
      const talking = talk(socket, octets, SIZES.toReversed());
      // Whoever awaits it may come later than its failure.
      talking.catch(() => {});
      this.received.push(talking);
    };
    this.#server =
      certificate === null
        ? createServer({ allowHalfOpen: true }, accept)
        : createTlsServer({ ...certificate.pem, allowHalfOpen: true }, accept);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

/**
 * A client that says its octets; resolves to what it heard. It waits for the listener to begin, so that who inspects them
 * has heard both before one ends.
 */
export async function speak(port: number, octets: Uint8Array, authority: Certificate | null): Promise<Received> {
  const tcp = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  const socket = authority === null ? tcp : connectTls({ socket: tcp, host: "127.0.0.1", ca: authority.pem.cert });
  const received = receive(socket);
  await Promise.race([once(socket, "data"), received]);
  await say(socket, octets, SIZES);
  return received;
}
