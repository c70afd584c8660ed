/** How long a relay waits. Milliseconds. */
export interface Timeouts {
  /** For the connection to one broker, TLS included. */
  connect: number;
  /** Without an octet from either side; 0 for ever. Counted in checks: see `probe`. */
  idle: number;
  /** For the broker's connection when the client has already ended its stream: the client may be gone. */
  halfClosed: number;
  /** For a stopped client to end its stream. */
  stopping: number;
  /** For one side to take what is still to be written, when the other side is closed. */
  linger: number;
  /** For a client's TLS handshake. */
  handshake: number;
  /** For the first octet of a broker that was reached. Then the broker is reported as silent; the wait goes on. */
  silence: number;
  /** Between two checks of sockets that are not read. */
  probe: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  connect: 30_000,
  idle: 0,
  halfClosed: 2000,
  stopping: 2000,
  linger: 60_000,
  handshake: 30_000,
  silence: 10_000,
  probe: 1000,
};
