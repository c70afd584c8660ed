/** Conversations of real TLS peers, octet for octet as they crossed a socket, with the key log and what was said. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import type { Side } from "../../src/net/connection-observer.ts";

export interface TlsConversation {
  /** What crossed the socket, in order. */
  pieces: [Side, Uint8Array][];
  keys: string;
  /** What each side wrote. */
  said: [Buffer, Buffer];
}

export interface PeerOptions {
  version: tls.SecureVersion;
  ciphers: string;
  /** Sent by turns: client, server, client, … */
  lines: readonly Uint8Array[];
  /** A key that fits the suites. */
  certificate?: "ec" | "rsa";
  /** A session to resume, as an earlier conversation left it. */
  session?: Buffer;
  onSession?: (session: Buffer) => void;
}

const certificates = new Map<string, { key: string; cert: string }>();

/** A self-signed certificate for localhost. */
export function certificate(kind: "ec" | "rsa" = "ec"): { key: string; cert: string } {
  const known = certificates.get(kind);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), "ghostframe-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const algorithm = kind === "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : ["rsa:2048"];
  const subject = ["-days", "2", "-subj", "/CN=broker.example", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const options = ["req", "-x509", "-newkey", ...algorithm, "-nodes", "-keyout", key, "-out", cert, ...subject];
  execFileSync("openssl", options, { stdio: "ignore" });
  const made = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  rmSync(folder, { recursive: true });
  certificates.set(kind, made);
  return made;
}

/** Two Node peers that speak by turns, until all is said and both have closed. */
export async function converse(options: PeerOptions): Promise<TlsConversation> {
  const { version, ciphers, lines } = options;
  const keys: Buffer[] = [];
  const pieces: [Side, Uint8Array][] = [];
  // OpenSSL wants a suite of TLS 1.2 even where 1.3 is spoken.
  const suites = `${ciphers}${ciphers.startsWith("TLS_") ? ":ECDHE-ECDSA-AES128-GCM-SHA256" : ""}:@SECLEVEL=0`;
  const limits = { minVersion: version, maxVersion: version, ciphers: suites };
  // All servers know each other's tickets.
  const tickets = { ticketKeys: Buffer.alloc(48, 7), sessionIdContext: "ghostframe" };
  const server = tls.createServer({ ...certificate(options.certificate), ...tickets, ...limits });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay = net.createServer(socket => {
    const onward = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
    for (const [side, from, to] of [
      [0, socket, onward],
      [1, onward, socket],
    ] as const) {
      from.on("data", (chunk: Buffer) => {
        pieces.push([side, new Uint8Array(chunk)]);
        to.write(chunk);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
    }
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const accepted = once(server, "secureConnection") as Promise<[tls.TLSSocket]>;
  const client = tls.connect({
    port: (relay.address() as AddressInfo).port,
    host: "127.0.0.1",
    servername: "localhost",
    rejectUnauthorized: false,
    ...limits,
    ...(options.session === undefined ? {} : { session: options.session }),
  });
  client.on("keylog", line => keys.push(line));
  if (options.onSession !== undefined) client.on("session", options.onSession);
  const [[peer]] = await Promise.all([accepted, once(client, "secureConnect")]);
  const received = [arrivals(peer), arrivals(client)];
  const said: [Buffer[], Buffer[]] = [[], []];
  for (const [i, line] of lines.entries()) {
    const from = i % 2 === 0 ? client : peer;
    said[i % 2]!.push(Buffer.from(line));
    from.write(line);
    await received[i % 2]!(line.length);
  }
  const over = Promise.all([once(client, "close"), once(peer, "close")]);
  client.end();
  peer.end();
  await over;
  server.close();
  relay.close();
  return { pieces, keys: Buffer.concat(keys).toString(), said: [Buffer.concat(said[0]), Buffer.concat(said[1])] };
}

/** Resolves when so many octets more have come. */
function arrivals(socket: tls.TLSSocket): (octets: number) => Promise<void> {
  let awaited = 0;
  let done = () => {};
  socket.on("data", (chunk: Buffer) => {
    awaited -= chunk.length;
    if (awaited <= 0) done();
  });
  return octets =>
    new Promise(resolve => {
      awaited += octets;
      done = resolve;
      if (awaited <= 0) resolve();
    });
}
