/** Reports that the proxy listens: by a file, and to systemd if that waits for it. */
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { ProxyError, reasonOf } from "../proxy/proxy-error.ts";

export class Readiness {
  readonly #file: string | null;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(file: string | null, environment: NodeJS.ProcessEnv) {
    this.#file = file;
    this.#environment = environment;
  }

  /**
   * It listens at these addresses: one a line in the file.
   *
   * @throws ProxyError if the file cannot be written
   */
  ready(addresses: readonly string[]): void {
    if (this.#file !== null) {
      try {
        writeFileSync(this.#file, `${addresses.join("\n")}\n`);
      } catch (cause) {
        throw new ProxyError(this.#file, `cannot be written (${reasonOf(cause)}), expected a file to be made`, {
          cause,
        });
      }
    }
    this.#notify("--ready");
  }

  /** It accepts no more. */
  stopping(): void {
    if (this.#file !== null) rmSync(this.#file, { force: true });
    this.#notify("--stopping");
  }

  /** Node has no datagrams on local sockets; systemd's own tool has, with NotifyAccess=all. */
  #notify(state: string): void {
    if (this.#environment.NOTIFY_SOCKET === undefined) return;
    spawn("systemd-notify", [state, `--pid=${process.pid}`], { stdio: "ignore" })
      .on("error", () => {})
      .unref();
  }
}
