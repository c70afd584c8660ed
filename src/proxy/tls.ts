/** TLS with clients and with the broker: reading its files, and reading them again. */
import { readFile } from "node:fs/promises";
import { isIP, type Socket } from "node:net";
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  createServer,
  type Server,
  type TLSSocket,
} from "node:tls";
import { grouped } from "../bytes/grouped.ts";
import { printable } from "../bytes/printable.ts";
import { codeOf, tlsReason } from "../capture/system-error.ts";
import type { UpstreamAddress } from "./address.ts";
import { readAtMost } from "./bounded-file.ts";
import { ProxyError, reasonOf } from "./proxy-error.ts";

/** Paths of PEM files. */
export interface ClientTlsFiles {
  cert: string;
  key: string;
  /** Clients must show a certificate that one of these signed. */
  clientCa?: string | null;
}

export interface UpstreamTlsSettings {
  /** Path of a PEM file with authorities to trust instead of the system's. */
  ca?: string | null;
  /** Accept any certificate, with any name. */
  insecure?: boolean;
  /** Paths of PEM files: what we show the broker. */
  cert?: string | null;
  key?: string | null;
}

/** The result of a client's TLS handshake: one call. */
export interface HandshakeListener {
  secured(socket: TLSSocket): void;
  /** What the client did, as text that follows its name (`showed no certificate`); `left`: it went away. */
  failed(did: string, left: boolean): void;
}

/**
 * Where systems keep the certificates they trust. Node has a list of its own, but without a company's own authority.
 */
const SYSTEM_AUTHORITIES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** The proxy's end of its clients' TLS connections. */
export class ClientTls {
  readonly #files: ClientTlsFiles;
  readonly #server: Server;
  /** Handshakes going on, by the client's end of the connection. */
  readonly #handshakes = new Map<string, HandshakeListener>();

  /** @param timeout milliseconds that a handshake may take */
  static async open(files: ClientTlsFiles, timeout: number): Promise<ClientTls> {
    return new ClientTls(files, await readCertificates(files), timeout);
  }

  private constructor(files: ClientTlsFiles, certificates: Certificates, timeout: number) {
    this.#files = files;
    const verify = certificates.ca !== undefined;
    this.#server = createServer({
      ...certificates,
      requestCert: verify,
      // The proxy refuses clients itself: Node would close the socket first, and its address would be lost.
      rejectUnauthorized: false,
      handshakeTimeout: timeout,
    });
    this.#server.on("secureConnection", socket => {
      const listener = this.#ended(socket);
      // Without a listener the client is gone already.
      if (listener === undefined) socket.destroy();
      else if (verify) this.#admit(socket, listener);
      else listener.secured(socket);
    });
    this.#server.on("tlsClientError", (error, socket) => this.#ended(socket)?.failed(failureOf(error), hasLeft(error)));
  }

  /** Begins the handshake with a client that connected. */
  begin(tcp: Socket, listener: HandshakeListener): void {
    const key = clientKey(tcp);
    this.#handshakes.set(key, listener);
    tcp.once("close", () => {
      if (this.#handshakes.get(key) === listener) this.#handshakes.delete(key);
    });
    // The documented way to give a TLS server a connection that was accepted elsewhere.
    this.#server.emit("connection", tcp);
  }

  /** New clients get the new certificate. Rejects, and keeps the old one, if the new one cannot be used. */
  async reload(): Promise<void> {
    this.#server.setSecureContext(await readCertificates(this.#files));
  }

  #admit(socket: TLSSocket, listener: HandshakeListener): void {
    const refused = refusalOf(socket);
    if (refused === null) {
      listener.secured(socket);
      return;
    }
    socket.on("error", () => {});
    // OpenSSL still works on this socket: to reset it in this call would crash the process.
    setImmediate(() => listener.failed(refused, false));
  }

  #ended(socket: TLSSocket): HandshakeListener | undefined {
    const key = clientKey(socket);
    const listener = this.#handshakes.get(key);
    this.#handshakes.delete(key);
    return listener;
  }
}

/** The proxy's end of its TLS connections to the broker. */
export class UpstreamTls {
  readonly #settings: UpstreamTlsSettings;
  #options: ConnectionOptions;

  static async open(settings: UpstreamTlsSettings): Promise<UpstreamTls> {
    return new UpstreamTls(settings, await trustOf(settings));
  }

  private constructor(settings: UpstreamTlsSettings, options: ConnectionOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** Begins the handshake on a connection to the broker. */
  connect(tcp: Socket, { host }: UpstreamAddress): TLSSocket {
    // A server name is a name (RFC 6066 §3); an address is compared with the certificate's addresses.
    const servername = isIP(host) === 0 ? { servername: host } : {};
    return connect({ ...this.#options, ...servername, host, socket: tcp });
  }

  async reload(): Promise<void> {
    this.#options = await trustOf(this.#settings);
  }
}

/** The version that a socket's two ends agreed on: "1.3"; null if it is not known. */
export function versionOf(socket: TLSSocket): string | null {
  return socket.getProtocol()?.replace("TLSv", "") ?? null;
}

/** Why a client is refused after its handshake; null if it is accepted. */
function refusalOf(socket: TLSSocket): string | null {
  // A session that began without a certificate counts as authorized when it is resumed (TLS 1.3).
  if (Object.keys(socket.getPeerCertificate()).length === 0) return "showed no certificate, and was refused";
  if (socket.authorized) return null;
  return `showed a certificate that is not trusted, and was refused (${printable(String(socket.authorizationError), 200)})`;
}

/** What was wrong with a client's handshake. Most often the client does not speak TLS at all. */
function failureOf(error: Error): string {
  switch (codeOf(error)) {
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return `speaks without TLS: what it sent first is no TLS record (${codeOf(error)})`;
    case "ERR_SSL_HTTP_REQUEST":
    case "ERR_SSL_HTTPS_PROXY_REQUEST":
      return `speaks without TLS: it sent an HTTP request (${codeOf(error)})`;
    default:
      return `failed in the TLS handshake: ${tlsReason(error)}`;
  }
}

/** Its TCP connection ended in the handshake. */
function hasLeft(error: Error): boolean {
  return codeOf(error) === "ECONNRESET";
}

interface Certificates {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
}

async function readCertificates({ cert, key, clientCa }: ClientTlsFiles): Promise<Certificates> {
  const certificates: Certificates = { cert: await readPem(cert), key: await readPem(key) };
  if (clientCa != null) certificates.ca = await readAuthorities(clientCa);
  try {
    createSecureContext(certificates);
  } catch (cause) {
    throw new ProxyError(
      cert,
      `expected a PEM certificate with the key of ${key}, found what OpenSSL refuses: ${tlsReason(cause as Error)}`,
      { cause },
    );
  }
  return certificates;
}

async function trustOf({ ca, insecure = false, cert, key }: UpstreamTlsSettings): Promise<ConnectionOptions> {
  const own = cert != null && key != null ? await readCertificates({ cert, key }) : {};
  if (insecure) return { ...own, rejectUnauthorized: false };
  const authorities = ca != null ? await readAuthorities(ca) : await systemAuthorities();
  // One context for all connections: it holds a hundred certificates, parsed.
  const secureContext = createSecureContext({ ...own, ...(authorities === null ? {} : { ca: authorities }) });
  // Otherwise NODE_TLS_REJECT_UNAUTHORIZED=0 would switch verification off silently.
  return { secureContext, rejectUnauthorized: true };
}

async function systemAuthorities(): Promise<Buffer | null> {
  for (const path of SYSTEM_AUTHORITIES) {
    const octets = await readFile(path).catch(() => null);
    if (octets !== null) return octets;
  }
  return null;
}

/** Refuses a file without certificates, which OpenSSL would accept as an empty list. */
async function readAuthorities(path: string): Promise<Buffer> {
  const octets = await readPem(path);
  if (!octets.includes("-----BEGIN CERTIFICATE-----")) {
    throw new ProxyError(path, "expected certificates in PEM form, found none");
  }
  try {
    createSecureContext({ ca: octets });
  } catch (cause) {
    throw new ProxyError(path, `expected certificates in PEM form, found what OpenSSL refuses: ${reasonOf(cause)}`, {
      cause,
    });
  }
  return octets;
}

/** Octets of a PEM file; all authorities of a system together have less than half a MiB. */
const MAX_PEM_OCTETS = 16 << 20;

async function readPem(path: string): Promise<Buffer> {
  let octets: Buffer | null;
  try {
    octets = await readAtMost(path, MAX_PEM_OCTETS);
  } catch (cause) {
    throw new ProxyError(path, `cannot be read (${reasonOf(cause)}), expected a PEM file`, { cause });
  }
  if (octets !== null) return octets;
  throw new ProxyError(path, `is longer than ${grouped(MAX_PEM_OCTETS)} octets, expected a PEM file`);
}

function clientKey(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}
