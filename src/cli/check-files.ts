/** The captures that `ghostframe check` gets: files, folders of them, standard input. */
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, normalize, resolve, sep } from "node:path";
import { byCodeUnit } from "../bytes/code-unit-order.ts";
import { inputErrorOf } from "../capture/input-error.ts";

export interface CaptureFile {
  /** As it was named, or as its folder was, with slashes. `-` is standard input. */
  path: string;
  /** 0 if it is not known. */
  octets: number;
  /** Whether it was named by itself, and not only found in a folder. */
  isNamed: boolean;
  /** Why it cannot be read, if that is known already. */
  problem?: string;
}

export interface FoundCaptures {
  /** In code unit order of their paths, each of them once, even if it was named several times. */
  files: CaptureFile[];
  /** The folders that were named. */
  folders: FoundFolder[];
}

/** A folder that was searched, with what was left out in it. */
export interface FoundFolder {
  /** As it was named, with slashes. */
  path: string;
  /** Files without the name of a capture that were not named themselves. */
  passedOver: string[];
  /** Links to folders. */
  links: string[];
}

/**
 * The name of a capture in a folder: a digit is what tcpdump -C and -W append to the given name. A file that is named
 * itself may have any name.
 */
const CAPTURE_NAME = /\.(?:pcap|pcapng|cap)\d*(?:\.gz)?$/i;

export async function captureFiles(named: readonly string[]): Promise<FoundCaptures> {
  const found = await Promise.all(named.map(foundAt));
  const byPlace = new Map<string, CaptureFile>();
  for (const file of found.flatMap(({ files }) => files).sort((a, b) => byCodeUnit(a.path, b.path))) {
    const known = byPlace.get(placeOf(file));
    if (known === undefined) byPlace.set(placeOf(file), { ...file });
    else known.isNamed ||= file.isNamed;
  }
  const folders = new Map<string, FoundFolder>();
  for (const folder of found.flatMap(each => each.folders).sort((a, b) => byCodeUnit(a.path, b.path))) {
    const passedOver = folder.passedOver.filter(path => !byPlace.has(resolve(path)));
    const place = resolve(folder.path);
    if (!folders.has(place)) folders.set(place, { ...folder, passedOver });
  }
  return { files: [...byPlace.values()], folders: [...folders.values()] };
}

/** `-` is standard input, which has no place; `./-` is a file. */
function placeOf({ path }: CaptureFile): string {
  return path === "-" ? path : resolve(path);
}

async function foundAt(name: string): Promise<FoundCaptures> {
  if (name === "-") return { files: [{ path: name, octets: 0, isNamed: true }], folders: [] };
  const normal = normalize(name);
  const path = normal === "-" ? `.${sep}-` : normal;
  const status = await statusOf(path);
  if (!(status instanceof Error) && status.isDirectory()) {
    const folder: FoundFolder = { path: withSlashes(path), passedOver: [], links: [] };
    return { files: await filesIn(path, folder), folders: [folder] };
  }
  return { files: [{ ...fileAt(path, status), isNamed: true }], folders: [] };
}

function fileAt(path: string, status: Stats | Error): CaptureFile {
  const file = { path: withSlashes(path), octets: 0, isNamed: false };
  return status instanceof Error ? { ...file, problem: problemOf(path, status) } : { ...file, octets: status.size };
}

/** Symbolic links to files are followed, those to folders are not: they may lead back. */
async function filesIn(folder: string, { passedOver, links }: FoundFolder): Promise<CaptureFile[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const found = await Promise.all(
      entries.map(async entry => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return filesIn(path, { path: folder, passedOver, links });
        const isCapture = CAPTURE_NAME.test(entry.name);
        if (!isCapture && !entry.isSymbolicLink()) {
          if (entry.isFile()) passedOver.push(path);
          return [];
        }
        const status = await statusOf(path);
        const isFile = status instanceof Error || status.isFile();
        if (isFile && isCapture) return [fileAt(path, status)];
        if (isFile) passedOver.push(path);
        else if (status.isDirectory()) links.push(path);
        return [];
      }),
    );
    return found.flat();
  } catch (cause) {
    const problem = problemOf(folder, cause);
    return [{ path: withSlashes(folder), octets: 0, isNamed: false, problem }];
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
