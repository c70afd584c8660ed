/**
 * Which browser may load a page that is served to this machine: only the one that was sent there. The address has a
 * token that is good for one visit. That visit gets a cookie, which other programs on this machine do not have.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Octets of token and cookie. */
const SECRET_OCTETS = 24;

/** The page's own policy limits what it may load. These headers limit who may load it. */
export const PAGE_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

export interface VisitSecrets {
  /** null once it was used. */
  token: string | null;
  cookie: string;
}

/** An answer that is not the page: a refusal, or a redirect to it. */
export interface VisitAnswer {
  status: number;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

export interface OneVisitOptions {
  /** Cookies know hosts, not ports: the port is added, so that one server does not log out another. */
  cookieName: string;
  secrets?: VisitSecrets;
  /** The token was used. */
  visited?: () => void;
}

export class OneVisit {
  /** Of 127.0.0.1, where the server listens; 0 before that is known. */
  port = 0;
  readonly #options: OneVisitOptions;
  readonly #secrets: VisitSecrets;

  constructor(options: OneVisitOptions) {
    this.#options = options;
    this.#secrets = { ...(options.secrets ?? newSecrets()) };
  }

  /** The address for the one visit. */
  get address(): string {
    return visitAddress(this.port, this.#secrets.token ?? "");
  }

  /** Another visit may be made, with this token. The earlier browser keeps its access. */
  allow(token: string): void {
    this.#secrets.token = token;
  }

  /** Null if the request comes from the browser that was let in; else the answer. */
  answer({ method, url = "/", headers }: IncomingMessage): VisitAnswer | null {
    // A request by another host name gets no page (DNS rebinding).
    if (headers.host !== `127.0.0.1:${this.port}`) return refusal(421, "expected the address that was printed");
    if (method !== "GET" && method !== "HEAD") return refusal(405, "expected GET or HEAD");
    const cookie = cookieIn(headers.cookie, this.#cookieName);
    if (cookie !== null && isSame(cookie, this.#secrets.cookie)) return null;
    const [path, query = ""] = url.split("?");
    const given = path === "/" ? new URLSearchParams(query).get("token") : null;
    const { token } = this.#secrets;
    if (given === null || token === null || !isSame(given, token)) {
      return refusal(403, "this address was used already, or is not the one that was printed");
    }
    if (method === "GET") {
      this.#secrets.token = null;
      this.#options.visited?.();
    }
    // The token does not stay in the address bar, nor in the history.
    return {
      status: 303,
      body: "",
      headers: {
        location: "/",
        "set-cookie": `${this.#cookieName}=${this.#secrets.cookie}; HttpOnly; SameSite=Strict; Path=/`,
      },
    };
  }

  get #cookieName(): string {
    return `${this.#options.cookieName}-${this.port}`;
  }
}

/** The address for one visit. */
export function visitAddress(port: number, token: string): string {
  return `http://127.0.0.1:${port}/?token=${token}`;
}

export function newSecrets(): VisitSecrets {
  return { token: newSecret(), cookie: newSecret() };
}

export function newSecret(): string {
  return randomBytes(SECRET_OCTETS).toString("hex");
}

export function refusal(status: number, text: string): VisitAnswer {
  return { status, body: `${text}\n` };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function cookieIn(header: string | undefined, name: string): string | null {
  const pairs = (header ?? "").split(";").map(pair => pair.trim());
  return pairs.find(pair => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
}
