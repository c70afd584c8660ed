/**
 * `--webhook URL`: a POST for every new fingerprint, signed as https://www.standardwebhooks.com defines, so that its
 * libraries verify it:
 *
 *     webhook-id: <the same in every attempt>
 *     webhook-timestamp: <seconds since 1970, of the attempt>
 *     webhook-signature: v1,<base64 of HMAC-SHA-256 of "id.timestamp.body">
 *
 * One is sent at a time. Nothing waits for it, and what cannot be sent is counted.
 */
import { createHmac, randomUUID } from "node:crypto";
import { printable } from "../bytes/printable.ts";
import { counted } from "../report/text/wording.ts";
import { ProxyError, reasonOf } from "./proxy-error.ts";

export interface WebhookSetting {
  url: URL;
  /** Octets that receiver and sender share; null for no signature. */
  secret: Uint8Array | null;
}

export interface WebhookOptions extends WebhookSetting {
  /** Gets what the operator should know: one sentence without a full stop. */
  problem: (message: string) => void;
  /** Other waits between two attempts, in tests. Milliseconds. */
  waits?: readonly number[];
  /** Another time for an answer, in tests. Milliseconds. */
  timeout?: number;
}

/** Findings that wait to be sent; beyond this, the newest are not sent. */
const MAX_WAITING = 1000;
/** Milliseconds before each further attempt. */
const WAITS = [1000, 5000, 30_000, 120_000, 600_000];
/** The longest wait that a receiver may ask for by Retry-After. Milliseconds. */
const LONGEST_WAIT = 600_000;
/** Milliseconds for an answer. */
const TIMEOUT = 10_000;
const SECRET_PREFIX = "whsec_";
const SECRET_VARIABLE = "GHOSTFRAME_WEBHOOK_SECRET";

/**
 * The webhook that a URL of the command line names, with the secret of the environment.
 *
 * @throws ProxyError if one of them is wrong. The URL's path and query may be secret: they are in no message.
 */
export function webhookSetting(text: string, env: NodeJS.ProcessEnv): WebhookSetting {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new ProxyError("--webhook", "expected an http:// or https:// URL, found something else");
  }
  if (url.username !== "" || url.password !== "") {
    throw new ProxyError("--webhook", "expected a URL without user and password, found one with them");
  }
  const secret = env[SECRET_VARIABLE];
  return { url, secret: secret === undefined || secret === "" ? null : secretOctets(secret) };
}

function secretOctets(secret: string): Uint8Array {
  if (!secret.startsWith(SECRET_PREFIX)) return new TextEncoder().encode(secret);
  const encoded = secret.slice(SECRET_PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new ProxyError(SECRET_VARIABLE, `expected base64 behind ${SECRET_PREFIX}, found something else`);
  }
  return Buffer.from(encoded, "base64");
}

export class Webhook {
  /** Findings that could not be sent. */
  unsent = 0;
  readonly #options: WebhookOptions;
  readonly #waiting: { id: string; body: string }[] = [];
  /** The sending in progress; null if nothing waits. */
  #work: Promise<void> | null = null;
  /** Ends the wait and the present request. */
  readonly #stop = new AbortController();
  #isFull = false;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** @param line the event as a line of JSON */
  send(line: string): void {
    if (this.#stop.signal.aborted || this.#waiting.length >= MAX_WAITING) {
      this.unsent++;
      if (!this.#isFull)
        this.#options.problem(`${counted(MAX_WAITING, "finding")} wait for the webhook, more are not sent`);
      this.#isFull = true;
      return;
    }
    const event = line.trimEnd();
    const body = `{"type":"ghostframe.finding","timestamp":${JSON.stringify(new Date().toISOString())},"data":${event}}`;
    this.#waiting.push({ id: randomUUID(), body });
    this.#work ??= this.#sendAll();
  }

  /** Resolves when all is sent, or after `within` milliseconds. */
  async close(within: number): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), within);
    await this.#work;
    clearTimeout(timer);
    this.#stop.abort();
    if (this.unsent > 0) this.#options.problem(`${counted(this.unsent, "finding")} could not be sent to the webhook`);
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!(await this.#sent(next))) this.unsent++;
      if (this.#waiting.length === 0) this.#isFull = false;
    }
    this.#work = null;
  }

  async #sent({ id, body }: { id: string; body: string }): Promise<boolean> {
    const { waits = WAITS, url, problem } = this.#options;
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      const { wait, reason } = await this.#attempt(id, body);
      if (reason === null) return true;
      if (attempt === 0) problem(`the webhook at ${url.host} did not take a finding: ${reason}`);
      const least = waits[attempt];
      if (wait === null || least === undefined) return false;
      await this.#pause(Math.min(LONGEST_WAIT, Math.max(least, wait)));
    }
    return false;
  }

  /** `reason`: null if it was accepted. `wait`: milliseconds that the receiver asks for; null for no more attempts. */
  async #attempt(id: string, body: string): Promise<{ wait: number | null; reason: string | null }> {
    const { url, timeout = TIMEOUT } = this.#options;
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: this.#headers(id, body),
        body,
        redirect: "manual",
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeout)]),
      });
      await answer.body?.cancel();
      if (answer.ok) return { wait: 0, reason: null };
      const mayHelp = answer.status >= 500 || answer.status === 429 || answer.status === 408;
      return { wait: mayHelp ? retryAfter(answer) : null, reason: `it answered ${answer.status}` };
    } catch (error) {
      return { wait: 0, reason: failure(error) };
    }
  }

  #headers(id: string, body: string): Record<string, string> {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const { secret } = this.#options;
    const signed = secret === null ? null : createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`);
    return {
      "content-type": "application/json",
      "user-agent": "ghostframe",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      ...(signed === null ? {} : { "webhook-signature": `v1,${signed.digest("base64")}` }),
    };
  }

  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise(resolve => {
      const over = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        resolve();
      };
      const timer = setTimeout(over, milliseconds);
      signal.addEventListener("abort", over);
    });
  }
}

/** Milliseconds that Retry-After asks for: seconds, or a date (RFC 9110 §10.2.3). */
function retryAfter(answer: Response): number {
  const value = answer.headers.get("retry-after") ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? 0 : Math.max(0, at - Date.now());
}

/** Why there was no answer. fetch hides the system's error in the cause. */
function failure(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "it did not answer in time";
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return printable(reasonOf(cause), 200);
}
