/** Globs over paths with slashes. */
import picomatch from "picomatch/posix.js";
import { grouped } from "../bytes/grouped.ts";

/** Characters of a glob, its wildcards, and those of one name between two slashes: the time to compare grows with them. */
const MAX_CHARACTERS = 1024;
const MAX_WILDCARDS = 16;
const MAX_WILDCARDS_OF_NAME = 4;

/** Why a glob takes too long to compare with paths; null if it does not. */
export function globProblem(glob: string): string | null {
  if (glob.length > MAX_CHARACTERS) return `a glob of at most ${grouped(MAX_CHARACTERS)} characters`;
  const wildcards = (text: string): number => text.match(/\*+/g)?.length ?? 0;
  if (wildcards(glob) > MAX_WILDCARDS) return `a glob with at most ${MAX_WILDCARDS} wildcards`;
  if (glob.split("/").some(name => wildcards(name) > MAX_WILDCARDS_OF_NAME)) {
    return `a glob with at most ${MAX_WILDCARDS_OF_NAME} "*" in a name`;
  }
  return null;
}

/**
 * Whether a path, with slashes, matches a glob: `*` and `?` within a folder, `**` over folders, `{a,b}`, `[a-c]`. A
 * folder's or file's leading dot is a character like any other.
 */
export function globMatcher(glob: string): (path: string) => boolean {
  const matches = picomatch(glob.replace(/^(?:\.\/)+/, ""), { dot: true, noextglob: true });
  // Its second argument would change what it returns.
  return path => matches(path);
}

/** The part of a glob in front of its first wildcard, in whole names: `captures/clean` of `captures/clean/*.pcap`. */
export function globFolder(glob: string): string {
  return picomatch.scan(glob).base;
}
