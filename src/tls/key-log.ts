/**
 * Secrets of TLS sessions by client random, as NSS's key log format writes them: a label, the client random and a
 * secret, in hexadecimal, one a line. Files, and Decryption Secrets Blocks of pcapng, hold the same text.
 */

/** Labels of secrets that are used. Other labels (EXPORTER_SECRET, …) decrypt nothing. */
const LABELS = [
  "CLIENT_RANDOM",
  "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
  "SERVER_HANDSHAKE_TRAFFIC_SECRET",
  "CLIENT_TRAFFIC_SECRET_0",
  "SERVER_TRAFFIC_SECRET_0",
] as const;

export type SecretLabel = (typeof LABELS)[number];

/** Sessions that are kept of a log; of a longer log, the latest. */
const MAX_SESSIONS = 1 << 17;

const LINE = /^(\w+) +([0-9a-f]{64}) +((?:[0-9a-f]{2}){32,64})\s*$/i;

export class KeyLog {
  readonly #sessions = new Map<string, Partial<Record<SecretLabel, Uint8Array>>>();

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Takes the lines of a key log. Returns how many had a secret; other lines (comments, unknown labels) are fine. */
  add(text: string): number {
    let taken = 0;
    for (const line of text.split(/\r?\n/)) {
      const [, label, random, secret] = LINE.exec(line) ?? [];
      if (label === undefined || random === undefined || secret === undefined) continue;
      const known = LABELS.find(each => each === label);
      if (known === undefined) continue;
      const key = random.toLowerCase();
      const session = this.#sessions.get(key) ?? {};
      session[known] = Uint8Array.from(secret.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
      this.#sessions.delete(key);
      this.#sessions.set(key, session);
      taken++;
      const [oldest] = this.#sessions.keys();
      if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    }
    return taken;
  }

  secret(clientRandom: string, label: SecretLabel): Uint8Array | null {
    return this.#sessions.get(clientRandom)?.[label] ?? null;
  }
}

/** Octets as a key log writes them. */
export function hexadecimal(octets: Uint8Array): string {
  return Array.from(octets, octet => octet.toString(16).padStart(2, "0")).join("");
}
