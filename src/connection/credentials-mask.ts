/**
 * Masks with `*` what authenticates a client, in a copy of its octets, over any chunking: the response of start-ok and
 * secure-ok, the new-secret of update-secret. Lengths and structure stay, and so does what a login is judged by: in
 * PLAIN the NULs and the user, in AMQPLAIN the table and LOGIN. In any other mechanism the whole response is masked.
 *
 * It fails closed. In doubt it masks more than necessary:
 *
 * - Up to tune-ok every frame is followed, and only what a client may send there is shown. Where something else comes,
 *   or a frame does not end as it should, all octets are masked until a whole tune-ok has come.
 * - From then on any of the three methods is masked wherever it stands with its frame's header, be it inside of what
 *   another frame's size covers: octets that were sent before may come again. Where it does not end as it should,
 *   or none that could begin a frame follow it, REACH octets more are masked: another writer's octets may lie between its
 *   own, and its own may come again.
 * - On channel 0 the payload is masked of any frame that is neither a heartbeat nor a method. Behind the ids of a method that
 *   no client sends on its channel REACH octets are masked: the ids may be of two frames, one within the other.
 * - Where no frame begins although one should, all is masked up to a frame's end with another frame behind it, or REACH
 *   octets: it may be the rest of anything.
 * - In URLs of methods and headers user and password are masked, and the values of fields whose names tell of a secret; where
 *   frames cannot be followed, in whatever stands there.
 * - Behind a broken envelope the three methods' ids are enough, and of update-secret those that came behind another frame.
 *
 * What it cannot see: a PLAIN response whose second NUL is missing, so that the password is a part of the user; three octets of a
 * response that stand where its length should; a method without its frame's header, or without its first octets, inside a torn frame
 * whose size could be right; a torn method beyond REACH; the value of a field torn within its name.
 */
import { Undecodable } from "../amqp/field-walk.ts";
import {
  CONNECTION_CLASS,
  CONNECTION_CLOSE,
  CONNECTION_CLOSE_OK,
  CONNECTION_SECURE_OK,
  CONNECTION_START_OK,
  CONNECTION_TUNE_OK,
  CONNECTION_UPDATE_SECRET,
  methodIdOf,
} from "../amqp/method-keys.ts";
import {
  FRAME_END,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  METHOD_IDS_SIZE,
  PROTOCOL_HEADER_SIZE,
} from "../amqp/spec/constants.ts";
import { long } from "../bytes/big-endian.ts";
import { PayloadOverrun } from "../bytes/cursor.ts";
import {
  close,
  FieldRun,
  type Following,
  frameEnd,
  LOOK,
  secureOk,
  startOk,
  updateSecret,
} from "./credential-fields.ts";
import { EnvelopeWalk } from "./envelope-walk.ts";
import { MaskedOctets, methodAnywhere, reach, stray, withStars } from "./masked-stretch.ts";

/** Octets from a frame's first to the last of its method-id. */
const SIGNATURE = FRAME_HEADER_SIZE + METHOD_IDS_SIZE;
/** Octets of tune-ok's payload. */
const TUNE_OK_OCTETS = 12;
const METHODS: ReadonlyMap<number, (fields: FieldRun) => Following> = new Map([
  [methodIdOf(CONNECTION_START_OK), startOk],
  [methodIdOf(CONNECTION_SECURE_OK), secureOk],
  [methodIdOf(CONNECTION_UPDATE_SECRET), updateSecret],
]);
/** What a client may send before tune-ok, by method-id. */
const HANDSHAKE: readonly number[] = [
  CONNECTION_START_OK,
  CONNECTION_SECURE_OK,
  CONNECTION_TUNE_OK,
  CONNECTION_CLOSE,
  CONNECTION_CLOSE_OK,
].map(methodIdOf);
const TUNE_OK = methodIdOf(CONNECTION_TUNE_OK);
const CLOSE = methodIdOf(CONNECTION_CLOSE);
const UPDATE_SECRET = methodIdOf(CONNECTION_UPDATE_SECRET);
const PROTOCOL = "AMQP";

export class CredentialsMask {
  /** The field that is followed octet by octet; null while methods are searched for. */
  #following: Following | null;
  /** Octets that stay as they are, or are masked if negative, before the next field is asked for. */
  #run = 0;
  #looks = false;
  /** All is masked until tune-ok. */
  #hides = false;
  readonly #envelope = new EnvelopeWalk();
  /** Whether frames can be followed by their sizes. */
  #walks: boolean;
  /** Where in the octets at hand the envelope is known to be broken. */
  #brokenFrom = Number.POSITIVE_INFINITY;
  /** What the server repeats of it is masked too; and of what is known by its name, or in a URL. */
  readonly masked = new MaskedOctets();
  readonly #named = new MaskedOctets(this.masked.pieces);
  /** The last octets before those at hand, as they came. */
  readonly #before = new Uint8Array(SIGNATURE - 1).fill(0xff);

  /** `from`: whether the octets begin with the protocol header, or in a running connection. */
  constructor(from: "opening" | "running" = "opening") {
    this.#following = from === "opening" ? this.#handshake() : null;
    this.#walks = from === "running";
  }

  /** The client's next octets: the same array where nothing is masked, a masked copy otherwise. */
  mask(bytes: Uint8Array): Uint8Array {
    let masked = bytes;
    if (this.#brokenFrom !== Number.POSITIVE_INFINITY) this.#brokenFrom = 0;
    else if (this.#walks) this.#walk(bytes, 0);
    for (let at = 0; at < bytes.length; ) {
      const from = at;
      const hidden = this.#run < 0 || (this.#following === null && this.#hides);
      if (this.#following === null && this.#run === 0 && at >= this.#brokenFrom) this.#following = this.#behindBreak();
      if (this.#run !== 0) {
        at += Math.min(Math.abs(this.#run), bytes.length - at);
        this.#run += hidden ? at - from : from - at;
      } else if (this.#following === null) {
        const { isStray, isStrangeMethod } = this.#envelope;
        const until = isStray || isStrangeMethod ? Math.min(this.#brokenFrom, bytes.length) : bytes.length;
        at = this.#search(until === bytes.length ? bytes : bytes.subarray(0, until), at);
      } else this.#ask(this.#following, bytes, at);
      if (!hidden || at === from) continue;
      masked = withStars(bytes, masked, [[from, at]]);
      this.masked.add(bytes, from, at);
    }
    this.masked.behind(bytes.length);
    this.#remember(bytes);
    return this.#withoutStrange(bytes, masked);
  }

  /** Masks as well what the envelope's walk found. */
  #withoutStrange(bytes: Uint8Array, shown: Uint8Array): Uint8Array {
    const { strange, secrets } = this.#envelope;
    const from = this.#walks ? this.#brokenFrom : 0;
    if (from < bytes.length) secrets.search(bytes, from, bytes.length, true);
    const masked = withStars(bytes, withStars(bytes, shown, strange), secrets.found);
    for (const [from, to] of secrets.found.splice(0)) this.#named.add(bytes, from, to);
    this.#named.behind(bytes.length);
    strange.length = 0;
    return masked;
  }

  #ask(following: Following, bytes: Uint8Array, at: number): void {
    const { done, value } = following.next(this.#looks ? bytes[at]! : 0);
    this.#looks = done !== true && value === LOOK;
    if (done !== true) {
      this.#run = value;
      return;
    }
    this.#following = null;
    if (this.#walks || this.#hides) return;
    this.#walks = true;
    this.#envelope.secrets.search(bytes, 0, at, false);
    this.#envelope.secrets.end();
    if (this.#brokenFrom > at) this.#walk(bytes, at);
  }

  /** What is masked where the envelope broke, once it is reached; null where it is a torn frame like any other. */
  #behindBreak(): Following | null {
    const envelope = this.#envelope;
    const following = envelope.isStray ? stray() : envelope.isStrangeMethod ? reach() : null;
    envelope.isStray = false;
    envelope.isStrangeMethod = false;
    return following;
  }

  #walk(bytes: Uint8Array, from: number): void {
    const at = this.#envelope.walk(bytes, from);
    if (at >= 0) this.#brokenFrom = at;
  }

  /** From the protocol header to tune-ok. */
  *#handshake(): Following {
    let isAmqp = true;
    for (let i = 0; i < PROTOCOL_HEADER_SIZE; i++) {
      const octet = yield LOOK;
      yield 1;
      isAmqp &&= i >= PROTOCOL.length || octet === PROTOCOL.charCodeAt(i);
    }
    try {
      while (isAmqp) if (yield* this.#handshakeFrame()) return;
    } catch (fault) {
      if (!(fault instanceof PayloadOverrun || fault instanceof Undecodable)) throw fault;
    }
    this.#hides = true;
  }

  /** One frame before tune-ok. Returns whether it was tune-ok. */
  *#handshakeFrame(): Following<boolean> {
    const header = new FieldRun(FRAME_HEADER_SIZE);
    const type = yield* header.expected(octet => octet === FRAME_METHOD || octet === FRAME_HEARTBEAT);
    for (let i = 0; i < 2; i++) yield* header.expected(octet => octet === 0); // the channel
    const size = yield* header.long();
    const fields = new FieldRun(size);
    let method = 0;
    if (type === FRAME_METHOD) {
      if ((yield* fields.short()) === CONNECTION_CLASS) method = yield* fields.short();
      if (!HANDSHAKE.includes(method)) throw new Undecodable("no method of the handshake");
      const follow = METHODS.get(method);
      if (follow !== undefined) yield* follow(fields);
      else if (method === TUNE_OK && size === TUNE_OK_OCTETS) yield* this.#tuneOk(fields);
      else if (method === CLOSE) yield* close(fields);
    }
    if (fields.left > 0) throw new Undecodable("octets behind the method's last field");
    yield* frameEnd();
    return method === TUNE_OK;
  }

  /** channel-max short, frame-max long, heartbeat short. */
  *#tuneOk(fields: FieldRun): Following {
    yield* fields.show(2);
    this.#envelope.frameMax = yield* fields.long();
    yield* fields.show(2);
  }

  /** Goes on to the next method to be followed, or to the end of the octets; returns the position behind. */
  #search(bytes: Uint8Array, from: number): number {
    const rest = this.#restOfIds(bytes, Math.max(from, this.#brokenFrom));
    if (rest < 0) return this.#searchIds(bytes, from);
    const at = this.#searchIds(bytes.subarray(0, rest), from);
    if (this.#following === null) this.#following = reach();
    return at;
  }

  /** Behind the rest of update-secret's ids and half of a length, where they follow a frame's end that came between; or −1. */
  #restOfIds(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      if (bytes[at] !== 0 || this.#octet(bytes, at - 1) !== 0 || this.#octet(bytes, at - 2) !== UPDATE_SECRET) continue;
      const [one, two, three] = [3, 4, 5].map(back => this.#octet(bytes, at - back));
      if (
        one === FRAME_END ||
        (one === 0 && (two === FRAME_END || (two === CONNECTION_CLASS && three === FRAME_END)))
      ) {
        return at + 1;
      }
    }
    return -1;
  }

  #searchIds(bytes: Uint8Array, from: number): number {
    for (let last = from; last < bytes.length; last++) {
      // 0x0a, the class-id, is the third octet from behind; it may lie in the octets before.
      if (last >= from + 2) {
        const classId = bytes.indexOf(CONNECTION_CLASS, last - 2);
        if (classId < 0 || classId + 2 >= bytes.length) break;
        last = classId + 2;
      }
      if (this.#octet(bytes, last - 2) !== CONNECTION_CLASS || this.#octet(bytes, last - 1) !== 0) continue;
      if (this.#octet(bytes, last - 3) === 0 && this.#begins(bytes, last)) return last + 1;
    }
    return bytes.length;
  }

  /** Whether bytes[last] ends the ids of a method that must be followed; then it is followed. */
  #begins(bytes: Uint8Array, last: number): boolean {
    const method = bytes[last]!;
    const first = last - SIGNATURE + 1;
    const headed =
      this.#octet(bytes, first) === FRAME_METHOD &&
      this.#octet(bytes, first + 1) === 0 &&
      this.#octet(bytes, first + 2) === 0;
    const size = long(Uint8Array.of(...[3, 4, 5, 6].map(i => this.#octet(bytes, first + i))), 0);
    if (this.#hides) {
      if (method !== TUNE_OK || !headed || size !== TUNE_OK_OCTETS) return false;
      this.#following = this.#hiddenTuneOk();
      return true;
    }
    const follow = METHODS.get(method);
    if (follow === undefined || (!headed && last < this.#brokenFrom)) return false;
    this.#following = methodAnywhere(follow, headed ? new FieldRun(Math.max(0, size - 4)) : null);
    return true;
  }

  /** The rest of a tune-ok behind a broken handshake: nothing of the envelope is believed from here on. */
  *#hiddenTuneOk(): Following {
    yield 4 - TUNE_OK_OCTETS;
    try {
      yield* frameEnd();
    } catch (fault) {
      if (fault instanceof Undecodable) return;
      throw fault;
    }
    this.#hides = false;
    this.#brokenFrom = 0;
  }

  /** One of the present octets; for a negative position, of those before. */
  #octet(bytes: Uint8Array, at: number): number {
    return at >= 0 ? bytes[at]! : this.#before[this.#before.length + at]!;
  }

  #remember(bytes: Uint8Array): void {
    const before = this.#before;
    const room = before.length;
    if (bytes.length < room) before.copyWithin(0, bytes.length);
    before.set(bytes.length < room ? bytes : bytes.subarray(bytes.length - room), Math.max(0, room - bytes.length));
  }
}
