import type { ServerResponse } from "node:http";
import { PAGE_HEADERS } from "./one-visit.ts";

/** Characters that wait for a reader; a reader with more is disconnected. */
const MAX_UNREAD = 32 << 20;
/** Milliseconds after which a browser that lost its stream asks again. */
const RETRY = 2000;

/** Server-sent events to one reader (HTML, §9.2). The sender never waits for it. */
export class EventStream {
  readonly #response: ServerResponse;

  /** @param over called when the reader is gone, or was disconnected */
  constructor(response: ServerResponse, over: () => void) {
    this.#response = response;
    response.once("close", over);
    response.on("error", () => {});
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...PAGE_HEADERS });
    this.#write(`retry: ${RETRY}\n\n`);
  }

  /** `data`: one line. */
  send(event: string, data: string, id?: string): void {
    this.#write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`);
  }

  /** Shows the reader that the stream is alive. */
  alive(): void {
    this.#write(": alive\n\n");
  }

  #write(text: string): void {
    if (this.#response.destroyed) return;
    if (this.#response.writableLength + text.length > MAX_UNREAD) this.#response.destroy();
    else this.#response.write(text);
  }
}
