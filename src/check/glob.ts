/** Globs over paths with slashes. */
import picomatch from "picomatch/posix.js";

/**
 * Whether a path, with slashes, matches a glob: `*` and `?` within a folder, `**` over folders, `{a,b}`, `[a-c]`. A
 * folder's or file's leading dot is a character like any other.
 */
export function globMatcher(glob: string): (path: string) => boolean {
  const matches = picomatch(glob.replace(/^(?:\.\/)+/, ""), { dot: true });
  // Its second argument would change what it returns.
  return path => matches(path);
}

/** The part of a glob in front of its first wildcard, in whole names: `captures/clean` of `captures/clean/*.pcap`. */
export function globFolder(glob: string): string {
  return picomatch.scan(glob).base;
}
