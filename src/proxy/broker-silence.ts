/**
 * Waits for the first octet of a broker that was reached, and that a client has sent something: one that says nothing
 * then is gone, or is no broker, though its host, or a balancer before it, accepts connections.
 */
export class BrokerSilence {
  readonly #milliseconds: number;
  readonly #tell: () => void;
  #reached = false;
  #asked = false;
  #over = false;
  #timer: NodeJS.Timeout | null = null;

  /** `tell` is called at most once. */
  constructor(milliseconds: number, tell: () => void) {
    this.#milliseconds = milliseconds;
    this.#tell = tell;
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

  /** The broker has said something, or nobody waits for it any more. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #wait(): void {
    if (!this.#reached || !this.#asked || this.#over || this.#timer !== null) return;
    this.#timer = setTimeout(this.#tell, this.#milliseconds);
  }
}
