/** Every source file that is not small has a test of its own name, or a line that says which test covers it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { COVERED_BY, TYPES_ONLY } from "./support/covered-by.ts";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));
const TEST = fileURLToPath(new URL("./", import.meta.url));
/** Lines of a file that needs no test of its own. */
const SMALL = 80;

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter(path => path.endsWith(".ts") && !path.endsWith(".d.ts"))
  .map(path => path.replaceAll(sep, "/"));
const text = (path: string) => readFileSync(join(SRC, path), "utf8");
const large = sources.filter(path => text(path).split("\n").length - 1 > SMALL);
const ofItsName = (path: string) =>
  [".test.ts", ".property.test.ts"].some(ending => existsSync(join(TEST, path.replace(/\.ts$/, ending))));
const listed = new Map(Object.entries(COVERED_BY).flatMap(([test, covered]) => covered.map(path => [path, test])));

/** What each file read so far loads: by imports, and in a worker thread. */
const loads = new Map<string, string[]>();

function loadsOf(file: string): string[] {
  const known = loads.get(file);
  if (known !== undefined) return known;
  const pattern = /\bfrom "(\.[^"]+)"|^import "(\.[^"]+)"|\b(?:import|new URL)\("(\.[^"]+\.[jt]s)"/gm;
  const names = [...readFileSync(file, "utf8").matchAll(pattern)].map(
    ([, from, alone, called]) => from ?? alone ?? called!,
  );
  const paths = names.map(name => join(dirname(file), name.replace(/\.js$/, ".ts"))).filter(path => existsSync(path));
  loads.set(file, paths);
  return paths;
}

/** All files that a file loads, itself or by others. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const path of loadsOf(file)) loadedBy(path, seen);
  return seen;
}

/** What only the built command runs: commands, and what telemetry does in a thread of its own. */
const RUN = ["cli/", "proxy/telemetry-", "proxy/admin-server.ts"];

describe(`a source file of more than ${SMALL} lines`, () => {
  it("has a test of its own name, or a line in test/support/covered-by.ts", () => {
    const untested = large.filter(path => !ofItsName(path) && !listed.has(path) && !TYPES_ONLY.includes(path));
    expect(untested, "write test/….test.ts, or name the test that covers it").toEqual([]);
  });

  it("is loaded by the test that is said to cover it, or run by it as the built command or page", () => {
    const unloaded = [...listed].filter(([path, test]) => {
      const loaded = [...loadedBy(join(TEST, test))].map(file => relative(SRC, file).replaceAll(sep, "/"));
      const runsCommand = loaded.includes("../test/support/command.ts");
      const opensPage = loaded.includes("../test/support/browser.ts");
      return (
        !loaded.includes(path) &&
        !(runsCommand && RUN.some(room => path.startsWith(room))) &&
        !(opensPage && path.startsWith("report/html/page/"))
      );
    });
    expect(unloaded).toEqual([]);
  });
});

describe("test/support/covered-by.ts", () => {
  it("names tests and source files that exist", () => {
    expect(Object.keys(COVERED_BY).filter(test => !existsSync(join(TEST, test)))).toEqual([]);
    expect([...listed.keys(), ...TYPES_ONLY].filter(path => !sources.includes(path))).toEqual([]);
  });

  it("names no file that needs no line: small ones, and those with a test of their name", () => {
    expect([...listed.keys(), ...TYPES_ONLY].filter(path => !large.includes(path) || ofItsName(path))).toEqual([]);
  });

  it("names each file once", () => {
    const all = [...Object.values(COVERED_BY).flat(), ...TYPES_ONLY];
    expect(all.filter((path, i) => all.indexOf(path) !== i)).toEqual([]);
  });

  it("calls only what does nothing by itself types", () => {
    const does = /^(?:export )?(?:default )?(?:abstract )?(?:async )?(?:function|class|const|let|enum)\b/m;
    expect(TYPES_ONLY.filter(path => does.test(text(path)))).toEqual([]);
  });
});

it("what npm run mutation mutates, and runs, exists", () => {
  const named = ["targets.mjs", "equivalent.mjs"].flatMap(file => {
    const found = readFileSync(join(TEST, "mutation", file), "utf8").matchAll(/"((?:src|test)\/[^"]+\.ts)"/g);
    return Array.from(found, ([, path]) => path!);
  });
  expect(named).toContain("src/amqp/frame-scanner.ts");
  expect(named.filter(path => !existsSync(join(TEST, "..", path)))).toEqual([]);
});
