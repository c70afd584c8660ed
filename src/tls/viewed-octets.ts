/** One view at a time of octets that are looked at again and again: to make one costs more than to use it. */
export class ViewedOctets {
  #octets: Uint8Array | null = null;
  #view: DataView = new DataView(new ArrayBuffer(0));

  of(octets: Uint8Array): DataView {
    if (octets !== this.#octets) {
      this.#octets = octets;
      this.#view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    }
    return this.#view;
  }

  release(): void {
    this.of(new Uint8Array(0));
  }
}
