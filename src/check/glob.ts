import picomatch from "picomatch/posix.js";

/**
 * Whether a path, with slashes, matches a glob: `*` and `?` within a folder, `**` over folders, `{a,b}`, `[a-c]`. A
 * folder's or file's leading dot is a character like any other.
 */
export function globMatcher(glob: string): (path: string) => boolean {
  return picomatch(glob.replace(/^(?:\.\/)+/, ""), { dot: true });
}
