/** What the two ends of a TLS connection sent before they encrypted, and the keys that a key log adds to it. */
import type { Moment } from "../net/connection-observer.ts";
import { copyOf } from "../net/moment-order.ts";
import { type CipherSuite, cipherSuite } from "./cipher-suites.ts";
import type { TlsCrypto } from "./crypto.ts";
import type { Epoch } from "./direction-decryption.ts";
import {
  CERTIFICATE,
  CLIENT_HELLO,
  CLIENT_KEY_EXCHANGE,
  type ClientHello,
  readCertificateNames,
  readClientHello,
  readServerHello,
  SERVER_HELLO,
  type ServerHello,
} from "./handshake-messages.ts";
import { hexadecimal, type KeyLog } from "./key-log.ts";
import { keysOfMaster, keysOfTrafficSecret, nextTrafficSecret } from "./key-schedule.ts";
import { TLS_1_3 } from "./record-layer.ts";
import { RecordProtection } from "./record-protection.ts";

/** Secrets, and the library that applies them. */
export interface TlsKeys {
  log: KeyLog;
  crypto: TlsCrypto;
}

export class TlsSession {
  clientHello: ClientHello | null = null;
  serverHello: ServerHello | null = null;
  /** When they were seen: the client's first one, and the server's answer. */
  readonly hellos: [Moment | null, Moment | null] = [null, null];
  /** From the server's certificate, if TLS 1.2 or earlier shows it. */
  certificateNames: string[] = [];
  /** Keys were exchanged in the clear part: the session is not a resumed one (TLS 1.2 and earlier). */
  keysExchanged = false;
  /** The server asked for another ClientHello. */
  retried = false;

  get isTls13(): boolean {
    return this.serverHello?.version === TLS_1_3;
  }

  get suite(): CipherSuite | undefined {
    return this.serverHello === null ? undefined : cipherSuite(this.serverHello.cipherSuite);
  }

  get clientRandom(): string | null {
    return this.clientHello === null ? null : hexadecimal(this.clientHello.random);
  }

  /** A handshake message in the clear, seen at this moment; throws PayloadOverrun if it does not decode. */
  message(type: number, body: Uint8Array, at: Moment): void {
    switch (type) {
      case CLIENT_HELLO:
        this.clientHello = readClientHello(body);
        this.hellos[0] ??= copyOf(at);
        return;
      case SERVER_HELLO: {
        const hello = readServerHello(body);
        if (hello.isRetryRequest) this.retried = true;
        else {
          this.serverHello = hello;
          this.hellos[1] ??= copyOf(at);
        }
        return;
      }
      case CERTIFICATE:
        if (this.certificateNames.length === 0) this.certificateNames = readCertificateNames(body);
        return;
      case CLIENT_KEY_EXCHANGE:
        this.keysExchanged = true;
    }
  }

  /** The first keys of both directions; null if the key log does not have them, or the suite is unknown. */
  epochs({ log, crypto }: TlsKeys): [client: Epoch, server: Epoch] | null {
    const { suite, clientHello, serverHello, clientRandom } = this;
    if (suite === undefined || clientHello === null || serverHello === null || clientRandom === null) return null;
    if (suite.isTls13) {
      const client = this.#epochsOfTls13(crypto, suite, [
        log.secret(clientRandom, "CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
        log.secret(clientRandom, "CLIENT_TRAFFIC_SECRET_0"),
      ]);
      const server = this.#epochsOfTls13(crypto, suite, [
        log.secret(clientRandom, "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
        log.secret(clientRandom, "SERVER_TRAFFIC_SECRET_0"),
      ]);
      return client === null || server === null ? null : [client, server];
    }
    const master = log.secret(clientRandom, "CLIENT_RANDOM");
    if (master === null) return null;
    const { version, encryptThenMac } = serverHello;
    const keys = keysOfMaster(crypto, suite, {
      version,
      master,
      clientRandom: clientHello.random,
      serverRandom: serverHello.random,
    });
    const epoch = (side: 0 | 1): Epoch => ({
      protection: new RecordProtection(crypto, suite, version, keys[side], encryptThenMac),
      next: null,
    });
    return [epoch(0), epoch(1)];
  }

  #epochsOfTls13(
    crypto: TlsCrypto,
    suite: CipherSuite,
    [handshake, traffic]: [Uint8Array | null, Uint8Array | null],
  ): Epoch | null {
    if (traffic === null) return null;
    const epoch = (secret: Uint8Array, next: () => Epoch): Epoch => ({
      protection: new RecordProtection(crypto, suite, TLS_1_3, keysOfTrafficSecret(crypto, suite, secret), false),
      next,
    });
    const application = (secret: Uint8Array): Epoch =>
      epoch(secret, () => application(nextTrafficSecret(crypto, suite, secret)));
    return handshake === null ? application(traffic) : epoch(handshake, () => application(traffic));
  }
}
