/** The house's rules of direction: what may import what, and who may touch the world outside. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));

/** Later may import earlier, never the other way round. A file of src/ itself stands under its own name. */
const ORDER = [
  "version.ts",
  "bytes",
  "capture",
  "net",
  "tls",
  "amqp",
  "connection",
  "broker",
  "forensics",
  "inspection",
  "messages",
  "explain",
  "report",
  "telemetry",
  "annotate",
  "read-all.ts",
  "inspect.ts",
  "recover",
  "repair",
  "check",
  "proxy",
  "index.ts",
  "cli",
];

/** Who may import node: modules, and see the clock and the process. */
// Decryption is computation, but of node:crypto: one file of tls/ knows it, and is handed to the rest. amqplib wants Buffers.
const OUTSIDE = [
  "capture/capture-source.ts",
  "capture/stream-source.ts",
  "tls/node-crypto.ts",
  "recover/publish-properties.ts",
  "recover/publisher.ts",
  "telemetry/export/",
  "proxy/",
  "cli/",
];
const OUTER_GLOBALS = [
  /\bDate\.now\(/,
  /\bnew Date\(\)/,
  /\bperformance\./,
  /(?<![.#\w])process\./,
  /\bconsole\./,
  /\bset(?:Timeout|Interval|Immediate)\(/,
  /\bfetch\(/,
  /\bMath\.random\(/,
  /\bcrypto\.random|getRandomValues/,
  /\bBuffer\b/,
];
/** Where something of this is still to go. */
const STILL: readonly string[] = ["forensics/leftover-octets.ts: Buffer"];

interface Source {
  /** Relative to src/, with slashes. */
  path: string;
  imports: string[];
  /** Without comments and the text of strings. */
  code: string;
}

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter(path => path.endsWith(".ts"))
  .map((file): Source => {
    const path = file.replaceAll(sep, "/");
    const text = readFileSync(join(SRC, file), "utf8");
    const imports = [
      ...text.matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)"|\bimport\("([^"]+)"\)|^import "([^"]+)"/gm),
    ];
    return { path, imports: imports.map(match => (match[1] ?? match[2] ?? match[3])!), code: withoutProse(text) };
  });

function withoutProse(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replace(/(^|[^:])\/\/.*$/gm, "$1");
}

function place(path: string): number {
  const top = path.split("/")[0]!;
  const at = ORDER.indexOf(top);
  expect(at, `src/${top} has no place in the order: give it one in this test`).toBeGreaterThanOrEqual(0);
  return at;
}

function mayTouchTheWorld(path: string): boolean {
  return OUTSIDE.some(allowed => path === allowed || (allowed.endsWith("/") && path.startsWith(allowed)));
}

describe("imports", () => {
  it("are found", () => {
    const edges = sources.flatMap(({ imports }) => imports);
    expect(edges.filter(name => name.startsWith("."))).not.toEqual([]);
    expect(edges).toContain("node:fs");
    expect(edges).toContain("./json.ts");
  });

  it("never point ahead", () => {
    const ahead = sources.flatMap(({ path, imports }) =>
      imports
        .filter(name => name.startsWith("."))
        .map(name => normalize(join(dirname(path), name)).replaceAll(sep, "/"))
        .filter(target => place(target) > place(path))
        .map(target => `${path} → ${target}`),
    );
    expect(ahead).toEqual([]);
  });

  it("of files, sockets and the like stay at the edge", () => {
    const outer = sources
      .filter(({ path }) => !mayTouchTheWorld(path))
      .flatMap(({ path, imports }) =>
        imports.filter(name => name.startsWith("node:")).map(name => `${path} → ${name}`),
      );
    expect(outer).toEqual([]);
  });
});

it("clock, process, console, chance and Node's own types stay at the edge", () => {
  const outer = sources
    .filter(({ path }) => !mayTouchTheWorld(path))
    .flatMap(({ path, code }) =>
      OUTER_GLOBALS.flatMap(pattern => [...code.matchAll(new RegExp(pattern, "g"))]).map(
        ([found]) => `${path}: ${found}`,
      ),
    );
  expect(outer.filter(found => !STILL.includes(found))).toEqual([]);
});

it("no two files import each other, on whatever way round", () => {
  const targets = new Map(
    sources.map(({ path, imports }) => {
      const local = imports.filter(name => name.startsWith("."));
      return [path, local.map(name => normalize(join(dirname(path), name)).replaceAll(sep, "/"))];
    }),
  );
  /** The shortest way from a file back to itself. */
  const circleOf = (start: string): string | null => {
    const cameFrom = new Map<string, string>();
    const queue = [start];
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      for (const target of targets.get(path) ?? []) {
        if (target === start) {
          const way = [path];
          while (way[0] !== start) way.unshift(cameFrom.get(way[0]!)!);
          return [...way, start].join(" → ");
        }
        if (!cameFrom.has(target)) {
          cameFrom.set(target, path);
          queue.push(target);
        }
      }
    }
    return null;
  };
  const circles = sources.map(({ path }) => circleOf(path)).filter(circle => circle !== null);
  expect(circles).toEqual([]);
});

const ROOT = new URL("../", import.meta.url);

function page(name: string): string {
  return readFileSync(new URL(name, ROOT), "utf8");
}

describe("a page's links", () => {
  const pages = ["README.md", "ARCHITECTURE.md", ...readdirSync(new URL("docs/", ROOT)).map(name => `docs/${name}`)];
  it.each(pages.filter(name => name.endsWith(".md")))("%s: point to files that exist", name => {
    const targets = [...page(name).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(match => match[1]!);
    const local = targets.filter(target => !/^[a-z]+:/.test(target));
    expect(local.filter(target => !existsSync(new URL(target, new URL(name, ROOT))))).toEqual([]);
  });
});

describe("ARCHITECTURE.md", () => {
  it("has at most 250 lines", () => {
    expect(page("ARCHITECTURE.md").split("\n").length - 1).toBeLessThanOrEqual(250);
  });

  it("has at most 20 words in its glossary", () => {
    const [, glossary] = /## Glossary\n([\s\S]*?)\n## /.exec(page("ARCHITECTURE.md"))!;
    expect(glossary!.match(/^\| (?!word|---)/gm)!.length).toBeLessThanOrEqual(20);
  });

  const bounds = page("docs/bounds.md");
  const rows = bounds.split("\n").flatMap(line => {
    const path = /\]\(\.\.\/(src\/[^)]+)\) \|$/.exec(line)?.[1];
    const named = [...line.matchAll(/`(\w+)` = ([\d.,]+(?: [KM]i)?)/g)];
    return named.map(([, name, shown]): [name: string, path: string, shown: string] => [name!, path ?? "", shown!]);
  });

  it("names bounds", () => {
    expect(rows.length).toBeGreaterThan(30);
  });

  it.each(rows)("has the value of %s in %s: %s", (name, path, shown) => {
    const [digits, unit] = shown.split(" ");
    const factor = unit === "Ki" ? 1024 : unit === "Mi" ? 1024 * 1024 : 1;
    expect(boundIn(page(path), name)).toBe(Number(digits!.replaceAll(",", "")) * factor);
  });
});

/** The value of a constant or a key in a source: a product, sum or shift of numbers and of other constants there. */
function boundIn(source: string, name: string): number {
  for (const [, text] of source.matchAll(new RegExp(`\\b${name}(?: =|:) ([^,;\\n]+)[,;]`, "g"))) {
    const plain = text!.replace(/[A-Z]\w+/g, constant => String(boundIn(source, constant))).replaceAll("_", "");
    if (/^[\d\s.()*+<-]+$/.test(plain)) return runInNewContext(plain) as number;
  }
  return Number.NaN;
}
