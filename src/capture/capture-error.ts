/**
 * The octets of a capture file contradict themselves: nothing behind this place can be decoded any more.
 *
 * Thrown by the readers, which know octets and not files. The message names what is wrong, where, what was expected and
 * what was found; the caller that opened the file adds its path. Every packet before the place has been delivered.
 */
export class CaptureError extends Error {
  override name = "CaptureError";
  /** Offset in the (decompressed) file of the record or block that is corrupt. */
  readonly atOctet: number;
  /** 1-based number the next packet would have had. */
  readonly packet: number;

  constructor(atOctet: number, packet: number, problem: string) {
    super(problem);
    this.atOctet = atOctet;
    this.packet = packet;
  }
}
