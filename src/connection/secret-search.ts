import { NamedValueSearch } from "./named-values.ts";
import { UrlSearch } from "./url-search.ts";

/**
 * What authenticates somebody in methods and headers, wherever they hold it: users and passwords of URLs, and the values of fields
 * whose names tell of a secret.
 */
export class SecretSearch {
  readonly #urls = new UrlSearch();
  /** Stretches [from, to) of the octets searched since this was emptied; they may overlap. */
  readonly found = this.#urls.found;
  readonly #values = new NamedValueSearch(this.found);

  /** Searches bytes[from, to). `goesOn`: what follows there will come with the next octets. */
  search(bytes: Uint8Array, from: number, to: number, goesOn: boolean): void {
    this.#urls.search(bytes, from, to, goesOn);
    this.#values.search(bytes, from, to);
  }

  /** A frame ended here as it should: nothing goes on behind it. */
  end(): void {
    this.#values.end();
  }
}
