/** Frames of single connections, for viewers of the live page. Stands between the engine and its listener. */
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEADER_SIZE, FRAME_METHOD } from "../amqp/spec/constants.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import type { Direction } from "../connection/direction.ts";
import type { Secret } from "../connection/incident.ts";
import type { FrameListener } from "../connection/observers.ts";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import type { Moment, StreamEnd } from "../net/connection-observer.ts";
import { brokenEnvelopeEvent, type FrameEvent, frameDetails, frameEvent } from "../report/frame-event.ts";
import type { LiveFrame } from "../report/html/live-data.ts";
import { jsonLine } from "../report/json.ts";
import type { WatchedFrames } from "./telemetry-protocol.ts";

/** Watches at a time; beyond this, the oldest ends. */
const MAX_WATCHES = 8;
/** Frames of a watch that are shown in a second; others are counted. */
const MAX_FRAMES = 200;

interface Watch {
  inspected: InspectedConnection;
  /** null for all. */
  channel: number | null;
  /** LiveFrame, JSON each: not handed over yet. */
  frames: string[];
  omitted: number;
  /** How many more may be shown in this second. */
  left: number;
}

export class FrameWatch implements FrameListener {
  readonly wantsMessages = false;
  /** Frames of all connections. */
  frames = 0;
  #next: FrameListener | null = null;
  readonly #watches = new Map<number, Watch>();

  /** There is no watch. */
  get isIdle(): boolean {
    return this.#watches.size === 0;
  }

  /** `next` gets every call as well. */
  before(next: FrameListener | null): FrameListener {
    this.#next = next;
    return this;
  }

  /** @param id the number of the watch */
  begin(id: number, inspected: InspectedConnection, channel: number | null): void {
    this.#watches.set(id, { inspected, channel, frames: [], omitted: 0, left: MAX_FRAMES });
    if (this.#watches.size > MAX_WATCHES) this.#watches.delete([...this.#watches.keys()][0]!);
  }

  end(id: number): void {
    this.#watches.delete(id);
  }

  endAll(): void {
    this.#watches.clear();
  }

  /** A second has passed. */
  tick(): void {
    for (const watch of this.#watches.values()) watch.left = MAX_FRAMES;
  }

  /** What was seen since the last call. A watch whose connection `isOver` ends with it. */
  take(isOver: (inspected: InspectedConnection) => boolean): WatchedFrames[] {
    const taken: WatchedFrames[] = [];
    for (const [watch, { inspected, frames, omitted }] of this.#watches) {
      const over = isOver(inspected);
      if (frames.length + omitted === 0 && !over) continue;
      taken.push({ kind: "frames", watch, frames, omitted, over });
      if (over) this.#watches.delete(watch);
      else Object.assign(this.#watches.get(watch)!, { frames: [], omitted: 0 });
    }
    return taken;
  }

  // oxlint-disable-next-line max-params -- hot path: once for every frame, as FrameListener has it
  frame(from: Direction, type: number, channel: number, bytes: Uint8Array, start: number, size: number): void {
    this.frames++;
    this.#next?.frame(from, type, channel, bytes, start, size);
    if (this.#watches.size === 0) return;
    this.#see(from, channel, () => shown(frameEvent(from, type, channel, size, bytes.subarray(start, start + size))));
  }

  message(from: Direction, whole: WholeMessage, bytes: Uint8Array, base: number): void {
    this.frames += 3;
    this.#next?.message?.(from, whole, bytes, base);
    if (this.#watches.size === 0) return;
    const { channel, at, headerAt, bodyAt, methodSize, headerSize, bodySize } = whole;
    const one = (type: number, frameAt: number, size: number): void => {
      const start = frameAt + FRAME_HEADER_SIZE;
      this.#see(from, channel, () => {
        const event = frameEvent(from, type, channel, size, bytes.subarray(start, start + size));
        return shown({ ...event, streamOffset: base + frameAt });
      });
    };
    one(FRAME_METHOD, at, methodSize);
    one(FRAME_HEADER, headerAt, headerSize);
    one(FRAME_BODY, bodyAt, bodySize);
  }

  hiddenFrame(from: Direction, type: number, channel: number, size: number): void {
    this.frames++;
    this.#next?.hiddenFrame(from, type, channel, size);
    this.#see(from, channel, () => shown(frameEvent(from, type, channel, size, null)));
  }

  brokenEnvelope(from: Direction, fault: EnvelopeFault, secret: Secret): void {
    this.#next?.brokenEnvelope(from, fault, secret);
    // It may belong to any channel: a watch of one channel sees it, too.
    this.#see(from, null, () => {
      const { time, direction, streamOffset, frame } = brokenEnvelopeEvent(from, fault, secret);
      const details = frame === undefined ? "" : `its header says type ${frame.type}, size ${frame.size}`;
      const { channel = 0, size = 0 } = frame ?? {};
      return { time, direction, channel, streamOffset, type: "broken frame", size, details };
    });
  }

  missed(from: Direction): void {
    this.#next?.missed?.(from);
  }

  ended(from: Direction, reason: StreamEnd): void {
    this.#next?.ended?.(from, reason);
  }

  boundaryFound(from: Direction, streamOffset: number, moment: Moment): void {
    this.#next?.boundaryFound(from, streamOffset, moment);
  }

  guessRefuted(from: Direction, since: number): void {
    this.#next?.guessRefuted(from, since);
  }

  #see(from: Direction, channel: number | null, make: () => LiveFrame): void {
    for (const watch of this.#watches.values()) {
      if (watch.inspected.amqp.number !== from.connection) continue;
      if (channel !== null && watch.channel !== null && watch.channel !== channel) continue;
      if (watch.left-- > 0) watch.frames.push(jsonLine(make()));
      else watch.omitted++;
    }
  }
}

function shown(event: FrameEvent): LiveFrame {
  const { time, direction, channel, streamOffset, type, size } = event;
  return { time, direction, channel, streamOffset, type, size, details: frameDetails(event) };
}
