/** Sends one stream to a broker and notes what comes back. */
import { connect, type Socket } from "node:net";
import { type ServerClose, type ServerEvent, ServerFrames } from "./server-frames.ts";
import type { Random } from "./streams/random.ts";

export interface Answer {
  /** The first connection.close. */
  close: ServerClose | null;
  /** The broker ended the TCP connection. */
  ended: boolean;
  /** It had answered the client's own connection.close before. */
  closeOk: boolean;
  /** It refused the protocol header with one of its own. */
  refused: boolean;
  opened: boolean;
  channelCloses: (ServerClose & { channel: number })[];
  clientPort: number;
  /** From the last octet written to the verdict. */
  milliseconds: number;
}

/** How the octets behind the handshake go out: in one piece, in random pieces, or frame by frame with a pause. */
export type Pace = "burst" | "whole" | "pieces" | "pauses";

export interface Asking {
  host: string;
  port: number;
  octets: Uint8Array;
  pace: Pace;
  random: Random;
  /** How many milliseconds to listen on after a connection.close, for the end that may follow it; 0 unless given. */
  linger?: number;
  /** How much longer than usual to wait for a verdict; 1 unless given. */
  patience?: number;
}

/** A running connection is judged as the octets come in: this is for a machine that is busy. */
const QUIET = 600;
/** Before connection.open is answered some verdicts are three seconds of silence and then a reset. */
const QUIET_HANDSHAKE = 4500;
/** A reply to a step of the handshake that has not come by now will not come. */
const STEP = 250;
const PAUSE = 15;

export async function answerTo(asking: Asking): Promise<Answer> {
  const exchange = new Exchange(asking);
  try {
    return await exchange.run();
  } finally {
    exchange.end();
  }
}

class Exchange {
  readonly #asking: Asking;
  readonly #socket: Socket;
  readonly #frames = new ServerFrames();
  readonly #answer: Answer = {
    close: null,
    ended: false,
    closeOk: false,
    refused: false,
    opened: false,
    channelCloses: [],
    clientPort: 0,
    milliseconds: 0,
  };
  #handshakeReplies = 0;
  #lastEvent = Date.now();
  #wake: () => void = () => {};

  constructor(asking: Asking) {
    this.#asking = asking;
    this.#socket = connect({ host: asking.host, port: asking.port, noDelay: true });
    this.#socket.on("data", octets => {
      for (const event of this.#frames.receive(octets)) this.#note(event);
      this.#wake();
    });
    const ended = (): void => {
      this.#answer.ended = true;
      this.#wake();
    };
    this.#socket.on("end", ended);
    this.#socket.on("close", ended);
    this.#socket.on("error", ended);
  }

  async run(): Promise<Answer> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once("connect", resolve);
      this.#socket.once("error", reject);
    });
    this.#answer.clientPort = this.#socket.localPort!;
    await this.#send();
    const sent = Date.now();
    this.#lastEvent = sent;
    await this.#until(() => this.#settled());
    this.#answer.milliseconds = Date.now() - sent;
    const { linger = 0 } = this.#asking;
    if (this.#answer.close) {
      const listenUntil = Date.now() + linger;
      await this.#until(() => (this.#answer.ended ? 0 : listenUntil - Date.now()));
    }
    return { ...this.#answer };
  }

  end(): void {
    this.#socket.destroy();
  }

  async #send(): Promise<void> {
    const { octets, pace, random } = this.#asking;
    const steps = pace === "burst" ? [] : handshakeSteps(octets);
    let at = 0;
    for (const step of steps) {
      const replies = this.#handshakeReplies;
      this.#write(octets.subarray(at, step));
      at = step;
      const giveUp = Date.now() + STEP;
      await this.#until(() => (this.#handshakeReplies > replies || this.#over() ? 0 : giveUp - Date.now()));
    }
    const rest = octets.subarray(at);
    if (pace === "pauses") {
      for (const frame of apart(rest)) {
        this.#write(frame);
        await this.#until(afterwards(PAUSE));
      }
    } else if (pace === "pieces") {
      for (const piece of pieces(random, rest)) this.#write(piece);
    } else {
      this.#write(rest);
    }
  }

  #write(octets: Uint8Array): void {
    if (octets.length > 0 && !this.#answer.ended) this.#socket.write(octets);
  }

  #over(): boolean {
    return this.#answer.ended || this.#answer.close !== null;
  }

  /** 0 when the verdict is there, otherwise how long to wait for more. */
  #settled(): number {
    if (this.#over()) return 0;
    const { patience = 1 } = this.#asking;
    const quiet = this.#answer.opened ? QUIET * patience : QUIET_HANDSHAKE;
    return this.#lastEvent + quiet - Date.now();
  }

  /** Returns once `remaining` is 0 or less; asks again at every event and when the time it told has passed. */
  async #until(remaining: () => number): Promise<void> {
    for (let time = remaining(); time > 0; time = remaining()) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, time);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #note(event: ServerEvent): void {
    const answer = this.#answer;
    if (event.kind === "heartbeat") return;
    this.#lastEvent = Date.now();
    if (event.kind === "protocol-header") answer.refused = true;
    if (event.kind !== "method") return;
    const { channel, classId, methodId, close } = event;
    if (close && classId === 10) answer.close ??= close;
    else if (close) answer.channelCloses.push({ channel, ...close });
    if (classId !== 10) return;
    if (methodId === 51) answer.closeOk = true;
    if (methodId === 41) answer.opened = true;
    this.#handshakeReplies++;
  }
}

function afterwards(milliseconds: number): () => number {
  const then = Date.now() + milliseconds;
  return () => then - Date.now();
}

/** Offsets behind which a client waits: the protocol header, start-ok, secure-ok and open, as far as they can be read. */
function handshakeSteps(octets: Uint8Array): number[] {
  if (octets.length <= 8) return [];
  const steps = [8];
  let at = 8;
  for (let count = 0; count < 8; count++) {
    const end = frameEnd(octets, at);
    if (end === undefined) break;
    const view = new DataView(octets.buffer, octets.byteOffset + at, end - at);
    if (view.byteLength >= 12 && view.getUint8(0) === 1 && view.getUint16(7) === 10) {
      if ([11, 21, 40].includes(view.getUint16(9))) steps.push(end);
      if (view.getUint16(9) === 40) break;
    }
    at = end;
  }
  return steps;
}

function* apart(octets: Uint8Array): Generator<Uint8Array> {
  let at = 0;
  for (let end = frameEnd(octets, at); end !== undefined; end = frameEnd(octets, at)) {
    yield octets.subarray(at, end);
    at = end;
  }
  yield octets.subarray(at);
}

/** Where the frame at this offset ends, if a whole one is there. */
function frameEnd(octets: Uint8Array, at: number): number | undefined {
  if (at + 8 > octets.length) return undefined;
  const size = new DataView(octets.buffer, octets.byteOffset + at).getUint32(3);
  const end = at + 8 + size;
  return end <= octets.length && octets[end - 1] === 0xce ? end : undefined;
}

function* pieces(random: Random, octets: Uint8Array): Generator<Uint8Array> {
  const most = random.pick([9, 100, 1000, 5000]);
  const least = Math.ceil(octets.length / 200); // a body of 100,000 octets shall not go out in tens
  for (let at = 0; at < octets.length; ) {
    const size = random.between(1, most) + least;
    yield octets.subarray(at, at + size);
    at += size;
  }
}
