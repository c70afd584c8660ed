/** What an HTML report is made of besides the report: the built page, and the messages that it shows. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { PageMessages } from "../report/html/page-data.ts";
import type { HtmlParts } from "../report/html.ts";
import type { MessageRecord } from "../report/message-record.ts";

/** Messages besides the lost ones that a report keeps. */
const MOST = 50_000;

export function htmlParts(): HtmlParts {
  return {
    // Two folders above stands dist/, for the bundled command as for the modules.
    page: readFileSync(new URL("../page/page.html", import.meta.url), "utf8"),
    pack: text => gzipSync(text, { level: 9 }).toString("base64"),
  };
}

/** Lost messages, and an even sample of the others. */
export class MessageSample {
  readonly #lost: MessageRecord[] = [];
  #others: MessageRecord[] = [];
  /** Of the others, one of so many is kept. */
  #stride = 1;
  #count = 0;

  take(message: MessageRecord): void {
    this.#count++;
    if (message.finding !== undefined) {
      if (this.#lost.length < MOST) this.#lost.push(message);
      return;
    }
    if (this.#count % this.#stride !== 0) return;
    this.#others.push(message);
    if (this.#others.length < MOST) return;
    this.#others = this.#others.filter((_, at) => at % 2 === 0);
    this.#stride *= 2;
  }

  get messages(): PageMessages {
    return { list: [...this.#lost, ...this.#others], count: this.#count };
  }
}
