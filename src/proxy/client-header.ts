/**
 * A load balancer in front of the proxy gives its client's address in a PROXY header (connection/prelude.ts draws it).
 * Only trusted load balancers are believed: the sender of the header chooses the address that is reported.
 */
import { BlockList, isIP, isIPv4, type Socket } from "node:net";
import { printable } from "../bytes/printable.ts";
import { codeOf } from "../capture/system-error.ts";
import { readProxyHeader } from "../connection/prelude.ts";
import type { Endpoint } from "../report/report.ts";
import { ProxyError } from "./proxy-error.ts";

const FORMS = "expected addresses or networks of load balancers, as 10.0.0.7 or 10.0.0.0/8";

/** The addresses whose PROXY headers are believed. */
export class TrustedAddresses {
  readonly #list = new BlockList();

  /**
   * @param texts addresses and networks, several of them with commas
   * @throws ProxyError if one of them is none
   */
  constructor(texts: readonly string[]) {
    for (const text of texts.flatMap(each => each.split(","))) this.#add(text.trim());
  }

  /** @param address as `plainAddress` gives it */
  has(address: string): boolean {
    const plain = address.split("%", 1)[0]!;
    return isIP(plain) !== 0 && this.#list.check(plain, familyOf(plain));
  }

  #add(text: string): void {
    const [address = "", bits, ...more] = text.split("/");
    const longest = isIPv4(address) ? 32 : 128;
    const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (isIP(address) === 0 || more.length > 0 || length < 0 || length > longest) {
      throw new ProxyError("--proxy-protocol-from", `${FORMS}, found "${printable(text, 60)}"`);
    }
    this.#list.addSubnet(address, length, familyOf(address));
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv4(address) ? "ipv4" : "ipv6";
}

/** What stood in front of a client's octets. */
export type ClientHeaderResult =
  /** The header; null if it names no client, as that of a load balancer's own health check. */
  | { kind: "read"; source: Endpoint | null; octets: number }
  /** The connection was closed before its first octet, as by a health check. */
  | { kind: "left" }
  /** Something else. `message` describes it, behind "the client at …". */
  | { kind: "none"; message: string };

/** Connections whose header is awaited at a time. */
const MAX_AWAITED = 10_000;

export interface ClientHeaderSettings {
  /** Null if no header is read. */
  trusted: TrustedAddresses | null;
  /** Milliseconds for a header. */
  timeout: number;
  /**
   * Clients send first, as with TLS: a header is read when an octet follows it. Node reads ahead; without that octet
   * the next owner of the connection would not learn of its end.
   */
  speaksFirst: boolean;
}

/** The headers that are awaited. */
export class ClientHeaders {
  readonly #settings: ClientHeaderSettings;
  readonly #awaited = new Set<ClientHeader>();

  constructor(settings: ClientHeaderSettings) {
    this.#settings = settings;
  }

  /** Whether a connection from this address begins with a header. */
  expects(address: string): boolean {
    return this.#settings.trusted?.has(address) === true;
  }

  /** @param tcp paused */
  read(tcp: Socket, done: (result: ClientHeaderResult) => void): void {
    if (this.#awaited.size >= MAX_AWAITED) {
      tcp.on("error", () => {}).resetAndDestroy();
      return;
    }
    const header = new ClientHeader(tcp, this.#settings, result => {
      this.#awaited.delete(header);
      done(result);
    });
    this.#awaited.add(header);
  }

  /** Closes the connections whose header has not come. */
  abandon(): void {
    for (const header of this.#awaited) header.abandon();
    this.#awaited.clear();
  }
}

/** Reads the header from a socket that is paused, and leaves what follows in it, paused again. */
class ClientHeader {
  readonly #tcp: Socket;
  readonly #settings: ClientHeaderSettings;
  readonly #timer: NodeJS.Timeout;
  readonly #done: (result: ClientHeaderResult) => void;
  readonly #reading = readProxyHeader();
  #octets = 0;
  /** What was read, while the first octet behind it is awaited. */
  #read: ClientHeaderResult | null = null;

  /** @param done called at most once, and not when it is abandoned */
  constructor(tcp: Socket, settings: ClientHeaderSettings, done: (result: ClientHeaderResult) => void) {
    this.#tcp = tcp;
    this.#settings = settings;
    this.#done = done;
    this.#timer = setTimeout(() => this.#late(), settings.timeout);
    this.#reading.next(0);
    tcp.on("data", this.#data).on("end", this.#end).on("error", this.#error);
    tcp.resume();
  }

  /** Closes the connection. */
  abandon(): void {
    this.#release();
    this.#tcp.on("error", () => {}).destroy();
  }

  readonly #data = (chunk: Buffer): void => {
    let at = 0;
    while (at < chunk.length && this.#read === null) this.#octet(chunk[at++]!);
    if (this.#read === null) return;
    const rest = chunk.subarray(at);
    if (rest.length === 0 && this.#read.kind === "read" && this.#settings.speaksFirst) return;
    this.#tcp.pause();
    const result = this.#read;
    this.#release();
    if (rest.length > 0) this.#tcp.unshift(rest);
    this.#done(result);
  };

  #octet(octet: number): void {
    const { done, value } = this.#reading.next(octet);
    this.#octets++;
    if (done !== true) return;
    this.#read =
      value === null
        ? { kind: "none", message: "sent no PROXY header, which --proxy-protocol-from expects of it" }
        : { kind: "read", source: value.source ?? null, octets: this.#octets };
  }

  readonly #end = (): void => this.#left("ended its stream");

  readonly #error = (error: Error): void => this.#left(`was reset (${codeOf(error)})`);

  #left(how: string): void {
    const message = `${how} in the middle of its PROXY header`;
    this.#over(this.#octets === 0 || this.#read !== null ? { kind: "left" } : { kind: "none", message });
  }

  #late(): void {
    const what = this.#read === null ? "no PROXY header" : "nothing behind its PROXY header";
    this.#over({ kind: "none", message: `sent ${what} within ${this.#settings.timeout / 1000} s` });
  }

  #over(result: ClientHeaderResult): void {
    this.#release();
    this.#done(result);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#tcp.off("data", this.#data).off("end", this.#end).off("error", this.#error);
  }
}
