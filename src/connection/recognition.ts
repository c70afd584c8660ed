import { PROTOCOL_HEADER_SIZE } from "../amqp/spec/constants.ts";
import type { Side } from "../net/connection-observer.ts";
import { ALERT, alertName, HANDSHAKE } from "../tls/record-layer.ts";
import { looksLikeTlsRecord, type Opening, readOpening } from "./protocol-header.ts";

/** Whether a TCP connection whose beginning is in the capture is AMQP 0-9-1. */
export type Decision =
  | { kind: "undecided" }
  | { kind: "amqp" }
  /** The client opened with something else, and an AMQP server is (or was expected) at the other end. */
  | { kind: "refused"; message: string }
  /** Not AMQP 0-9-1. The protocol is named if a user may look for the connection. */
  | { kind: "left-alone"; protocol: "TLS" | "AMQP 1.0" | null };

/** What a server may begin with that is no frame: “A” of a protocol header, and records of TLS. */
const NO_FRAME_TYPES: readonly number[] = [0x41, ALERT, HANDSHAKE];
/** An alert's record: header, level, description. */
const ALERT_SIZE = 7;

/** Octets of a connection searched for frames, in mid-stream, before it is given up as not AMQP. */
const MAX_UNDECIDED_OCTETS = 1 << 20;

const UNDECIDED: Decision = { kind: "undecided" };
const AMQP: Decision = { kind: "amqp" };

/**
 * Reads the first eight octets of each side. A client that opens with the protocol header makes the connection AMQP. If
 * it opens with something else, the server decides: an AMQP server answers with the protocol header it wants (§4.2.2).
 */
export class Recognition {
  readonly #octets = [new Uint8Array(PROTOCOL_HEADER_SIZE), new Uint8Array(PROTOCOL_HEADER_SIZE)] as const;
  readonly #counts = [0, 0];
  #serverSendsFrames = false;
  #searched = 0;
  /** What stands in front of the client's first octets: "PROXY v1"; null for nothing. */
  behind: string | null = null;
  readonly #expected: boolean;

  /** `expected`: AMQP is expected on this port, so that a client that speaks another protocol is reported. */
  constructor(expected: boolean) {
    this.#expected = expected;
  }

  /** Whether this side's first octets are complete; a server that sends frames has none. */
  complete(side: Side): boolean {
    return this.#counts[side] === this.#wanted(side) || (side === 1 && this.#serverSendsFrames);
  }

  /** The client's first eight octets, as far as they have come. */
  get clientOctets(): Uint8Array {
    return this.#octets[0].subarray(0, this.#counts[0]);
  }

  /** The protocol header by which the server refused the client's, as `0 0 9 1`; "" if it sent none. */
  get serverHeader(): string {
    const kind = this.#opening(1)?.kind;
    return kind === "amqp-0-9" || kind === "amqp-1-0" ? this.#octets[1].subarray(4).join(" ") : "";
  }

  /** Takes a side's first octets out of bytes[start, end); returns where the rest begins. */
  receive(side: Side, bytes: Uint8Array, start: number, end: number): number {
    let count = this.#counts[side]!;
    if (side === 1 && count === 0 && !NO_FRAME_TYPES.includes(bytes[start]!)) {
      this.#serverSendsFrames = true;
      return start;
    }
    this.#octets[side][count] = bytes[start]!;
    let at = start;
    while (at < end && count < this.#wanted(side)) this.#octets[side][count++] = bytes[at++]!;
    this.#counts[side] = count;
    return at;
  }

  decide(): Decision {
    const client = this.#opening(0);
    const server = this.#opening(1);
    const refuses = server !== null && (server.kind === "amqp-0-9" || server.kind === "amqp-1-0");
    // The server does not know the PROXY header in front, whatever comes behind that.
    if (refuses && this.behind?.startsWith("PROXY") === true && (client === null || client.kind === "amqp-0-9")) {
      return this.#refused(`a ${this.behind} header`, ": its port is one without the PROXY protocol");
    }
    if (client === null) return UNDECIDED;
    switch (client.kind) {
      case "amqp-0-9":
        if (refuses) return { kind: "refused", message: `The client opened with ${this.#version()}${this.#answer()}.` };
        return this.complete(1) && !this.#serverSendsFrames ? this.#answeredOtherwise() : AMQP;
      case "amqp-1-0":
        if (server?.kind === "amqp-0-9") return this.#refused("an AMQP 1.0 protocol header");
        return this.complete(1) ? { kind: "left-alone", protocol: "AMQP 1.0" } : UNDECIDED;
      case "tls":
        if (refuses) return this.#refused("a TLS handshake", ": its port is one without TLS");
        return this.complete(1) ? { kind: "left-alone", protocol: "TLS" } : UNDECIDED;
      case "foreign":
        if (refuses || client.amqp) return this.#refused(client.what);
        return this.complete(1) ? { kind: "left-alone", protocol: null } : UNDECIDED;
    }
  }

  /** Octets in mid-stream, in which no frames were found so far. */
  search(bytes: Uint8Array, start: number, end: number): Decision {
    const isTls = this.#searched === 0 && looksLikeTlsRecord(bytes, start, end);
    this.#searched += end - start;
    if (!isTls && this.#searched <= MAX_UNDECIDED_OCTETS) return UNDECIDED;
    return { kind: "left-alone", protocol: isTls ? "TLS" : null };
  }

  /** Octets of the server are missing in the place of its first ones. */
  missServer(): void {
    this.#serverSendsFrames = true;
  }

  /**
   * The stream is over (`ended`), or its capture is, or it is to be taken as AMQP without an answer (`forced`).
   */
  conclude(forced: boolean, ended: boolean): Decision {
    const decision = this.decide();
    if (decision.kind !== "undecided" && !(forced && decision.kind === "left-alone")) return decision;
    const client = this.#opening(0);
    const count = this.#counts[0]!;
    if (client === null && count >= 4 && ended && this.#octets[0][0] === 0x41 /* A */) {
      const message = `The client sent ${count} of the ${PROTOCOL_HEADER_SIZE} octets of the AMQP protocol header and no more.`;
      return { kind: "refused", message };
    }
    if (client === null) return { kind: "left-alone", protocol: null };
    if (client.kind === "tls")
      return forced ? this.#refused("a TLS handshake") : { kind: "left-alone", protocol: "TLS" };
    if (client.kind === "amqp-1-0") return { kind: "left-alone", protocol: "AMQP 1.0" };
    if (client.kind === "foreign" && (forced || this.#expected)) return this.#refused(client.what);
    return { kind: "left-alone", protocol: null };
  }

  /** An alert's record is shorter than a protocol header. */
  #wanted(side: Side): number {
    return side === 1 && this.#octets[1][0] === ALERT ? ALERT_SIZE : PROTOCOL_HEADER_SIZE;
  }

  /** The server's first octets are neither frames nor a protocol header. */
  #answeredOtherwise(): Decision {
    const octets = this.#octets[1];
    const isTls = octets[0] !== 0x41 && octets[1] === 3 && octets[2]! <= 4;
    if (!isTls) {
      const message = `The client opened with ${this.#version()}, and the server answered with octets of another protocol.`;
      return { kind: "refused", message };
    }
    const answer = octets[0] === ALERT ? `the TLS alert ${alertName(octets[6]!)}` : "a TLS handshake";
    const message = `The client opened with AMQP's protocol header in the clear, and the server answered with ${answer}: its port wants TLS (amqps).`;
    return { kind: "refused", message };
  }

  #opening(side: Side): Opening | null {
    return readOpening(this.#octets[side], this.#counts[side]!);
  }

  #refused(what: string, meaning = ""): Decision {
    const message = `The client opened with ${what}, not with AMQP 0-9-1's protocol header${this.#answer()}${meaning}.`;
    return { kind: "refused", message };
  }

  #answer(): string {
    const server = this.#opening(1);
    if (server === null || server.kind === "foreign" || server.kind === "tls") return "";
    return `; the server refused it and wants AMQP ${this.#octets[1].subarray(5).join("-")}`;
  }

  #version(): string {
    return `the protocol header AMQP ${this.#octets[0].subarray(4).join(" ")}`;
  }
}
