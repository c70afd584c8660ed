/** A line on stderr that shows the progress of work that takes longer than a second. */

/** Milliseconds until the line is shown, and between two updates. */
const SHOW_AFTER = 1000;
const INTERVAL = 200;

export interface ProgressClock {
  /** Milliseconds, from any origin. */
  now(): number;
}

export class Progress {
  readonly #stream: { isTTY?: boolean; columns?: number; write(text: string): unknown };
  readonly #clock: ProgressClock;
  #path = "";
  #octets = 0;
  #began = 0;
  #shownAt = 0;
  #shown = false;

  /** Shows nothing if `stream` is not a terminal. */
  constructor(stream: { isTTY?: boolean; columns?: number; write(text: string): unknown }, clock: ProgressClock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#began = clock.now();
  }

  /** This many octets of a file were read; `total` is null if the size is not known. */
  update(path: string, octets: number, total: number | null): void {
    if (this.#stream.isTTY !== true) return;
    const now = this.#clock.now();
    // Fewer octets than before: the file is read a second time.
    if (path !== this.#path || octets < this.#octets) {
      this.#path = path;
      this.#began = now;
    }
    this.#octets = octets;
    const elapsed = now - this.#began;
    if (elapsed < SHOW_AFTER || now - this.#shownAt < INTERVAL) return;
    this.#shownAt = now;
    this.#shown = true;
    const line = progressLine(path, octets, total, elapsed);
    const columns = this.#stream.columns ?? 80;
    this.#stream.write(`\r${line.slice(0, columns - 1)}\x1b[K`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#stream.write("\r\x1b[K");
    this.#shown = false;
  }
}

/** `big.pcap  42 %  380 MB/s  3 s left`; for a pipe `standard input  120 MB  40 MB/s`. */
export function progressLine(path: string, octets: number, total: number | null, milliseconds: number): string {
  const name = (path === "-" ? "standard input" : path).replace(/[^\x20-\x7e]/g, "?");
  const speed = octets / Math.max(milliseconds, 1) / 1000;
  const rate = `${speed.toFixed(speed < 10 ? 1 : 0)} MB/s`;
  if (total === null || total === 0) return `${name}  ${(octets / 1e6).toFixed(0)} MB  ${rate}`;
  const share = Math.floor((octets / total) * 100);
  const left = Math.ceil((total - octets) / Math.max(octets, 1) / (1000 / milliseconds));
  const wait = left < 120 ? `${left} s left` : `${Math.round(left / 60)} min left`;
  return `${name}  ${share} %  ${rate}  ${wait}`;
}
