/** Serves one page to one browser of this machine. It listens on loopback only, at a port that is free. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OneVisit, PAGE_HEADERS, refusal, type VisitAnswer } from "../proxy/one-visit.ts";

/** Milliseconds for a request to come. */
const REQUEST_TIMEOUT = 10_000;

export class ViewServer {
  readonly #server: Server;
  readonly #page: string;
  readonly #visit = new OneVisit({ cookieName: "ghostframe-view" });

  constructor(page: string) {
    this.#page = page;
    this.#server = createServer((request, response) => this.#take(request, response));
    this.#server.requestTimeout = REQUEST_TIMEOUT;
    this.#server.headersTimeout = REQUEST_TIMEOUT;
  }

  /** Resolves to the address for the one visit; rejects if it cannot listen. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    this.#visit.port = (this.#server.address() as AddressInfo).port;
    return this.#visit.address;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const { status, body, headers } = this.#answer(request);
    response.writeHead(status, {
      "content-type": status === 200 ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      ...PAGE_HEADERS,
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  #answer(request: IncomingMessage): VisitAnswer {
    const answer = this.#visit.answer(request);
    if (answer !== null) return answer;
    const path = request.url?.split("?")[0];
    return path === "/" ? { status: 200, body: this.#page } : refusal(404, "there is one page only: /");
  }
}
