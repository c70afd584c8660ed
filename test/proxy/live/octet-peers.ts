/** Two ends of a connection that only count: each sends its octets in pieces, and takes the digest of what it hears. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { TestContext } from "vitest";
import type { Certificate } from "./certificates.ts";

export interface Heard {
  octets: number;
  sha256: string;
}

export function digestOf(octets: Uint8Array): Heard {
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
async function hear(socket: Socket): Promise<Heard> {
  const hash = createHash("sha256");
  let count = 0;
  socket.on("data", chunk => {
    hash.update(chunk);
    count += chunk.length;
  });
  await once(socket, "end");
  return { octets: count, sha256: hash.digest("hex") };
}

async function talk(socket: Socket, octets: Uint8Array, sizes: readonly number[]): Promise<Heard> {
  const [heard] = await Promise.all([hear(socket), say(socket, octets, sizes)]);
  return heard;
}

/** Sizes of writes: single octets, odd ones, one that fills a read, one that does not fit a pipe. */
const SIZES = [1, 7, 4096, 65_536, 333, 65_537, 20_000, 2, 200_000];

/** A listening end. `heard` has one promise for each client that came. */
export class Listener {
  readonly heard: Promise<Heard>[] = [];
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
    const heard = (socket: Socket): void => {
      const talking = talk(socket, octets, SIZES.toReversed());
      // Whoever awaits it may come later than its failure.
      talking.catch(() => {});
      this.heard.push(talking);
    };
    this.#server =
      certificate === null
        ? createServer({ allowHalfOpen: true }, heard)
        : createTlsServer({ ...certificate.pem, allowHalfOpen: true }, heard);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

/**
 * A client that says its octets; resolves to what it heard. It waits for the listener to begin, so that who inspects them
 * has heard both before one ends.
 */
export async function speak(port: number, octets: Uint8Array, authority: Certificate | null): Promise<Heard> {
  const tcp = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  const socket = authority === null ? tcp : connectTls({ socket: tcp, host: "127.0.0.1", ca: authority.pem.cert });
  const heard = hear(socket);
  await Promise.race([once(socket, "data"), heard]);
  await say(socket, octets, SIZES);
  return heard;
}
