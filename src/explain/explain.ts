/**
 * Explains a broker's or a client's message about a broken connection: what happened, what the octets in the message
 * are, and what usually causes it. Everything is a hypothesis with its reasons, since a line of a log is all there is;
 * a capture can prove what this can only make likely.
 */
import { FRAME_HEADER_SIZE, frameTypeName, REPLY_CODES } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import type { LibraryId } from "../connection/client-libraries.ts";
import { type Cause, causesOf } from "./causes.ts";
import { adviceFor, type ClientAdvice } from "./client-advice.ts";
import { clientReadings } from "./client-readings.ts";
import { aboutOf, type BrokerError, type ErrorKind, type ErrorReport, replyCodeOf, seenByOf } from "./error-report.ts";
import { fieldKindReadings } from "./field-kind-readings.ts";
import { frameReadings } from "./frame-readings.ts";
import { frameWindow, meaningsOf } from "./frame-window.ts";
import { doubt, headerReadings } from "./header-readings.ts";
import { type HeaderWindow, headerWindow, numberAt } from "./header-window.ts";
import { knownLine } from "./known-lines/catalogue.ts";
import type { About, SeenBy } from "./known-lines/known-line.ts";
import { argumentReadings, methodIdReadings, openingReadings, unknownFrameReadings } from "./other-readings.ts";
import { payloadReadings } from "./payload-readings.ts";
import { type Confidence, confidenceOf, type Reading, type ReadingKind } from "./reading.ts";
import { headlineOf, nameOf, summaryOf } from "./sentences.ts";

export interface Explanation {
  /** The broker's name for it: frame_too_large, unexpected_frame, …. */
  name: string;
  /** The AMQP reply code it is sent with, and that code's name; null if nothing is sent. */
  code: number | null;
  codeName: string | null;
  /** Which end read the octets, or had the error; null if the text does not show it. */
  seenBy: SeenBy | null;
  /** What it concerns; null if the text does not show it. */
  about: About | null;
  /** Whether it reports an error, or only something worth knowing. */
  level: "error" | "note";
  /** What it is, in a few words. */
  headline: string;
  /** What happened. */
  summary: string;
  /** The octets in question, one by one, as far as they are known. */
  octets: ExplainedOctet[];
  /** What the octets are: hypotheses, the best first. Empty if the error does not concern octets. */
  readings: OctetHypothesis[];
  /** Where a frame really begins among the octets, in words; null if that does not apply. */
  boundary: string | null;
  /** What usually causes it, the likeliest first. */
  causes: Cause[];
  /** The client library that wrote the text, if it is recognised. */
  library: LibraryId | null;
  /** Advice for the client library: the one recognised, or those known to break this way. */
  clients: ClientAdvice[];
  /** A proxy, mesh or load balancer that the text names; null if it names none. */
  between: string | null;
  /** Where the line is known from: a project's issue, or the source file that writes it. Null for octets, numbers. */
  source: string | null;
  /** Octets that may hold a credential were left out. */
  masked: boolean;
}

export interface ExplainedOctet {
  /** Counted from the first octet that was read as the header (or as what `takenFor` names). */
  index: number;
  /** Two hexadecimal digits, or `??`. */
  hex: string;
  takenFor: string;
  /** "" if no better meaning is known. */
  likely: string;
}

export interface OctetHypothesis {
  kind: ReadingKind;
  meaning: string;
  confidence: Confidence;
  why: string;
  /** Index of the octet at which a frame really begins, or null. */
  boundary: number | null;
}

/** Explains one error. `tornLater`: broken frames were found on the same connection after it. */
export function explain(report: ErrorReport, tornLater = false): Explanation {
  const { window, readings: found, takenFor } = look(report);
  const alone = found.length === 1 && found[0]?.kind !== "unknown";
  const readings = alone && report.error.kind !== "client-side" ? [...found, doubt(window)] : found;
  const top = readings[0];
  const own = top?.octets.some(label => label !== "") === true ? top.octets : meaningsOf(window);
  const code = replyCodeOf(report.error);
  return {
    name: nameOf(report),
    code,
    codeName: code === null ? null : (REPLY_CODES[code]?.name ?? null),
    seenBy: seenByOf(report),
    about: isOversize(top) ? "limits" : aboutOf(report.error),
    level: isNote(report.error) ? "note" : "error",
    headline: headlineOf(report, top),
    summary: summaryOf(report, top),
    octets: window.map((octet, index) => ({
      index,
      hex: octet === null ? "??" : octet.toString(16).padStart(2, "0"),
      takenFor: takenFor(index),
      likely: own[index] ?? "",
    })),
    readings: readings.map(({ kind, meaning, score, why, boundary }) => ({
      kind,
      meaning,
      confidence: confidenceOf(score),
      why,
      boundary,
    })),
    boundary: top === undefined || !ABOUT_FRAMES.includes(report.error.kind) ? null : boundaryWords(top),
    causes: causesOf(report, readings, tornLater),
    library: report.library,
    clients: adviceFor(report, top?.kind, tornLater),
    between: report.between,
    source: "line" in report.error ? knownLine(report.error.line).source : null,
    masked: report.masked,
  };
}

function isNote(error: BrokerError): boolean {
  return error.kind === "unknown-message" || ("line" in error && knownLine(error.line).note === true);
}

/** A frame that is correct, but too large. */
function isOversize(top: Reading | undefined): boolean {
  return (top?.kind === "genuine-oversize" || top?.kind === "handshake-oversize") && top.score >= 58;
}

/** Errors for which the place where a frame begins matters. */
const ABOUT_FRAMES: readonly ErrorKind[] = ["frame-too-large", "header-octets", "frame-end"];

interface Look {
  window: HeaderWindow;
  readings: Reading[];
  takenFor: (index: number) => string;
}

/** The octets of an error, and what they are read as. */
function look(report: ErrorReport): Look {
  const { error, channel } = report;
  switch (error.kind) {
    case "frame-too-large": {
      const window = headerWindow(error.type, channel, error.size);
      return { window, readings: headerReadings(window, error.limit), takenFor: headerField(window) };
    }
    case "header-octets": {
      const window = error.octets;
      const behind = window.length > FRAME_HEADER_SIZE;
      const fromPayload = behind ? payloadOfHeader(window) : [];
      const readings = fromPayload.length > 0 ? fromPayload : headerReadings(window, null);
      return { window, readings, takenFor: headerField(window) };
    }
    case "frame-end": {
      const window = frameWindow(error.type, channel, error.snippet, error.endOctet);
      const readings = payloadReadings(error.type, channel, error.snippet, error.endOctet);
      return { window, readings, takenFor: headerField(window) };
    }
    case "unknown-frame":
    case "misplaced-frame": {
      const window = frameWindow(error.type, channel, error.snippet, null);
      const readings = error.kind === "unknown-frame" ? unknownFrameReadings(error.type, error.snippet) : [];
      return {
        window,
        readings: [...readings, ...frameReadings(window).filter(({ score }) => score > 70)],
        takenFor: headerField(window),
      };
    }
    case "cannot-decode":
      return {
        window: Array.from(error.octets),
        readings: argumentReadings(report.operation ?? "", error.octets),
        takenFor: () => "arguments",
      };
    case "unknown-method": {
      const { classId, methodId } = error;
      return {
        window: [...headerWindow(null, classId, null).slice(1, 3), ...headerWindow(null, methodId, null).slice(1, 3)],
        readings: methodIdReadings(classId, methodId),
        takenFor: index => (index < 2 ? `class-id ${classId}` : `method-id ${methodId}`),
      };
    }
    case "client-side": {
      const window = error.octets;
      return { window, readings: clientReadings(window, error.endOctet), takenFor: headerField(window) };
    }
    case "bad-table": {
      const window = Array.from(error.octets ?? []);
      return { window, readings: fieldKindReadings(window), takenFor: () => "table" };
    }
    case "protocol-header": {
      const window = Array.from(error.octets ?? []);
      const takenFor = (index: number) => (index < 4 ? "“AMQP”" : "id and version");
      return { window, readings: window.length === 0 ? [] : openingReadings(window), takenFor };
    }
    default:
      return { window: [], readings: [], takenFor: () => "" };
  }
}

/** A whole header, its payload and perhaps its end octet, given as octets: from a capture or a dump. */
function payloadOfHeader(window: HeaderWindow): Reading[] {
  const type = window[0] ?? null;
  const payload = window.slice(FRAME_HEADER_SIZE).filter(octet => octet !== null);
  const size = numberAt(window, 3, 7);
  if (size === null || type === null || type < 1 || type > 3 || payload.length > 63) return [];
  const end = window[FRAME_HEADER_SIZE + size];
  if (end === 0xce) return [];
  const octets = Uint8Array.from(payload.slice(0, Math.min(16, size)));
  const whole = size <= payload.length;
  return payloadReadings(type, numberAt(window, 1, 3), { octets, whole }, end ?? 0).filter(
    ({ kind }) => kind === "payload-missing" || kind === "frame-in-payload",
  );
}

/** How a decoder reads each octet of a frame. */
function headerField(window: HeaderWindow): (index: number) => string {
  const type = window[0] ?? null;
  const channel = numberAt(window, 1, 3);
  const size = numberAt(window, 3, 7);
  const named = type === null || frameTypeName(type).startsWith("type") ? "" : ` (${frameTypeName(type)})`;
  return index => {
    if (index === 0) return type === null ? "type" : `type ${type}${named}`;
    if (index <= 2) return channel === null ? "channel" : `channel ${channel}`;
    if (index < FRAME_HEADER_SIZE) return size === null ? "size" : `size ${grouped(size)}`;
    if (size !== null && index === FRAME_HEADER_SIZE + size) return "frame-end octet";
    return size !== null && index > FRAME_HEADER_SIZE + size ? "next frame" : "payload";
  };
}

function boundaryWords({ kind, boundary }: Reading): string | null {
  switch (kind) {
    case "late-frame":
      return `a frame begins at octet ${boundary}, behind the end octet: the header was looked for ${boundary === 1 ? "1 octet" : `${boundary} octets`} too early`;
    case "heartbeat-in-header":
      return `the heartbeat's 8 octets begin at octet ${boundary}; behind them the torn frame goes on`;
    case "frame-in-header":
      return `another frame begins at octet ${boundary}; behind it the torn frame goes on`;
    case "frame-in-payload":
    case "payload-missing":
      return `a frame begins at octet ${boundary}`;
    case "second-handshake":
      return "none among these octets: what follows is a handshake";
    case "foreign-protocol":
    case "payload-text":
    case "headers-table":
    case "content-octets":
      return "none among these octets; the frames before them went wrong";
    case "genuine-oversize":
    case "handshake-oversize":
      return "where it was looked for";
    case "torn-later":
      return "the frame begins where it should; where it goes wrong, only a capture shows";
    default:
      return null;
  }
}
