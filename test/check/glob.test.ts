import { expect, it } from "vitest";
import { globMatcher } from "../../src/check/glob.ts";

it.each<[glob: string, path: string, matches: boolean]>([
  ["a.pcap", "a.pcap", true],
  ["./a.pcap", "a.pcap", true],
  ["a.pcap", "b/a.pcap", false],
  ["*.pcap", "a.pcap", true],
  ["*.pcap", "b/a.pcap", false],
  ["*.pcap", ".hidden.pcap", true],
  ["**", "b/c/a.pcap", true],
  ["**/*.pcap", "a.pcap", true],
  ["**/*.pcap", "b/c/a.pcap", true],
  ["b/**", "b/c/a.pcap", true],
  ["b/**", "bb/a.pcap", false],
  ["b/**/a.pcap", "b/a.pcap", true],
  ["**/known-bad/**", "x/known-bad/y/a.pcap", true],
  ["?.pcap", "a.pcap", true],
  ["?.pcap", "ab.pcap", false],
  ["*.{pcap,pcapng}", "a.pcapng", true],
  ["*.{pcap,pcapng}", "a.cap", false],
  ["[a-c].pcap", "b.pcap", true],
  ["../captures/*", "../captures/a.pcap", true],
  ["*.pcap", "*.pcap", true],
  ["a+b.pcap", "a+b.pcap", true],
  ["-", "-", true],
])("%s over %s: %s", (glob, path, matches) => expect(globMatcher(glob)(path)).toBe(matches));
