/**
 * Explains frames that are whole and in the wrong order: sent again, mixed with those of another publish on the same
 * channel, or without the frames that must come before them.
 */
import { FRAME_BODY, FRAME_HEADER, FRAME_METHOD, frameTypeName } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Diagnosis, Span } from "./diagnosis.ts";
import type { Finding } from "./explanation.ts";
import type { OctetWindow } from "./octet-window.ts";
import type { ReadFrame } from "./read-frames.ts";
import { tellWriters } from "./writers.ts";

/** A publish (or delivery) under way: its method, and what it lacks. */
interface Content {
  method: ReadFrame;
  header: ReadFrame | null;
  bodyLeft: number;
}

/** A content whose frames another content of the same channel came between. */
interface Mixed {
  outer: Content;
  inner: Content;
}

const TOLD = 3;

/**
 * `frames` are whole frames in stream order, those before the incident included; the first fault is at `faultOffset`.
 * Null where the order of content explains nothing.
 */
export function explainOrder(window: OctetWindow, frames: readonly ReadFrame[], faultOffset: number): Finding | null {
  const open = new Map<number, Content[]>();
  const mixed: Mixed[] = [];
  const replayed: Diagnosis["replayed"] = [];
  const strays: ReadFrame[] = [];
  const others: ReadFrame[] = [];
  for (const frame of frames) {
    const contents = open.get(frame.channel) ?? [];
    open.set(frame.channel, contents);
    const inIncident = frame.spans[0]![0] >= faultOffset;
    const original = inIncident && !fits(contents, frame) ? repeats(window, frame) : null;
    if (original !== null) {
      replayed.push({ span: frame.spans[0]!, of: original });
      continue;
    }
    others.push(frame);
    if (!take(contents, frame, mixed) && inIncident) strays.push(frame);
  }
  if (replayed.length === 0 && mixed.length === 0 && strays.length === 0) return null;
  const { writers } = tellWriters(others, faultOffset, faultOffset);
  const kind =
    replayed.length > 0
      ? "replayed-octets"
      : mixed.length > 0 || strays.length === 0
        ? "misordered-frames"
        : "missing-octets";
  const confidence = strays.length === 0 ? 0.95 : replayed.length + mixed.length > 0 ? 0.8 : 0.6;
  return {
    kind,
    confidence,
    summary: summarise(replayed, mixed, strays),
    torn: [],
    replayed,
    missing: [],
    overwritten: [],
    foreign: [],
    unexplained: [],
    writers,
  };
}

/** Whether a content of the channel awaits just this frame. */
function fits(contents: readonly Content[], frame: ReadFrame): boolean {
  switch (frame.type) {
    case FRAME_METHOD:
      return contents.length === 0;
    case FRAME_HEADER:
      return contents.some(({ header }) => header === null);
    case FRAME_BODY:
      return contents.some(({ header, bodyLeft }) => header !== null && bodyLeft >= frame.size);
    default:
      return true;
  }
}

/** Gives the frame to a content of its channel; false where none awaits it. */
function take(contents: Content[], frame: ReadFrame, mixed: Mixed[]): boolean {
  switch (frame.type) {
    case FRAME_METHOD: {
      if (!frame.opensContent) return true;
      const content: Content = { method: frame, header: null, bodyLeft: 0 };
      const outer = contents.at(-1);
      if (outer !== undefined) mixed.push({ outer, inner: content });
      contents.push(content);
      return true;
    }
    case FRAME_HEADER: {
      const content = contents.findLast(({ header }) => header === null);
      if (content === undefined) return false;
      content.header = frame;
      content.bodyLeft = frame.bodySize;
      if (frame.bodySize === 0) contents.splice(contents.indexOf(content), 1);
      return true;
    }
    case FRAME_BODY: {
      const awaits = (exact: boolean) => (content: Content) =>
        content.header !== null && (exact ? content.bodyLeft === frame.size : content.bodyLeft >= frame.size);
      const content = contents.findLast(awaits(true)) ?? contents.findLast(awaits(false));
      if (content === undefined) return false;
      content.bodyLeft -= frame.size;
      if (content.bodyLeft === 0) contents.splice(contents.indexOf(content), 1);
      return true;
    }
    default:
      return true;
  }
}

/** Where the same octets, the whole frame, stand earlier in the window. */
function repeats(window: OctetWindow, frame: ReadFrame): Span | null {
  const [offset, length] = frame.spans[0]!;
  const octets = Buffer.from(window.bytes.buffer, window.bytes.byteOffset, window.length);
  const at = offset - window.base;
  // A frame of a few octets may well be like another.
  if (length < 24) return null;
  const original = octets.subarray(0, at).lastIndexOf(octets.subarray(at, at + Math.min(length, 4096)));
  if (original < 0 || original + length > at) return null;
  if (!octets.subarray(original, original + length).equals(octets.subarray(at, at + length))) return null;
  return [window.base + original, length];
}

function summarise(replayed: Diagnosis["replayed"], mixed: readonly Mixed[], strays: readonly ReadFrame[]): string {
  const sentences: string[] = [];
  for (const { span, of } of replayed.slice(0, TOLD)) {
    sentences.push(
      `The ${grouped(span[1])} octets at ${span[0]} are the frame at ${of[0]} sent again: a buffer was written twice.`,
    );
  }
  for (const { outer, inner } of mixed.slice(0, TOLD)) {
    const channel = outer.method.channel;
    sentences.push(
      `On channel ${channel} the publish at ${inner.method.spans[0]![0]}${named(inner)} begins inside the one at ${outer.method.spans[0]![0]}${named(outer)}: two producers share the channel.`,
    );
  }
  for (const stray of strays.slice(0, TOLD)) {
    const before = stray.type === FRAME_BODY ? "content header" : "method";
    sentences.push(
      `The ${frameTypeName(stray.type)} frame at ${stray.spans[0]![0]} on channel ${stray.channel} has no ${before} before it that it belongs to.`,
    );
  }
  const more = replayed.length + mixed.length + strays.length - sentences.length;
  if (more > 0)
    sentences.push(`${grouped(more)} more such frame${more === 1 ? "" : "s"} follow${more === 1 ? "s" : ""}.`);
  return sentences.join(" ");
}

function named({ header }: Content): string {
  const id = header?.values.get("message-id");
  return typeof id === "string" && id !== "" ? ` (message-id ${id})` : "";
}
