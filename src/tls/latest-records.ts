/** Records remembered of a direction: a power of two. */
const REMEMBERED = 256;
/** Octets kept of each: an AMQP frame's header, class-id and method-id. */
const OCTETS = 11;

/** How the latest decrypted records of one direction began, by their numbers. */
export class LatestRecords {
  /** Made with the first record: most connections have none. */
  #numbers = new Float64Array(0);
  #packets = new Int32Array(0);
  #sizes = new Uint8Array(0);
  #octets = new Uint8Array(0);

  /** Record `number` carried bytes[0, size), and began in this packet. */
  keep(number: number, packet: number, bytes: Uint8Array, size: number): void {
    if (this.#numbers.length === 0) this.#makeRoom();
    const slot = number & (REMEMBERED - 1);
    const octets = Math.min(size, OCTETS);
    this.#numbers[slot] = number;
    this.#packets[slot] = packet;
    this.#sizes[slot] = octets;
    for (let i = 0; i < octets; i++) this.#octets[slot * OCTETS + i] = bytes[i]!;
  }

  /** The record's packet and first octets; null if it is not remembered. */
  get(number: number): { packet: number; octets: Uint8Array } | null {
    const slot = number & (REMEMBERED - 1);
    if (number < 0 || this.#numbers[slot] !== number) return null;
    const octets = this.#octets.slice(slot * OCTETS, slot * OCTETS + this.#sizes[slot]!);
    return { packet: this.#packets[slot]!, octets };
  }

  #makeRoom(): void {
    this.#numbers = new Float64Array(REMEMBERED).fill(-1);
    this.#packets = new Int32Array(REMEMBERED);
    this.#sizes = new Uint8Array(REMEMBERED);
    this.#octets = new Uint8Array(REMEMBERED * OCTETS);
  }
}
