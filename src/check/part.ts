/**
 * A part of a check that several processes share: what one of them found, as a file. All of them get the same captures,
 * and each inspects its own; the process that has all the parts judges them as if one had read everything.
 *
 * The file is text: a line of JSON about the part, one for each capture, and one with their number, which shows whether
 * the file was cut. It is for the same version of ghostframe only.
 */
import { fnv1a64 } from "../report/fnv.ts";
import type { PartialResult } from "../report/partial/partial-result.ts";
import { VERSION } from "../version.ts";

export const PART_SCHEMA = "ghostframe.partial/1";

/** Which part of how many: `number` counts from 1. */
export interface Shard {
  number: number;
  of: number;
}

/** One capture, inspected by itself: CaptureReport before its report is made. */
export interface PartCapture {
  path: string;
  place: string;
  isNamed: boolean;
  result: PartialResult;
}

export interface Part {
  shard: Shard;
  /** What all parts have in common: the captures of the whole check, and how they are inspected. */
  job: { captures: number; hash: string };
  /** Folders that were searched, as in CheckCall. */
  folders: string[];
  captures: PartCapture[];
}

/** A file that is no part, or parts that do not belong together. The message names it. */
export class PartError extends Error {
  override name = "PartError";
}

/** Whether this shard inspects the capture at `index`. Neighbours, often of similar size, go to different shards. */
export function isOfShard(index: number, { number, of }: Shard): boolean {
  return index % of === number - 1;
}

/** What checks of the same captures have in common; `inspect` is plain data. */
export function jobOf(captures: readonly { place: string; isNamed: boolean }[], inspect: object): Part["job"] {
  const named = captures.map(({ place, isNamed }) => [place, isNamed]);
  return { captures: captures.length, hash: fnv1a64(JSON.stringify([named, inspect])) };
}

export function partText({ captures, ...about }: Part): string {
  const lines = [{ schema: PART_SCHEMA, version: VERSION, ...about }, ...captures, { captures: captures.length }];
  return lines.map(line => `${JSON.stringify(line)}\n`).join("");
}

/**
 * Reads a part; `name` is its name in messages.
 *
 * @throws PartError
 */
export function readPart(text: string, name: string): Part {
  const lines = text.split("\n");
  const head = parsed(lines[0]!) as (Omit<Part, "captures"> & { schema: unknown; version: unknown }) | null;
  if (head?.schema !== PART_SCHEMA) throw new PartError(`${name}: is no partial result (${PART_SCHEMA})`);
  if (head.version !== VERSION) {
    throw new PartError(`${name}: is of ghostframe ${String(head.version)}, expected ${VERSION}: make it anew`);
  }
  const captures = lines.slice(1, -2).map(line => parsed(line) as PartCapture | null);
  const end = parsed(lines.at(-2) ?? "") as { captures?: unknown } | null;
  const whole = lines.at(-1) === "" && end?.captures === captures.length && captures.every(each => each?.result);
  if (!whole) throw new PartError(`${name}: is cut or damaged, expected all lines of a partial result`);
  const { shard, job, folders } = head;
  return { shard, job, folders, captures: captures as PartCapture[] };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/**
 * The parts as one. The same part twice (a task that was run again) counts once.
 *
 * @throws PartError if they are not from the same check, one is missing, or two of them differ.
 */
export function joinParts(parts: readonly { name: string; part: Part }[]): Omit<Part, "shard"> {
  const [first] = parts;
  if (first === undefined) throw new PartError("there is no partial result");
  const { job, shard } = first.part;
  const byNumber = new Map<number, { name: string; part: Part }>();
  for (const each of parts) {
    const { name, part } = each;
    if (part.job.hash !== job.hash || part.job.captures !== job.captures || part.shard.of !== shard.of) {
      throw new PartError(
        `${name}: is of another check than ${first.name}: other captures, another way to read them, or another division`,
      );
    }
    const known = byNumber.get(part.shard.number);
    if (known !== undefined && partText(known.part) !== partText(part)) {
      throw new PartError(`${name}: is part ${part.shard.number}, as ${known.name} is, and says something else`);
    }
    byNumber.set(part.shard.number, each);
  }
  const missing = Array.from({ length: shard.of }, (_, i) => i + 1).filter(number => !byNumber.has(number));
  if (missing.length > 0) {
    const those = missing.length === 1 ? `part ${missing[0]} is` : `parts ${missing.slice(0, 20).join(", ")} are`;
    throw new PartError(`${those} missing of ${shard.of}: what is in it is not known`);
  }
  const captures = [...byNumber.values()].flatMap(({ part }) => part.captures);
  if (captures.length !== job.captures) {
    throw new PartError(`the parts have ${captures.length} captures, expected ${job.captures}`);
  }
  return { job, folders: first.part.folders, captures };
}
