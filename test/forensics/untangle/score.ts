/** Compares what the diagnoses of a report claim with what is true of the stream. */
import type { Diagnosis, Report } from "../../../src/report/report.ts";
import type { Span, TangledStream, Truth } from "../../support/tangled-streams.ts";

export interface Judged {
  stream: TangledStream;
  claimed: string[];
  real: string[];
  kindRight: boolean;
  /** Of each diagnosis: what it says of itself, and whether all of it, and of the stream, is right. */
  reported: { confidence: number; right: boolean }[];
  falseAlarm: boolean;
}

export function judge(stream: TangledStream, report: Report): Judged {
  const errors = report.findings.filter(({ severity }) => severity === "error");
  const diagnoses = errors.flatMap(({ diagnosis }) => (diagnosis === undefined ? [] : [diagnosis]));
  const { truth } = stream;
  const real = claims({ ...truth, missing: truth.missing.map(octets => ({ octets })) });
  const each = diagnoses.map(diagnosis => claimsOf(diagnosis));
  const claimed = [...new Set(each.flat())];
  const complete = real.every(claim => claimed.includes(claim));
  const kindRight =
    truth.kinds.length === 0 ? errors.length === 0 : diagnoses.some(({ kind }) => truth.kinds.includes(kind));
  const reported = diagnoses.map(({ kind, confidence }, i) => ({
    confidence,
    right: complete && truth.kinds.includes(kind) && each[i]!.every(claim => real.includes(claim)),
  }));
  return {
    stream,
    claimed,
    real,
    kindRight,
    reported,
    falseAlarm: truth.kinds.length === 0 && errors.length > 0,
  };
}

function claimsOf({ torn, missing, replayed, overwritten, foreign, unexplained }: Diagnosis): string[] {
  return [
    ...claims({
      torn,
      missing,
      replayed: replayed.map(({ span }) => span),
      overwritten: overwritten.map(({ span }) => span),
      foreign: foreign.map(({ span }) => span),
    }),
    ...unexplained.map(span => `unexplained ${name(span)}`),
  ];
}

type Claims = Pick<Truth, "torn" | "replayed" | "overwritten" | "foreign"> & { missing: { octets: number }[] };

function claims({ torn, missing, replayed, overwritten, foreign }: Claims): string[] {
  return [
    ...torn.map(
      ({ type, channel, size, spans, complete }) =>
        `torn ${type}/${known(spans, 3, channel)}/${known(spans, 7, size)}@${spans.map(name).join(",")}${complete ? "" : " unfinished"}`,
    ),
    ...missing.map(({ octets }) => `missing ${octets}`),
    ...touching(replayed).map(span => `replayed ${name(span)}`),
    ...overwritten.map(span => `overwritten ${name(span)}`),
    ...foreign.map(span => `foreign ${name(span)}`),
  ];
}

/** What stands in a header, or nothing where so many octets of it are not there. */
function known(spans: readonly Span[], wanted: number, value: number): number | "?" {
  return spans.reduce((sum, [, octets]) => sum + octets, 0) < wanted ? "?" : value;
}

function name([offset, octets]: Span): string {
  return `${offset}+${octets}`;
}

/** Spans that touch, made one. */
function touching(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const [offset, octets] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && last[0] + last[1] === offset) last[1] += octets;
    else result.push([offset, octets]);
  }
  return result;
}

export interface Figures {
  shape: string;
  streams: number;
  claimed: number;
  real: number;
  right: number;
  kinds: number;
  /** Streams of which all that is true is claimed, and nothing else. */
  exact: number;
}

export function figures(shape: string, judged: readonly Judged[]): Figures {
  const sum = (count: (each: Judged) => number): number => judged.reduce((total, each) => total + count(each), 0);
  return {
    shape,
    streams: judged.length,
    claimed: sum(({ claimed }) => claimed.length),
    real: sum(({ real }) => real.length),
    right: sum(({ claimed, real }) => real.filter(claim => claimed.includes(claim)).length),
    kinds: sum(({ kindRight }) => (kindRight ? 1 : 0)),
    exact: sum(each => (isExact(each) ? 1 : 0)),
  };
}

export function isExact({ claimed, real, kindRight }: Judged): boolean {
  return kindRight && claimed.length === real.length && real.every(claim => claimed.includes(claim));
}

export function recall({ right, real }: Figures): number {
  return real === 0 ? 1 : right / real;
}

export function precision({ right, claimed }: Figures): number {
  return claimed === 0 ? 1 : right / claimed;
}
