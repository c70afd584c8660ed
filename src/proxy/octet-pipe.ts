/**
 * Passes octets from one thread to another through shared memory. Neither thread waits for the other or calls it: to
 * write costs a copy, and no system call. One thread writes, one reads. Each has its own OctetPipe over the same
 * memory.
 *
 *      0  written    4        octets written and read so far, modulo 2^32
 *      4  read       4
 *      8  sleeping   4        1: the reader looks again only when it is woken
 *     12  –          4
 *     16  ring       a power of two
 */

/** Indices of 32-bit numbers. */
const WRITTEN = 0;
const READ = 1;
const SLEEPING = 2;
const RING_AT = 16;

export class OctetPipe {
  readonly #control: Int32Array;
  readonly #ring: Uint8Array;
  /** Where the reader puts what it has read. */
  #copy = new Uint8Array(0);

  /** Memory for a pipe that holds this many octets (a power of two). The reader sleeps at first. */
  static memory(octets: number): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(RING_AT + octets);
    new Int32Array(memory)[SLEEPING] = 1;
    return memory;
  }

  constructor(memory: SharedArrayBuffer) {
    this.#control = new Int32Array(memory, 0, RING_AT / 4);
    this.#ring = new Uint8Array(memory, RING_AT);
  }

  /** Writes octets[0, length). If there is no room for all of them, writes none and returns false. */
  write(octets: Uint8Array, length: number): boolean {
    const control = this.#control;
    const ring = this.#ring;
    const written = control[WRITTEN]!;
    const waiting = (written - Atomics.load(control, READ)) >>> 0;
    if (ring.length - waiting < length) return false;
    const at = written & (ring.length - 1);
    const first = Math.min(length, ring.length - at);
    ring.set(octets.subarray(0, first), at);
    if (first < length) ring.set(octets.subarray(first, length), 0);
    Atomics.store(control, WRITTEN, (written + length) | 0);
    return true;
  }

  /** Whether the reader must be woken now. Afterwards it counts as awake. */
  get wakes(): boolean {
    const control = this.#control;
    return Atomics.load(control, SLEEPING) === 1 && Atomics.exchange(control, SLEEPING, 0) === 1;
  }

  /** All that was written and not read yet. Valid until the next call. */
  read(): Uint8Array {
    const control = this.#control;
    const ring = this.#ring;
    const read = control[READ]!;
    const written = Atomics.load(control, WRITTEN);
    const length = (written - read) >>> 0;
    if (length > this.#copy.length) this.#copy = new Uint8Array(ring.length);
    const at = read & (ring.length - 1);
    const first = Math.min(length, ring.length - at);
    this.#copy.set(ring.subarray(at, at + first), 0);
    if (first < length) this.#copy.set(ring.subarray(0, length - first), first);
    Atomics.store(control, READ, written);
    return this.#copy.subarray(0, length);
  }

  /** The reader wants to sleep. Returns false if something was written meanwhile: then it must read on. */
  sleep(): boolean {
    const control = this.#control;
    Atomics.store(control, SLEEPING, 1);
    if (Atomics.load(control, WRITTEN) === control[READ]) return true;
    Atomics.store(control, SLEEPING, 0);
    return false;
  }
}
