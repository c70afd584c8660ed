import { word } from "./byte-order.ts";
import { type CaptureInterface, describeInterface } from "./pcapng-interface.ts";

/** Interfaces kept of a section: a bound, so that memory does not grow with the file. */
const MAX_INTERFACES = 65536;

/** The interfaces that the present section of a file has described, in their order: packets name them by number. */
export class SectionInterfaces {
  /** Interface descriptions whose options contradict themselves, in all sections. */
  unsound = 0;
  #interfaces: CaptureInterface[] = [];
  /** Packets lost in the sections before this one. */
  #droppedBefore = 0;

  get count(): number {
    return this.#interfaces.length;
  }

  /** Packets that were dropped while capturing, as far as the file reports them. */
  get dropped(): number {
    return this.#interfaces.reduce((sum, { dropped }) => sum + dropped, this.#droppedBefore);
  }

  get(id: number): CaptureInterface | undefined {
    return this.#interfaces[id];
  }

  /** A new section numbers its interfaces from 0. */
  beginSection(): void {
    this.#droppedBefore = this.dropped;
    this.#interfaces = [];
  }

  /** An interface description block. Returns what is wrong, or null. */
  describe(bytes: Uint8Array, at: number, length: number, littleEndian: boolean): string | null {
    if (this.#interfaces.length === MAX_INTERFACES) return `there should be ${MAX_INTERFACES} in a section at most`;
    const description = describeInterface(bytes, at, length, littleEndian);
    this.#interfaces.push(description.interface);
    if (!description.optionsAreSound) this.unsound++;
    return null;
  }

  /** An interface statistics block. */
  countDropped(bytes: Uint8Array, at: number, length: number, littleEndian: boolean): void {
    this.#interfaces[word(bytes, at + 8, littleEndian)]?.countStatistics(bytes, at, length, littleEndian);
  }
}
