import { InvalidArgumentError } from "commander";
import { METHODS } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, frameTypeName } from "../amqp/spec/constants.ts";
import { short } from "../bytes/big-endian.ts";
import type { ObservedDirection } from "../connection/observers.ts";
import { isPlain, NUMBERED } from "../messages/message-filter.ts";
import type { Moment } from "../net/connection-observer.ts";
import { wholeNumbers } from "./port-option.ts";

export interface FrameFilterOptions {
  /** c1, c2, …; address:port of either end. */
  connection?: readonly string[];
  channel?: readonly number[];
  /** Frame types, or names of methods. */
  type?: readonly string[];
  from?: TimeBound;
  to?: TimeBound;
  /** By properties that are known only after all was read; null for all. */
  chosen?: FrameChoice | null;
}

/** Frames chosen by properties of their messages and connections. */
interface FrameChoice {
  takes(from: ObservedDirection, channel: number): boolean;
  takesConnection(number: number): boolean;
}

/** The span of time that a given bound stands for: 12:00:01 is the whole second. */
export interface TimeBound {
  /** A time of day (UTC): a moment is compared by its seconds since midnight. */
  daily: boolean;
  first: Instant;
  last: Instant;
}

interface Instant {
  /** Since the epoch, or since midnight. */
  seconds: number;
  nanoseconds: number;
}

const FRAME_TYPES = new Map(
  [FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT].map(type => [frameTypeName(type), type]),
);

/** The choice of `ghostframe frames`. It reads numbers alone: most frames are not shown. */
export class FrameFilter {
  readonly #connections: Set<number> | null;
  /** address:port of either end. */
  readonly #ends: ReadonlySet<string>;
  readonly #channels: ReadonlySet<number> | null;
  /** Null for every frame. */
  readonly #types: ReadonlySet<number> | null;
  /** By methodKey. */
  readonly #methods: ReadonlySet<number>;
  /** Whether frames of messages may pass: methods with content, content headers and bodies. */
  readonly takesMessages: boolean;
  readonly #chosen: FrameChoice | null;
  readonly #from: TimeBound | null;
  readonly #to: TimeBound | null;

  constructor({ connection, channel, type, from, to, chosen = null }: FrameFilterOptions) {
    this.#chosen = chosen;
    const names = connection ?? [];
    const numbers = names.filter(name => NUMBERED.test(name)).map(name => Number(name.slice(1)));
    // With a client's name, the connections are chosen elsewhere.
    this.#connections = connection === undefined || chosen !== null ? null : new Set(numbers);
    this.#ends = new Set(names.filter(name => !NUMBERED.test(name)));
    this.#channels = channel === undefined ? null : new Set(channel);
    this.#types = type === undefined ? null : new Set(type.flatMap(name => FRAME_TYPES.get(name) ?? []));
    const methods = METHODS.filter(method => type?.includes(method.name));
    this.#methods = new Set(methods.map(({ classId, methodId }) => methodKey(classId, methodId)));
    const ofMessages = [FRAME_METHOD, FRAME_HEADER, FRAME_BODY];
    this.takesMessages =
      this.#types === null || ofMessages.some(each => this.#types!.has(each)) || methods.some(({ content }) => content);
    this.#from = from ?? null;
    this.#to = to ?? null;
  }

  /** Connection c`number` has these ends, each as address:port: if one of them was asked for, it is shown. */
  meets(number: number, ends: readonly string[]): void {
    if (ends.some(end => this.#ends.has(end))) this.#connections?.add(number);
  }

  /** Whether what was captured at `moment` of connection c`connection` must be shown. */
  takesPlace(connection: number, moment: Moment): boolean {
    if (this.#connections !== null && !this.#connections.has(connection)) return false;
    if (this.#chosen?.takesConnection(connection) === false) return false;
    return isWithin(moment, this.#from, this.#to);
  }

  /** Whether a frame that begins where the direction's scanner stands was chosen by its message or its connection. */
  isChosen(from: ObservedDirection, channel: number): boolean {
    return this.#chosen === null || this.#chosen.takes(from, channel);
  }

  /** Whether a frame of this type, channel and payload must be shown; `bytes` is null if that was not captured. */
  takesFrame(type: number, channel: number, bytes: Uint8Array | null, start: number, size: number): boolean {
    if (this.#channels !== null && !this.#channels.has(channel)) return false;
    if (this.#types === null || this.#types.has(type)) return true;
    if (this.#methods.size === 0 || type !== FRAME_METHOD || bytes === null || size < 4) return false;
    return this.#methods.has(methodKey(short(bytes, start), short(bytes, start + 2)));
  }
}

function methodKey(classId: number, methodId: number): number {
  return classId * 0x1_0000 + methodId;
}

/** Whether a moment lies from the one bound to the other; null for none. */
export function isWithin(moment: Instant, from: TimeBound | null, to: TimeBound | null): boolean {
  if (from !== null && compare(moment, from, from.first) < 0) return false;
  return to === null || compare(moment, to, to.last) <= 0;
}

const DAY = 86_400; // seconds

/** Compares `moment` with an instant of `bound`: less than 0 before it, 0 at it. */
function compare(moment: Instant, { daily }: TimeBound, instant: Instant): number {
  const seconds = daily ? moment.seconds % DAY : moment.seconds;
  return seconds - instant.seconds || moment.nanoseconds - instant.nanoseconds;
}

/** `2026-11-21T18:20:03.5Z`, or `18:20:03.5` for a time of day (UTC). */
export function parseTimeBound(value: string): TimeBound {
  const match = /^(?:(\d{4}-\d\d-\d\d)T)?(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z?$/.exec(value);
  const [, date = "1970-01-01", minute, second = "00", fraction = ""] = match ?? [];
  const whole = `${date}T${minute}:${second}.000Z`;
  const milliseconds = Date.parse(whole);
  // A date that rolls over, as the 30th of February does, is invalid too.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== whole) {
    throw new InvalidArgumentError(`"${value}" is no time: expected 18:20:03.5 or 2026-11-21T18:20:03.5Z, in UTC.`);
  }
  const seconds = milliseconds / 1000;
  return {
    daily: match![1] === undefined,
    first: { seconds, nanoseconds: Number(fraction.padEnd(9, "0")) },
    last: {
      seconds: match![3] === undefined ? seconds + 59 : seconds,
      nanoseconds: Number(fraction.padEnd(9, "9")),
    },
  };
}

/** A list of plain names is split. A client may give its connection any name. */
export function collectConnections(value: string, before: string[] | undefined): string[] {
  const names = value.split(",");
  return [...(before ?? []), ...(names.every(isPlain) ? names : [value])];
}

export function collectChannels(value: string, before: number[] | undefined): number[] {
  return [...(before ?? []), ...wholeNumbers(value, 0, "channel")];
}

export function collectTypes(value: string, before: string[] | undefined): string[] {
  const types = value.split(",");
  const wrong = types.find(type => !FRAME_TYPES.has(type) && !METHODS.some(method => method.name === type));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(
      `"${wrong}" is neither a frame type (${[...FRAME_TYPES.keys()].join(", ")}) nor a method such as basic.publish.`,
    );
  }
  return [...(before ?? []), ...types];
}
