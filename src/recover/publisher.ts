/**
 * Publishes messages by amqplib, each with a confirm, and sends again what a broken connection left unconfirmed. The
 * only part of recovery that uses sockets and the clock.
 */
import type { Message as AmqplibMessage, ChannelModel, ConfirmChannel, Options } from "amqplib";
import type { PublishProperties } from "./publish-properties.ts";

/** A message on its way to the broker. */
export interface Publication {
  /** The same in every run: the message's identity in a resume file. */
  readonly key: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: PublishProperties;
  readonly body: Uint8Array;
}

/** Called with the progress of each message. */
export interface PublisherListener {
  /** It is about to be sent; with `again` not for the first time: a message sent without a confirm may arrive twice. */
  sends(publication: Publication, again: boolean): void;
  confirmed(publication: Publication): void;
  /** No queue was there for it. */
  returned(publication: Publication, code: number, text: string): void;
  nacked(publication: Publication): void;
  /** The connection is lost, and will be tried again; or the broker accepts nothing for now. A clause. */
  waits(why: string): void;
}

export interface PublisherOptions {
  /** Messages a second at most; null for no limit. */
  rate: number | null;
  /** The header that identifies a returned message. */
  keyHeader: string;
  connect: () => Promise<ChannelModel>;
  listener: PublisherListener;
}

/** Messages, and octets of bodies, that wait for their confirm. */
const MAX_UNCONFIRMED = 128;
const MAX_UNCONFIRMED_OCTETS = 32 << 20;
/** Milliseconds before each try to connect again. */
const PAUSES = [500, 1000, 2000, 4000, 8000, 16_000];

/** The broker does not accept what is sent, or cannot be reached: nothing more is published. */
export class PublishError extends Error {
  override name = "PublishError";
}

export class Publisher {
  readonly #options: PublisherOptions;
  /** By key, in the order in which they were sent. */
  readonly #unconfirmed = new Map<string, Publication>();
  #octets = 0;
  /** Keys of those that were sent. */
  readonly #sent = new Set<string>();
  readonly #returned = new Map<string, { code: number; text: string }>();
  #model: ChannelModel | null = null;
  #channel: ConfirmChannel | null = null;
  #failure: PublishError | null = null;
  #isClosing = false;
  /** Called on a confirm, or on a failure. */
  #wake: (() => void)[] = [];
  /** When the next message may be sent: milliseconds of performance.now(). */
  #next = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Messages that wait for their confirm. */
  get unconfirmed(): number {
    return this.#unconfirmed.size;
  }

  /** @throws PublishError */
  async connect(): Promise<void> {
    try {
      await this.#connect();
    } catch (cause) {
      throw publishErrorOf(cause);
    }
  }

  /**
   * Sends a message once there is room for it, and the rate allows it.
   *
   * @throws PublishError
   */
  async publish(publication: Publication): Promise<void> {
    await this.#keepRate();
    while (this.#unconfirmed.size >= MAX_UNCONFIRMED || this.#octets >= MAX_UNCONFIRMED_OCTETS) await this.#change();
    this.#check();
    this.#unconfirmed.set(publication.key, publication);
    this.#octets += publication.body.length;
    // Without a channel it is sent when there is one again.
    if (this.#channel !== null) this.#send(this.#channel, publication);
  }

  /**
   * Waits until all are confirmed, at most this many milliseconds. Returns how many are not.
   *
   * @throws PublishError
   */
  async drain(milliseconds = Number.POSITIVE_INFINITY): Promise<number> {
    const end = performance.now() + milliseconds;
    while (this.#unconfirmed.size > 0 && performance.now() < end) {
      this.#check();
      const change = this.#change();
      await (Number.isFinite(milliseconds) ? Promise.race([change, pause(end - performance.now(), false)]) : change);
    }
    return this.#unconfirmed.size;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#model?.close().catch(() => {});
  }

  async #connect(): Promise<void> {
    const model = await this.#options.connect();
    this.#model = model;
    model.on("error", () => {});
    model.on("close", (error?: Error) => this.#lost(model, error));
    model.on("blocked", (reason: string) =>
      this.#options.listener.waits(`the broker takes nothing for now: ${reason}`),
    );
    const channel = await model.createConfirmChannel();
    channel.on("return", message => this.#return(message));
    channel.on("error", (error: Error) => this.#fail(publishErrorOf(error)));
    this.#channel = channel;
    for (const publication of this.#unconfirmed.values()) this.#send(channel, publication);
  }

  #send(channel: ConfirmChannel, publication: Publication): void {
    const { key, exchange, routingKey, body, properties } = publication;
    // What was sent before may have arrived.
    this.#options.listener.sends(publication, this.#sent.has(key));
    this.#sent.add(key);
    const options = { ...properties, mandatory: true } as Options.Publish;
    channel.publish(exchange, routingKey, Buffer.from(body.buffer, body.byteOffset, body.length), options, error => {
      // A closed channel confirms nothing: its messages wait for the next one.
      if (error === null || error === undefined) this.#settle(publication, true);
      else if (channel === this.#channel && /nack/.test(String((error as Error).message)))
        this.#settle(publication, false);
    });
  }

  #settle(publication: Publication, isAcknowledged: boolean): void {
    const { key, body } = publication;
    if (!this.#unconfirmed.delete(key)) return;
    this.#octets -= body.length;
    this.#sent.delete(key);
    const { listener } = this.#options;
    const returned = this.#returned.get(key);
    this.#returned.delete(key);
    // The broker returns a message before it confirms it.
    if (!isAcknowledged) listener.nacked(publication);
    else if (returned === undefined) listener.confirmed(publication);
    else listener.returned(publication, returned.code, returned.text);
    this.#notify();
  }

  #return({ fields, properties }: AmqplibMessage): void {
    const key: unknown = (properties.headers as Record<string, unknown> | undefined)?.[this.#options.keyHeader];
    const { replyCode, replyText } = fields as unknown as { replyCode: number; replyText: string };
    if (typeof key === "string") this.#returned.set(key, { code: replyCode, text: replyText });
  }

  #lost(model: ChannelModel, error: Error | undefined): void {
    if (model !== this.#model || this.#isClosing) return;
    this.#model = this.#channel = null;
    if (this.#failure === null) void this.#reconnect(error);
  }

  async #reconnect(error: Error | undefined): Promise<void> {
    let last: unknown = error ?? new Error("the connection was closed");
    for (const milliseconds of PAUSES) {
      this.#options.listener.waits(
        `the connection is lost (${reasonOf(last)}), and tried again in ${milliseconds / 1000} s`,
      );
      await pause(milliseconds);
      if (this.#isClosing) return;
      try {
        await this.#connect();
        this.#notify();
        return;
      } catch (cause) {
        last = cause;
      }
    }
    this.#fail(publishErrorOf(last));
  }

  #fail(error: PublishError): void {
    this.#failure ??= error;
    this.#notify();
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  async #keepRate(): Promise<void> {
    const { rate } = this.#options;
    if (rate === null) return;
    const now = performance.now();
    this.#next = Math.max(this.#next, now) + 1000 / rate;
    const wait = this.#next - 1000 / rate - now;
    if (wait > 0) await pause(wait);
  }

  #change(): Promise<void> {
    this.#check();
    return new Promise(resolve => this.#wake.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** `holds`: the process stays alive for it. */
function pause(milliseconds: number, holds = true): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    if (!holds) timer.unref();
  });
}

function publishErrorOf(cause: unknown): PublishError {
  if (cause instanceof PublishError) return cause;
  return new PublishError(reasonOf(cause), { cause });
}

/** The message of amqplib or the system, without the URL that it may quote. */
function reasonOf(cause: unknown): string {
  const { message, code } = cause as { message?: string; code?: string | number };
  // amqplib does not read the broker's text here.
  if (message?.includes("Expected ConnectionOpenOk") === true) {
    return "the broker refused to open the virtual host: it is not there, or the user may not use it";
  }
  const text = (message ?? String(cause)).replaceAll(/\b[a-z]+:\/\/\S+/gi, "…");
  return text === "" ? String(code ?? "the connection failed") : text;
}
