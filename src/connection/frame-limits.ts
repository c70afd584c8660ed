import { type FrameScanner, UNKNOWN_FRAME_LIMIT } from "../amqp/frame-scanner.ts";
import { FRAME_ENVELOPE } from "../amqp/spec/constants.ts";

const NO_LIMIT = 0xffffffff;

/** How long a direction's frames may be: what RabbitMQ accepts (the scanner's `sizeLimit`), and what was agreed on. */
export class FrameLimits {
  /** Largest payload that fits into frame-max together with its envelope. */
  payload: number;
  readonly #scanner: FrameScanner;

  constructor(scanner: FrameScanner) {
    this.#scanner = scanner;
    this.payload = scanner.sizeLimit;
  }

  /** Octets of the handshake were missed, and what was negotiated with them. */
  unknown(): void {
    this.#scanner.sizeLimit = UNKNOWN_FRAME_LIMIT;
    this.payload = UNKNOWN_FRAME_LIMIT;
  }

  /** It is known what payload the broker accepts before tune-ok, in octets. */
  beforeTune(payload: number): void {
    this.#scanner.sizeLimit = payload;
    this.payload = payload;
  }

  /** frame-max was negotiated; 0 means that there is none. */
  negotiated(frameMax: number): void {
    this.#scanner.sizeLimit = frameMax === 0 ? NO_LIMIT : frameMax;
    this.payload = frameMax === 0 ? NO_LIMIT : frameMax - FRAME_ENVELOPE;
  }
}
