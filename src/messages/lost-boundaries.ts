/**
 * The directions of a connection that are not read at present: octets were missed, and no frame came since. What the
 * other direction sends in that time may be answered unseen.
 */
export class LostBoundaries {
  client = false;
  server = false;

  /** Octets of a direction were missed. */
  lose(isClient: boolean): void {
    if (isClient) this.client = true;
    else this.server = true;
  }

  /** A frame of a direction was read. */
  find(isClient: boolean): void {
    if (isClient) this.client = false;
    else this.server = false;
  }
}
