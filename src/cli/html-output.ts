/** The parts of an HTML report besides the report: the built page, messages, and how connections were opened. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { ConnectionFacts } from "../messages/ledger-context.ts";
import { isoTime } from "../net/place.ts";
import type { ConnectionSteps, HeartbeatTimes, PageData, PageMessages } from "../report/html/page-data.ts";
import type { HtmlParts } from "../report/html.ts";
import type { MessageReaders } from "../report/message-output.ts";
import type { MessageRecord } from "../report/message-record.ts";

/** Messages besides the lost ones that a report keeps. */
const MOST = 50_000;
/** Connections of which the steps of connecting are kept. */
const MOST_CONNECTIONS = 10_000;

export function htmlParts(): HtmlParts {
  return {
    // dist/ is two folders above, for the bundled command as for the modules.
    page: readFileSync(new URL("../page/page.html", import.meta.url), "utf8"),
    pack: text => gzipSync(text, { level: 9 }).toString("base64"),
  };
}

/** Lost messages, an even sample of the others, and the steps of connecting. */
export class PageSample {
  readonly #lost: MessageRecord[] = [];
  #others: MessageRecord[] = [];
  /** Of the others, one of this many is kept. */
  #stride = 1;
  #count = 0;
  readonly #steps: Record<string, ConnectionSteps> = {};
  readonly #heartbeats: Record<string, HeartbeatTimes> = {};
  #connections = 0;

  /** Reads what the page shows. `others` also get what they ask for; they take no messages as records. */
  readers(others: MessageReaders = {}): MessageReaders {
    return {
      ...others,
      onMessage: message => this.take(message),
      onConnectionFacts: facts => {
        this.connection(facts);
        others.onConnectionFacts?.(facts);
      },
    };
  }

  connection({ number, phases }: ConnectionFacts): void {
    if (this.#connections++ >= MOST_CONNECTIONS) return;
    this.#steps[`c${number}`] = phases.seen.map(([step, moment]) => [step, isoTime(moment)]);
    const { client, broker } = phases.heartbeats;
    const count = client.count + broker.count;
    if (count > 0) this.#heartbeats[`c${number}`] = { client: client.times, broker: broker.times, count };
  }

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

  get data(): Pick<PageData, "messages" | "steps" | "heartbeats"> {
    const messages: PageMessages = { list: [...this.#lost, ...this.#others], count: this.#count };
    return { messages, steps: this.#steps, heartbeats: this.#heartbeats };
  }
}
