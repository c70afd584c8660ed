/**
 * Waits for the first octet of a broker. If the broker was reached, the client has sent something, and nothing comes
 * back, then the broker is gone, or it is no broker: its host, or a load balancer in front of it, only accepts
 * connections.
 */
export class BrokerSilence {
  readonly #milliseconds: number;
  readonly #silent: () => void;
  #reached = false;
  #asked = false;
  #over = false;
  #timer: NodeJS.Timeout | null = null;

  /** `silent` is called at most once. */
  constructor(milliseconds: number, silent: () => void) {
    this.#milliseconds = milliseconds;
    this.#silent = silent;
  }

  /** The broker's host has accepted the TCP connection. */
  reached(): void {
    this.#reached = true;
    this.#wait();
  }

  /** The client has sent something. */
  asked(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#wait();
  }

  /** The broker has sent something, or its octets are not waited for any more. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #wait(): void {
    if (!this.#reached || !this.#asked || this.#over || this.#timer !== null) return;
    this.#timer = setTimeout(this.#silent, this.#milliseconds);
  }
}
