/**
 * `--admin`: metrics for Prometheus, health for an orchestrator, open connections and findings as JSON. It only reads:
 * it accepts no body and changes nothing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Endpoint } from "../report/report.ts";
import { OPEN_METRICS_TYPE, TEXT_TYPE } from "../telemetry/open-metrics.ts";
import type { ListenAddress } from "./address.ts";

/** Milliseconds that a request has to come, and an answer to go. */
const REQUEST_TIMEOUT = 10_000;
/** Connections at a time: a scrape and some probes. */
const MAX_CONNECTIONS = 64;

export interface AdminAnswers {
  /** In OpenMetrics, or in the older text format. */
  metrics(isOpen: boolean): string;
  /** null if all is well; else what is wrong. */
  unhealthy(): string | null;
  unready(): Promise<string | null>;
  /** JSON. */
  connections(): Promise<string>;
  findings(): string;
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

const PATHS = `/metrics      for Prometheus
/healthz      whether the proxy is well
/readyz       whether it listens, and a broker can be reached
/connections  what is open, as JSON
/findings     what was found, as JSON`;

const JSON_TYPE = "application/json; charset=utf-8";

export class AdminServer {
  readonly #server: Server;
  readonly #answers: AdminAnswers;

  constructor(answers: AdminAnswers) {
    this.#answers = answers;
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.requestTimeout = REQUEST_TIMEOUT;
    this.#server.headersTimeout = REQUEST_TIMEOUT;
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves to the address where it listens. */
  async listen({ host, port }: ListenAddress): Promise<Endpoint> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, resolve);
    });
    const { address, port: bound } = this.#server.address() as AddressInfo;
    return { address, port: bound };
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const { status, type, body } = await this.#answer(request).catch((error: unknown) =>
      plain(500, error instanceof Error ? error.message : String(error)),
    );
    response.writeHead(status, {
      "content-type": type,
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async #answer({ method, url = "/", headers }: IncomingMessage): Promise<Answer> {
    if (method !== "GET" && method !== "HEAD") return plain(405, "expected GET or HEAD");
    switch (url.split("?")[0]) {
      case "/metrics": {
        const isOpen = headers.accept?.includes("application/openmetrics-text") === true;
        return { status: 200, type: isOpen ? OPEN_METRICS_TYPE : TEXT_TYPE, body: this.#answers.metrics(isOpen) };
      }
      case "/healthz":
        return health(this.#answers.unhealthy());
      case "/readyz":
        return health(this.#answers.unhealthy() ?? (await this.#answers.unready()));
      case "/connections":
        return { status: 200, type: JSON_TYPE, body: await this.#answers.connections() };
      case "/findings":
        return { status: 200, type: JSON_TYPE, body: this.#answers.findings() };
      case "/":
        return plain(200, PATHS);
      default:
        return plain(404, `there is no such page here, but\n\n${PATHS}`);
    }
  }
}

function health(problem: string | null): Answer {
  return problem === null ? plain(200, "ok") : plain(503, problem);
}

function plain(status: number, text: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${text}\n` };
}
