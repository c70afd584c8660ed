/** What a TlsConnection makes of octets: for tests that feed it by hand. */
import { Moment, type Side } from "../../src/net/connection-observer.ts";
import { KeyLog } from "../../src/tls/key-log.ts";
import { nodeCrypto } from "../../src/tls/node-crypto.ts";
import { TlsConnection } from "../../src/tls/tls-connection.ts";
import type { TlsFinding } from "../../src/tls/tls-finding.ts";
import { join } from "./wire.ts";

export interface ObserveOptions {
  /** The text of a key log. */
  keys?: string;
  sawBeginning?: boolean;
  /** Keep octets to explain torn records. True where nothing is said. */
  explain?: boolean;
}

/** Feeds one connection, and remembers what comes out of it. Each call of `data` is a packet, from 1. */
export class ObservedTls {
  readonly moment = new Moment();
  readonly connection: TlsConnection;
  recognised = false;
  plain = false;
  /** What was handed on: decrypted octets, or those of a connection that is not TLS. */
  readonly out: [Uint8Array[], Uint8Array[]] = [[], []];
  readonly gaps: [Side, number][] = [];
  readonly copies: { copy: number; number: number; octets: Uint8Array }[] = [];

  constructor({ keys, sawBeginning = true, explain = true }: ObserveOptions = {}) {
    const log = new KeyLog();
    if (keys !== undefined) log.add(keys);
    this.connection = new TlsConnection({
      moment: this.moment,
      sawBeginning,
      reuse: { octets: 0, limit: 32 << 20 },
      octets: explain ? { octets: 0, limit: 32 << 20 } : null,
      keys: keys === undefined ? null : { log, crypto: nodeCrypto },
      recognised: () => {
        this.recognised = true;
      },
      isPlain: () => {
        this.plain = true;
      },
      plain: {
        data: (side, bytes, start, end) => this.out[side].push(new Uint8Array(bytes.subarray(start, end))),
        gap: (side, missing) => this.gaps.push([side, missing]),
        end: () => {},
      },
      writers: {
        attribute: (_, writers, bytes) => writers[bytes[2]! - 1] ?? writers[0]!,
        wrote: (_, copy, number, bytes, size) => this.copies.push({ copy, number, octets: bytes.slice(0, size) }),
      },
    });
  }

  data(side: Side, bytes: Uint8Array, start = 0, end = bytes.length): this {
    this.moment.packet++;
    this.connection.data(side, bytes, start, end);
    return this;
  }

  gap(side: Side, missing: number): this {
    this.connection.gap(side, missing, false);
    return this;
  }

  end(reason: "fin" | "rst" | "capture-ended" = "fin"): this {
    for (const side of [0, 1] as const) this.connection.end(side, reason);
    return this;
  }

  plaintext(side: Side): Uint8Array {
    return join(...this.out[side]);
  }

  get findings(): TlsFinding[] {
    return this.connection.directions.flatMap(({ findings }) => findings);
  }
}
