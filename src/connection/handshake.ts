/**
 * The handshake, by what one direction sends (§2.2.4). The two sides send their methods in turn, but each direction is
 * followed by itself: two directions of a capture are not in step. So a step names two methods: the server's, and the
 * client's answer to it (in open, the client's and the server's answer).
 *
 * The broker's own states (broker/connection-state.ts) are another fact: they depend on the login, and its log names
 * them.
 */
import {
  CONNECTION_BLOCKED,
  CONNECTION_OPEN,
  CONNECTION_OPEN_OK,
  CONNECTION_SECURE,
  CONNECTION_SECURE_OK,
  CONNECTION_START,
  CONNECTION_START_OK,
  CONNECTION_TUNE,
  CONNECTION_TUNE_OK,
  CONNECTION_UNBLOCKED,
  CONNECTION_UPDATE_SECRET,
  CONNECTION_UPDATE_SECRET_OK,
} from "../amqp/method-keys.ts";
import { FRAME_HEARTBEAT } from "../amqp/spec/constants.ts";
import type { Secret } from "./incident.ts";

/**
 * How far a direction has come. "unsure": octets were missed, or a method came out of turn, so any method of the
 * handshake is in turn; "unsure-tuned": the same, but it has sent its tune or tune-ok.
 */
export type Stage = "opening" | "started" | "tuned" | "running" | "unsure" | "unsure-tuned";

interface Step {
  readonly stage: Stage;
  /** Keys of the methods that take a client's, or a server's, direction to `next`. */
  readonly client: readonly number[];
  readonly server: readonly number[];
  readonly next: Stage;
}

const START = { client: [CONNECTION_START_OK], server: [CONNECTION_START] };
const SECURE = { client: [CONNECTION_SECURE_OK], server: [CONNECTION_SECURE] };
const TUNE = { client: [CONNECTION_TUNE_OK], server: [CONNECTION_TUNE] };
const OPEN = { client: [CONNECTION_OPEN], server: [CONNECTION_OPEN_OK] };
/** For these it is not checked which side sends them. */
const IN_USE = [CONNECTION_BLOCKED, CONNECTION_UNBLOCKED, CONNECTION_UPDATE_SECRET, CONNECTION_UPDATE_SECRET_OK];
const USE = { client: IN_USE, server: IN_USE };

/** All steps. connection.close and close-ok are not among them: they may come in any stage, and end the connection. */
export const STEPS: readonly Step[] = [
  { stage: "opening", ...START, next: "started" },
  { stage: "started", ...SECURE, next: "started" },
  { stage: "started", ...TUNE, next: "tuned" },
  { stage: "tuned", ...OPEN, next: "running" },
  { stage: "running", ...USE, next: "running" },
  ...(["unsure", "unsure-tuned"] as const).flatMap((stage): Step[] => [
    { stage, ...START, next: "started" },
    { stage, ...SECURE, next: "started" },
    { stage, ...TUNE, next: "tuned" },
    { stage, ...OPEN, next: "running" },
    { stage, ...USE, next: "running" },
  ]),
];

/** The stage where octets were missed in this one. */
export const MISSED: Readonly<Record<Stage, Stage>> = {
  opening: "unsure",
  started: "unsure",
  tuned: "unsure-tuned",
  running: "running",
  unsure: "unsure",
  "unsure-tuned": "unsure-tuned",
};

/** The stage where a method came out of turn in this one. */
export const OUT_OF_TURN: Readonly<Record<Stage, Stage>> = { ...MISSED, tuned: "unsure" };

/** The handshake of one direction. What was missed is taken as right, and later frames show how far it has come. */
export class Handshake {
  /** Whether this is the client's direction. In mid-stream this may be known only later. */
  isClient: boolean;
  /** It is over, as far as can be known. Both are plain fields: they are read for every frame. */
  over = false;
  unsure = false;
  #stage: Stage = "opening";

  constructor(isClient: boolean) {
    this.isClient = isClient;
  }

  /** Nothing has been sent yet. */
  get opening(): boolean {
    return this.#stage === "opening";
  }

  /** From its start-ok to its tune-ok the client's octets may hold its credentials. */
  get authenticates(): boolean {
    return this.isClient && (this.#stage === "opening" || this.#stage === "started" || this.#stage === "unsure");
  }

  /** Which octets of a broken frame may hold credentials: the first header is sent before there are any. */
  get secret(): Secret {
    if (!this.authenticates) return "none";
    return this.#stage === "opening" ? "payload" : "all";
  }

  /** Octets of this direction were missed. */
  miss(): void {
    this.#enter(MISSED[this.#stage]);
  }

  /** The beginning of the stream was not seen. */
  beginUnknown(): void {
    this.#enter("unsure");
  }

  /** Learns from a frame while it is unsure: channels are used in a running connection, heartbeats from tune-ok on. */
  learn(type: number, channel: number): void {
    if (channel !== 0) this.#enter("running");
    else if (type === FRAME_HEARTBEAT) this.#enter("unsure-tuned");
  }

  /** Moves on by a method of class connection, other than close and close-ok; false if it is out of turn. */
  advances(method: number): boolean {
    const sender = this.isClient ? "client" : "server";
    const step = STEPS.find(each => each.stage === this.#stage && each[sender].includes(method));
    this.#enter(step?.next ?? OUT_OF_TURN[this.#stage]);
    return step !== undefined;
  }

  #enter(stage: Stage): void {
    this.#stage = stage;
    this.over = stage === "running";
    this.unsure = stage === "unsure" || stage === "unsure-tuned";
  }
}
