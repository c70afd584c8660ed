/** The signals that end a proxy, or make it reload. */
import { EXIT } from "./exit-codes.ts";

/**
 * The first SIGINT (Ctrl-C) or SIGTERM lets connections end, then the proxy; a second one of either kind ends the
 * process at once. It listens as soon as it is constructed.
 */
export class ProxySignals {
  /** SIGINT was among the signals. */
  interrupted = false;
  /** Resolves with the first signal that asks it to end. */
  readonly stop: Promise<void>;
  #count = 0;
  readonly #listeners: (readonly [NodeJS.Signals, () => void])[] = [];

  /** @param exit ends the process, with a status */
  constructor(exit: (status: number) => void) {
    this.stop = new Promise(resolve => {
      const end = (signal: NodeJS.Signals): void => {
        this.interrupted ||= signal === "SIGINT";
        this.#count++;
        if (this.#count === 1) resolve();
        else exit(this.interrupted ? EXIT.INTERRUPTED : EXIT.FAILED);
      };
      this.#on("SIGINT", () => end("SIGINT"));
      this.#on("SIGTERM", () => end("SIGTERM"));
    });
  }

  /** SIGHUP reloads. A reload that fails ends nothing, and is reported. */
  onHangUp(reload: () => Promise<void>, complain: (message: string) => void): void {
    this.#on("SIGHUP", () => {
      reload().catch((error: unknown) =>
        complain(`not reloaded: ${error instanceof Error ? error.message : String(error)}`),
      );
    });
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }

  #on(signal: NodeJS.Signals, listener: () => void): void {
    process.on(signal, listener);
    this.#listeners.push([signal, listener]);
  }
}
