/** `recover --republish`: which messages are published again, and what is reported about that. */
import { connect } from "amqplib";
import { grouped } from "../bytes/grouped.ts";
import { printable } from "../bytes/printable.ts";
import { plural } from "../bytes/words.ts";
import { type Publication, PublishError, Publisher } from "../recover/publisher.ts";
import type { RecoveredMessage } from "../recover/recover.ts";
import { RECOVERED_HEADER, type Redirect, republication, type Withheld } from "../recover/republication.ts";
import { parseBrokerUrl } from "./broker-url.ts";
import { complain } from "./output.ts";
import { ResumeFile } from "./resume-file.ts";

export interface RepublishOptions extends Redirect {
  /** amqp:// or amqps://, with user, password and virtual host. */
  url: string;
  toVhost?: string;
  yes: boolean;
  rate: number | null;
  resume: string;
}

/** Messages that were returned or refused and are reported one by one. */
const MAX_REPORTED = 20;
/** Milliseconds that confirms are waited for if the run is stopped. */
const LAST_CONFIRMS = 5000;
/** Milliseconds between two updates of the line on a terminal. */
const INTERVAL = 200;

interface Counts {
  chosen: number;
  confirmed: number;
  before: number;
  again: number;
  refused: number;
  withheld: Map<Withheld, number>;
  reasons: Set<string>;
}

/** Publishes recovered messages, or reports what it would publish. */
export class Republishing {
  readonly #options: RepublishOptions;
  /** Without credentials. */
  readonly #target: string;
  readonly #counts: Counts = {
    chosen: 0,
    confirmed: 0,
    before: 0,
    again: 0,
    refused: 0,
    withheld: new Map(),
    reasons: new Set(),
  };
  readonly #resume: ResumeFile | null;
  readonly #publisher: Publisher | null;
  #failure: Error | null = null;
  #shownAt = 0;

  /** @throws ProxyError if the URL is none, OutputFileError if the resume file cannot be used */
  constructor(options: RepublishOptions) {
    this.#options = options;
    const { upstream, userinfo, rest } = parseBrokerUrl(options.url);
    const path =
      options.toVhost === undefined ? rest : rest.replace(/^[^?#]*/, `/${encodeURIComponent(options.toVhost)}`);
    const vhost = decodeURIComponent(/^\/([^?#]*)/.exec(path)?.[1] ?? "") || "/";
    this.#target = printable(`${upstream.shown} virtual host ${vhost}`);
    this.#resume = options.yes ? new ResumeFile(options.resume, this.#target) : null;
    const scheme = upstream.tls ? "amqps" : "amqp";
    const url = `${scheme}://${userinfo}${options.url.slice(options.url.indexOf("://") + 3 + userinfo.length, options.url.length - rest.length)}${path}`;
    this.#publisher = options.yes ? this.#newPublisher(url) : null;
  }

  /** @throws PublishError */
  async begin(): Promise<void> {
    await this.#publisher?.connect();
  }

  /** @throws PublishError, OutputFileError */
  async add(message: RecoveredMessage): Promise<void> {
    const decided = republication(message, this.#options);
    const counts = this.#counts;
    if ("withheld" in decided) {
      counts.withheld.set(decided.withheld, (counts.withheld.get(decided.withheld) ?? 0) + 1);
      if (decided.reason !== "") counts.reasons.add(decided.reason);
      return;
    }
    const { publication } = decided;
    if (this.#resume?.confirmed.has(publication.key) === true) {
      counts.before++;
      return;
    }
    counts.chosen++;
    if (this.#resume?.unanswered.has(publication.key) === true) counts.again++;
    await this.#publisher?.publish(publication);
    this.#check();
  }

  /** Waits for the last confirms. Returns whether all messages to be published are confirmed. */
  async finish(isStopped: boolean): Promise<boolean> {
    if (this.#publisher === null) return true;
    try {
      await this.#publisher.drain(isStopped ? LAST_CONFIRMS : undefined);
      this.#check();
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      complain(`${this.#target}: ${error.message}`);
    } finally {
      await this.#publisher.close();
      this.#clear();
      this.#resume?.close();
    }
    return this.#counts.confirmed === this.#counts.chosen;
  }

  /** Nothing more is published: the broker refuses it, or does not exist. */
  async fail(error: PublishError): Promise<void> {
    this.#clear();
    complain(`${this.#target}: ${error.message}`);
    await this.#publisher?.close();
    this.#resume?.close();
  }

  /** The result, as sentences. */
  sentences(): string {
    const { chosen, confirmed, before, again, refused, withheld, reasons } = this.#counts;
    const sentences: string[] = [];
    if (this.#options.yes) {
      sentences.push(
        `Republished to ${this.#target}: ${grouped(confirmed)} of ${plural(chosen, "message")} confirmed.`,
      );
      const open = chosen - confirmed - refused;
      if (open > 0) sentences.push(`${plural(open, "message")} not confirmed: run it again with the same resume file.`);
      if (before > 0) sentences.push(`${grouped(before)} had been confirmed before.`);
      if (again > 0)
        sentences.push(`${grouped(again)} had been sent before without a confirm, and may be there twice.`);
      sentences.push(`(${this.#options.resume})`);
    } else {
      sentences.push(`Nothing was sent. With --yes ${plural(chosen, "message")} would go to ${this.#target}.`);
    }
    for (const [why, count] of withheld)
      sentences.push(`${grouped(count)} would not be: ${why}${whyNot(why, reasons)}.`);
    return sentences.join(" ");
  }

  #newPublisher(url: string): Publisher {
    const counts = this.#counts;
    return new Publisher({
      rate: this.#options.rate,
      keyHeader: RECOVERED_HEADER,
      connect: () => connect(url, { clientProperties: { connection_name: "ghostframe recover" } }),
      listener: {
        sends: ({ key }, again) => {
          if (again) counts.again++;
          else this.#note("sent", key);
        },
        confirmed: ({ key }) => {
          counts.confirmed++;
          this.#note("confirmed", key);
          this.#show();
        },
        returned: (publication, code, text) => {
          this.#note("returned", publication.key);
          this.#reportRefused(publication, `returned: ${code} ${text}`);
        },
        nacked: publication => {
          this.#note("nacked", publication.key);
          this.#reportRefused(publication, "the broker answered basic.nack");
        },
        waits: why => {
          this.#clear();
          complain(`${this.#target}: ${why}`);
        },
      },
    });
  }

  #note(...[fact, key]: Parameters<ResumeFile["note"]>): void {
    try {
      this.#resume?.note(fact, key);
    } catch (error) {
      // The next publish throws it: this is called from a socket's event.
      this.#failure ??= error as Error;
    }
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #reportRefused({ exchange, routingKey, key }: Publication, why: string): void {
    if (++this.#counts.refused > MAX_REPORTED) return;
    this.#clear();
    const to = `${exchange === "" ? "the default exchange" : `exchange "${exchange}"`}, routing key "${routingKey}"`;
    complain(`the message ${key} to ${to}: ${why}`);
    if (this.#counts.refused === MAX_REPORTED) complain("further messages that are refused are only counted");
  }

  #show(): void {
    const now = performance.now();
    if (process.stderr.isTTY !== true || now - this.#shownAt < INTERVAL) return;
    this.#shownAt = now;
    process.stderr.write(
      `\r${grouped(this.#counts.confirmed)} confirmed, ${this.#publisher!.unconfirmed} waiting\x1b[K`,
    );
  }

  #clear(): void {
    if (process.stderr.isTTY === true && this.#shownAt > 0) process.stderr.write("\r\x1b[K");
  }
}

function whyNot(why: Withheld, reasons: ReadonlySet<string>): string {
  if (why === "only in part") return " (no part of a message is ever sent)";
  if (why === "not to be sent exactly") return ` (${[...reasons].slice(0, 3).join("; ")}; --output has them)`;
  return " (--include-unsure sends them)";
}
