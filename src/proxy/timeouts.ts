/** How long a relay waits for whom. Milliseconds. */
export interface Timeouts {
  /** A broker's connection, for a client that has ended its stream already: it may be gone. */
  halfClosed: number;
  /** A stopped client, to end its stream. */
  stopping: number;
  /** What is still to be written to one side, when the other one is closed. */
  linger: number;
  /** A client's TLS handshake. */
  handshake: number;
  /** The first octet of a broker that was reached. It is then told to be silent, and waited for all the same. */
  silence: number;
  /** Between two looks after sockets that nobody reads from. */
  probe: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  halfClosed: 2000,
  stopping: 2000,
  linger: 60_000,
  handshake: 30_000,
  silence: 10_000,
  probe: 1000,
};
