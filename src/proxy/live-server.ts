/**
 * `--ui`: the live page, for one browser of this machine, on loopback only. It serves the page, server-sent events of
 * changes, frames of a connection as they come, and what was recorded around a finding. It never waits for its readers:
 * a reader that is too slow is disconnected, and reconnects by itself.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EventStream } from "./event-stream.ts";
import type { LiveState } from "./live-state.ts";
import { OneVisit, PAGE_HEADERS, refusal, type VisitAnswer } from "./one-visit.ts";
import { reasonOf } from "./proxy-error.ts";
import { copyExcerpt } from "./recording-excerpt.ts";
import type { LiveAddress, WatchedFrames } from "./telemetry-protocol.ts";

/** Milliseconds for a request to come. */
const REQUEST_TIMEOUT = 10_000;
/** TCP connections at a time, and how many of these may be streams of events. */
const MAX_CONNECTIONS = 32;
const MAX_STREAMS = 8;
/** Milliseconds between two updates, and of silence after which a stream is shown to be alive. */
const UPDATE_EVERY = 250;
const ALIVE_EVERY = 15_000;
/** Updates that are kept for browsers that come back, and their characters. */
const MAX_KEPT = 240;
const MAX_KEPT_CHARACTERS = 4 << 20;

export interface LiveServerOptions {
  page: string;
  address: LiveAddress;
  state: LiveState;
  /** The token was used. */
  visited: () => void;
  /** Has the inspector send the frames of a connection; `channel`: null for all. */
  watch: (watch: number, connection: string, channel: number | null) => void;
  unwatch: (watch: number) => void;
}

interface Update {
  number: number;
  text: string;
}

export class LiveServer {
  readonly #options: LiveServerOptions;
  readonly #server: Server;
  readonly #visit: OneVisit;
  /** Distinguishes this server's updates from those of an earlier one. */
  readonly #epoch = randomBytes(4).toString("hex");
  readonly #streams = new Set<EventStream>();
  readonly #watches = new Map<number, EventStream>();
  #nextWatch = 1;
  #kept: Update[] = [];
  #keptCharacters = 0;
  #number = 0;
  #isCopying = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: LiveServerOptions) {
    this.#options = options;
    const { address, visited } = options;
    this.#visit = new OneVisit({ cookieName: "ghostframe-live", secrets: address.secrets, visited });
    this.#server = createServer((request, response) => this.#take(request, response));
    this.#server.requestTimeout = REQUEST_TIMEOUT;
    this.#server.headersTimeout = REQUEST_TIMEOUT;
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves to its port; rejects if it cannot listen. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.address.port, "127.0.0.1", resolve);
    });
    this.#visit.port = (this.#server.address() as AddressInfo).port;
    const alive = (): void => {
      for (const stream of [...this.#streams, ...this.#watches.values()]) stream.alive();
    };
    this.#timers = [setInterval(() => this.#update(), UPDATE_EVERY), setInterval(alive, ALIVE_EVERY)];
    return this.#visit.port;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Lets another browser in, with this token. */
  allow(token: string): void {
    this.#visit.allow(token);
  }

  /** Frames of a connection that is watched. */
  frames({ watch, frames, omitted, over }: WatchedFrames): void {
    const data = `{"frames":[${frames.join(",")}],"omitted":${omitted},"over":${over}}`;
    this.#watches.get(watch)?.send("frames", data);
  }

  /** Another inspector begins: it has none of the watches. */
  inspectorBegan(): void {
    for (const stream of this.#watches.values()) stream.send("frames", '{"frames":[],"omitted":0,"over":true}');
  }

  #update(): void {
    const text = this.#options.state.takeUpdate();
    if (text === null) return;
    this.#number++;
    this.#kept.push({ number: this.#number, text });
    this.#keptCharacters += text.length;
    while (this.#kept.length > MAX_KEPT || this.#keptCharacters > MAX_KEPT_CHARACTERS) {
      this.#keptCharacters -= this.#kept.shift()!.text.length;
    }
    for (const stream of this.#streams) stream.send("update", text, this.#id(this.#number));
  }

  #id(number: number): string {
    return `${this.#epoch}.${number}`;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const answer = this.#visit.answer(request) ?? this.#answer(request, response);
    if (answer === null) return;
    const { status, body, headers } = answer;
    response.writeHead(status, {
      "content-type": status === 200 ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      ...PAGE_HEADERS,
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  /** Null if the response is under way. */
  #answer(request: IncomingMessage, response: ServerResponse): VisitAnswer | null {
    const [path = "/", query = ""] = (request.url ?? "/").split("?");
    if (path === "/") return { status: 200, body: this.#options.page };
    const recording = /^\/recording\/(f\d{1,15})\.pcapng$/.exec(path);
    const isStream = path === "/events" || path === "/frames";
    if (!isStream && recording === null) return refusal(404, "there is no such page here");
    if (request.method === "HEAD") return refusal(405, "expected GET");
    if (recording !== null) return this.#recording(recording[1]!, response);
    if (this.#streams.size + this.#watches.size >= MAX_STREAMS) {
      return refusal(503, `expected ${MAX_STREAMS} streams of events at most: close a tab of this page`);
    }
    if (path === "/frames") return this.#frames(new URLSearchParams(query), response);
    this.#events(request.headers["last-event-id"], response);
    return null;
  }

  /** The updates since the last event that was seen; or all, if that event is not kept any more. */
  #events(last: string | string[] | undefined, response: ServerResponse): void {
    // What is not sent yet belongs to the browsers that are connected already.
    this.#update();
    const stream = new EventStream(response, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    const [epoch, number = ""] = String(last ?? "").split(".");
    const missed = this.#kept.filter(each => each.number > Number(number));
    const isKnown = epoch === this.#epoch && /^\d+$/.test(number) && Number(number) + missed.length === this.#number;
    if (!isKnown) stream.send("snapshot", this.#options.state.snapshot(), this.#id(this.#number));
    else for (const each of missed) stream.send("update", each.text, this.#id(each.number));
  }

  #frames(query: URLSearchParams, response: ServerResponse): VisitAnswer | null {
    const connection = query.get("connection") ?? "";
    const channel = query.get("channel");
    if (!/^c\d{1,15}$/.test(connection)) return refusal(400, "connection: expected an id as c1");
    if (channel !== null && !(/^\d{1,5}$/.test(channel) && Number(channel) <= 65_535)) {
      return refusal(400, "channel: expected a number from 0 to 65535");
    }
    const watch = this.#nextWatch++;
    const stream = new EventStream(response, () => {
      this.#watches.delete(watch);
      this.#options.unwatch(watch);
    });
    this.#watches.set(watch, stream);
    this.#options.watch(watch, connection, channel === null ? null : Number(channel));
    return null;
  }

  #recording(id: string, response: ServerResponse): VisitAnswer | null {
    const excerpt = this.#options.state.finding(id)?.excerpt;
    if (excerpt === undefined || excerpt === null) return refusal(404, `nothing is recorded around ${id}`);
    if (this.#isCopying) return refusal(503, "another recording is being copied: try again when it is there");
    this.#isCopying = true;
    const write = async (bytes: Uint8Array): Promise<void> => {
      if (response.destroyed) throw new Error("the reader is gone");
      if (!response.headersSent) {
        const disposition = `attachment; filename="ghostframe-${id}.pcapng"`;
        response.writeHead(200, {
          "content-type": "application/vnd.tcpdump.pcap",
          ...PAGE_HEADERS,
          "content-disposition": disposition,
        });
      }
      if (!response.write(bytes)) await Promise.race([once(response, "drain"), once(response, "close")]);
    };
    copyExcerpt(excerpt, write)
      .then(
        packets => this.#copied(response, packets === 0 ? `no packet around ${id} is recorded any more` : null),
        (error: unknown) => this.#copied(response, `the recording cannot be read: ${reasonOf(error)}`),
      )
      .finally(() => {
        this.#isCopying = false;
      });
    return null;
  }

  /** An incomplete copy must not look complete. */
  #copied(response: ServerResponse, problem: string | null): void {
    if (problem === null) response.end();
    else if (response.headersSent) response.destroy();
    else response.writeHead(404, { "content-type": "text/plain; charset=utf-8", ...PAGE_HEADERS }).end(`${problem}\n`);
  }
}
