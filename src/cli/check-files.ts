/** The captures that `ghostframe check` is given: files, folders of them, standard input. */
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, normalize, resolve, sep } from "node:path";
import { inputErrorOf } from "../capture/input-error.ts";

export interface CaptureFile {
  /** As it was named, or as its folder was, with slashes. `-` is standard input. */
  path: string;
  /** 0 where nobody knows. */
  octets: number;
  /** Why it cannot be read, where that is known already. */
  problem?: string;
}

/** What counts as a capture in a folder. A file that is named itself may be called as it likes. */
const CAPTURE_NAME = /\.(?:pcap|pcapng|cap)(?:\.gz)?$/i;

/** In code unit order of their paths, each of them once, in whatever order and however often they were named. */
export async function captureFiles(named: readonly string[]): Promise<CaptureFile[]> {
  const found = await Promise.all(named.map(filesAt));
  const byPlace = new Map<string, CaptureFile>();
  for (const file of found.flat().sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
    const place = file.path === "-" ? "-" : resolve(file.path);
    if (!byPlace.has(place)) byPlace.set(place, file);
  }
  return [...byPlace.values()];
}

async function filesAt(name: string): Promise<CaptureFile[]> {
  if (name === "-") return [{ path: name, octets: 0 }];
  const path = normalize(name);
  const status = await statusOf(path);
  if (status instanceof Error) return [{ path: withSlashes(path), octets: 0, problem: problemOf(path, status) }];
  return status.isDirectory() ? filesIn(path) : [{ path: withSlashes(path), octets: status.size }];
}

/** Symbolic links to files are followed, those to folders are not: they may lead back. */
async function filesIn(folder: string): Promise<CaptureFile[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const found = await Promise.all(
      entries.map(async entry => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return filesIn(path);
        if (!CAPTURE_NAME.test(entry.name)) return [];
        const status = await statusOf(path);
        if (!(status instanceof Error) && !status.isFile()) return [];
        return filesAt(path);
      }),
    );
    return found.flat();
  } catch (cause) {
    return [{ path: withSlashes(folder), octets: 0, problem: problemOf(folder, cause) }];
  }
}

async function statusOf(path: string): Promise<Stats | Error> {
  try {
    return await stat(path);
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}

function problemOf(path: string, cause: unknown): string {
  return inputErrorOf(path, cause).problem;
}

export function withSlashes(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}
