/**
 * Serves one page to one browser of this machine. It listens on loopback only, at a port that is free. The address has a
 * token that is good for one visit: that visit gets a cookie, which whatever else runs on this machine does not have.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Octets of token and cookie. */
const SECRET_OCTETS = 24;
/** Cookies know hosts, not ports: each server's has a name of its own, so that one does not log out another. */
const COOKIE = "ghostframe-view";
/** Milliseconds for a request to come. */
const REQUEST_TIMEOUT = 10_000;

/** The page's own policy says what it may load: nothing. These say who may load it. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

interface Answer {
  status: number;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

export class ViewServer {
  readonly #server: Server;
  readonly #page: string;
  /** null once it was used. */
  #token: string | null = secret();
  readonly #cookie = secret();
  #port = 0;

  constructor(page: string) {
    this.#page = page;
    this.#server = createServer((request, response) => this.#take(request, response));
    this.#server.requestTimeout = REQUEST_TIMEOUT;
    this.#server.headersTimeout = REQUEST_TIMEOUT;
  }

  /** Resolves to the address for the one visit; rejects where nothing can be listened on. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    return `http://127.0.0.1:${this.#port}/?token=${this.#token}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #cookieName(): string {
    return `${COOKIE}-${this.#port}`;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const { status, body, headers } = this.#answer(request);
    response.writeHead(status, {
      "content-type": status === 200 ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      ...HEADERS,
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  #answer({ method, url = "/", headers }: IncomingMessage): Answer {
    // Whoever has a name of their own lead here is answered nothing.
    if (headers.host !== `127.0.0.1:${this.#port}`) return refusal(421, "expected the address that was printed");
    if (method !== "GET" && method !== "HEAD") return refusal(405, "expected GET or HEAD");
    const [path, query = ""] = url.split("?");
    if (path !== "/") return refusal(404, "there is one page only: /");
    const cookie = cookieIn(headers.cookie, this.#cookieName());
    if (cookie !== null && isSame(cookie, this.#cookie)) return { status: 200, body: this.#page };
    const token = new URLSearchParams(query).get("token");
    if (token === null || this.#token === null || !isSame(token, this.#token)) {
      return refusal(403, "this address was used already, or is not the one that was printed");
    }
    if (method === "GET") this.#token = null;
    // The token does not stay in the address bar, nor in the history.
    return {
      status: 303,
      body: "",
      headers: {
        location: "/",
        "set-cookie": `${this.#cookieName()}=${this.#cookie}; HttpOnly; SameSite=Strict; Path=/`,
      },
    };
  }
}

function refusal(status: number, text: string): Answer {
  return { status, body: `${text}\n` };
}

function secret(): string {
  return randomBytes(SECRET_OCTETS).toString("hex");
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function cookieIn(header: string | undefined, name: string): string | null {
  const pairs = (header ?? "").split(";").map(pair => pair.trim());
  return pairs.find(pair => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
}
