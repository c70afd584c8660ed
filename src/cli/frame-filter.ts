import { InvalidArgumentError } from "commander";
import { METHODS } from "../amqp/method-registry.ts";
import type { FramesEvent } from "../report/frame-event.ts";
import { wholeNumbers } from "./port-option.ts";

export interface FrameFilter {
  /** c1, c2, … */
  connections?: string[];
  channels?: number[];
  /** Frame types, or names of methods. */
  types?: string[];
  from?: TimeBound;
  to?: TimeBound;
}

/** A point in time that ISO 8601 text is compared with: all of it, or the time of day only. */
export interface TimeBound {
  from: number;
  to: number;
  text: string;
}

const FRAME_TYPES = ["method", "header", "body", "heartbeat"];

/** Whether an event passes. What breaks the sequence of frames passes every filter but those of place and time. */
export function passes(event: FramesEvent, filter: FrameFilter): boolean {
  const { connections, channels, types, from, to } = filter;
  if (connections !== undefined && !connections.includes(event.connection)) return false;
  if (from !== undefined && part(event.time, from) < from.text) return false;
  if (to !== undefined && part(event.time, to) > to.text) return false;
  if (event.event !== "frame") return true;
  if (channels !== undefined && !channels.includes(event.channel)) return false;
  return (
    types === undefined || types.includes(event.type) || (event.method !== undefined && types.includes(event.method))
  );
}

/** As many digits of the event's time as the bound has: 12:00:01 is the whole second. */
function part(time: string, bound: TimeBound): string {
  return time.slice(bound.from, Math.min(bound.to, time.length - 1));
}

/** `2026-11-21T18:20:03.5Z`, or `18:20:03.5` for a time of day (UTC). */
export function parseTimeBound(value: string): TimeBound {
  const match =
    /^(\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])T)?((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?)Z?$/.exec(value);
  if (match === null) {
    throw new InvalidArgumentError(`"${value}" is no time: expected 18:20:03.5 or 2026-11-21T18:20:03.5Z, in UTC.`);
  }
  const [, date = "", time = ""] = match;
  const from = date === "" ? 11 : 0;
  return { from, to: from + date.length + time.length, text: date + time };
}

export function collectConnections(value: string, before: string[] | undefined): string[] {
  const names = value.split(",");
  const wrong = names.find(name => !/^c[1-9]\d*$/.test(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is no connection: expected c1, c2, ….`);
  return [...(before ?? []), ...names];
}

export function collectChannels(value: string, before: number[] | undefined): number[] {
  return [...(before ?? []), ...wholeNumbers(value, 0, "channel")];
}

export function collectTypes(value: string, before: string[] | undefined): string[] {
  const types = value.split(",");
  const wrong = types.find(type => !FRAME_TYPES.includes(type) && !METHODS.some(method => method.name === type));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(
      `"${wrong}" is neither a frame type (${FRAME_TYPES.join(", ")}) nor a method such as basic.publish.`,
    );
  }
  return [...(before ?? []), ...types];
}
