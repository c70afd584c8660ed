import { createHash, type Hash } from "node:crypto";
import type { Side } from "../../src/net/connection-observer.ts";
import type { ConnectionTap, RelayTrouble } from "../../src/proxy/connection-tap.ts";
import type { Endpoint } from "../../src/report/report.ts";

/** Keeps what a connection tells, and its octets as a count and a hash. */
export class RecordingTap implements ConnectionTap {
  /** Everything but data: `connected`, `end 0 fin`, `trouble client-reset`, `closed`. */
  readonly events: string[] = [];
  readonly octets: [number, number] = [0, 0];
  /** Octets that were given: they are taken, as a thread does that they are handed to. */
  given = 0;
  readonly messages: string[] = [];
  upstream: Endpoint | null = null;
  /** Called for octets before they are counted. */
  onData: (side: Side, bytes: Uint8Array, given: boolean) => void = () => {};
  /** Resolves when the connection is closed. */
  readonly over: Promise<void>;
  /** Resolves when both sides are connected. */
  readonly ready: Promise<void>;
  readonly #hashes: [Hash, Hash] = [createHash("sha256"), createHash("sha256")];
  #over!: () => void;
  #ready!: () => void;

  constructor() {
    this.over = new Promise(resolve => {
      this.#over = resolve;
    });
    this.ready = new Promise(resolve => {
      this.#ready = resolve;
    });
  }

  connected(upstream: Endpoint): void {
    this.upstream = upstream;
    this.events.push("connected");
    this.#ready();
  }

  data(side: Side, bytes: Uint8Array, given = false): void {
    if (bytes.length === 0) throw new Error("no octets");
    this.onData(side, bytes, given);
    const taken = given ? taking(bytes) : bytes;
    this.octets[side] += taken.length;
    if (given) this.given += taken.length;
    this.#hashes[side].update(taken);
  }

  end(side: Side, reason: "fin" | "rst"): void {
    this.events.push(`end ${side} ${reason}`);
  }

  trouble({ kind, message }: RelayTrouble): void {
    this.events.push(`trouble ${kind}`);
    this.messages.push(message);
  }

  closed(): void {
    this.events.push("closed");
    this.#over();
  }

  hash(side: Side): string {
    return this.#hashes[side].copy().digest("hex");
  }
}

function taking(bytes: Uint8Array): Uint8Array {
  const buffer = bytes.buffer as ArrayBuffer;
  return new Uint8Array(structuredClone(buffer, { transfer: [buffer] }));
}
