/** The package as npm publishes it: what is in it, and whether it runs where nothing else is. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { ROOT } from "./support/command.ts";

const FIXTURE = "fixtures/interleaving/two-publishers-one-socket.pcapng.gz";

let folder: string;
let empty: string;
let files: string[];

interface Packed {
  filename: string;
  files: { path: string }[];
}

/** Runs npm, or what comes with it, as a user would who has no settings of this project. */
function run(
  command: "npm" | "npx",
  args: string[],
  cwd: string,
): { status: number | null; stdout: string; stderr: string } {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const shell = process.platform === "win32";
  return spawnSync(command, args, { cwd, encoding: "utf8", env: { ...env, npm_config_loglevel: "error" }, shell });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ghostframe-package-"));
  empty = join(folder, "empty");
  mkdirSync(empty);
  const packed = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], ROOT);
  expect(packed.status, packed.stderr).toBe(0);
  const [tarball] = JSON.parse(packed.stdout) as [Packed];
  files = tarball.files.map(({ path }) => path);
  // In a folder without package.json, npm would look for one further up.
  writeFileSync(join(empty, "package.json"), "{}\n");
  const install = [
    "install",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    join(folder, tarball.filename),
  ];
  const installed = run("npm", install, empty);
  expect(installed.status, installed.stderr).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the tarball", () => {
  it("holds what belongs to it, and nothing else", () => {
    const others = files.filter(
      path => !/^dist\/.+\.(?:js|d\.ts)$/.test(path) && !/^dist\/command\/.+\.js\.map$/.test(path),
    );
    expect(others.filter(path => !/^docs\/[a-z-]+\.md$/.test(path)).toSorted()).toEqual(
      [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "THIRD-PARTY-NOTICES.txt",
        "bin/ghostframe.js",
        "bin/package.json",
        "dist/command/package.json",
        "dist/man/ghostframe.1",
        "dist/page/page.html",
        "docs/grafana/alerts.yml",
        "docs/grafana/ghostframe.json",
        FIXTURE,
        "package.json",
        "src/check/check-result.schema.json",
        "src/check/config.schema.json",
        "src/cli/proxy-config.schema.json",
        "src/report/explanation.schema.json",
        "src/report/live-event.schema.json",
        "src/recover/recovered.schema.json",
        "src/report/message.schema.json",
        "src/report/connection.schema.json",
        "src/report/statistics.schema.json",
        "src/report/report.schema.json",
      ].toSorted(),
    );
  });

  it("holds nothing in dist that has no source", () => {
    const sourceOf = (path: string) => path.replace(/^dist\//, "src/").replace(/(?:\.d\.ts|\.js)$/, ".ts");
    // dist/command is the command in one piece, dist/page the page of HTML reports, dist/man the manual page: made of the rest.
    const built = files.filter(path => path.startsWith("dist/") && !/^dist\/(?:command|page|man)\//.test(path));
    expect(built.filter(path => !existsSync(join(ROOT, sourceOf(path))))).toEqual([]);
    expect(built).toContain("dist/index.js");
    expect(built).toContain("dist/index.d.ts");
    expect(files).toContain("dist/command/main.js");
  });

  it("brings the licences of the packages that are bundled", () => {
    const notices = readFileSync(join(ROOT, "THIRD-PARTY-NOTICES.txt"), "utf8");
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      // Telemetry's are not: they are loaded from where npm puts them.
      const isBundled = !name.startsWith("@opentelemetry/");
      expect(notices.includes(`${name} ${version} (`), name).toBe(isBundled);
    }
    const bundled = files.filter(path => path.startsWith("dist/command/") && path.endsWith(".js"));
    const required = bundled.flatMap(path =>
      [...readFileSync(join(ROOT, path), "utf8").matchAll(/\brequire\([`"']([^`"'./][^`"']*)[`"']\)/g)].map(
        ([, module]) => module!,
      ),
    );
    expect(required.length).toBeGreaterThan(10);
    expect(required.filter(module => !builtinModules.includes(module.replace(/^node:/, "")))).toEqual([]);
  });

  it("runs no script when it is installed", () => {
    const hooks = Object.keys(manifest.scripts).filter(name =>
      /^(?:pre|post)?(?:install|prepare|uninstall)$/.test(name),
    );
    expect(hooks).toEqual([]);
  });
});

describe("installed into an empty folder", () => {
  it("runs by npx", () => {
    const { status, stdout } = run("npx", ["--no-install", "ghostframe", "--version"], empty);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${manifest.version}\n` });
  });

  it("inspects the capture that comes with it", () => {
    const { status, stdout, stderr } = run(
      "npx",
      ["--no-install", "ghostframe", "inspect", `node_modules/ghostframe/${FIXTURE}`],
      empty,
    );
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(stdout).toContain("frame-end");
    expect(stdout).toContain("162315");
  });

  it("is a library too, with its schema", () => {
    const program = `
      import { inspect, VERSION } from "ghostframe";
      import schema from "ghostframe/report.schema.json" with { type: "json" };
      const { findings } = await inspect(["node_modules/ghostframe/${FIXTURE}"]);
      console.log(VERSION, findings[0].rule, schema.$schema);`;
    writeFileSync(join(empty, "use.mjs"), program);
    const { stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", "use.mjs"], {
      cwd: empty,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout).toBe(`${manifest.version} frame-end https://json-schema.org/draft/2020-12/schema\n`);
  });

  it("can be required, too", () => {
    const program = `const { inspect, VERSION } = require("ghostframe"); console.log(VERSION, typeof inspect);`;
    writeFileSync(join(empty, "use.cjs"), program);
    const { stdout } = spawnSync(process.execPath, ["--no-warnings", "use.cjs"], { cwd: empty, encoding: "utf8" });
    expect(stdout).toBe(`${manifest.version} function\n`);
  });

  /** What the compiler says of a strict program that uses the package. */
  function compile(program: string): string {
    writeFileSync(join(empty, "use.mts"), program);
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
    const roots = ["--typeRoots", join(ROOT, "node_modules/@types")];
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, ...roots, "use.mts"], {
      cwd: empty,
      encoding: "utf8",
    });
    return stdout;
  }

  it("has types that a strict program compiles against", () => {
    const program = `
      import { type Finding, inspect, type Report } from "ghostframe";
      const report: Report = await inspect(["x.pcap"], { ports: [5672] });
      export const first: Finding | undefined = report.findings[0];
      // @ts-expect-error: a port is a number
      await inspect([], { ports: ["5672"] });`;
    expect(compile(program)).toBe("");
  });

  it("names every part of what it returns: the writers and messages of a diagnosis, too", () => {
    const program = `
      import { type Diagnosis, inspect, type Message, type TornFrame, type Writer } from "ghostframe";
      const { findings } = await inspect(["x.pcap"]);
      export const diagnosis: Diagnosis | undefined = findings[0]?.diagnosis;
      export const writers: Writer[] | undefined = diagnosis?.writers;
      export const messages: Message[] | undefined = writers?.[0]?.messages;
      export const torn: TornFrame[] | undefined = diagnosis?.torn;
      export const channels: number[] | undefined = writers?.[0]?.channels;`;
    expect(compile(program)).toBe("");
  });

  it("has no type that another of the same name hides", () => {
    const dist = join(empty, "node_modules/ghostframe/dist");
    const index = readFileSync(join(dist, "index.d.ts"), "utf8");
    const modules = [...index.matchAll(/^export type \* from "\.\/(.+)\.[jt]s";$/gm)].map(([, module]) => module!);
    expect(modules.length).toBeGreaterThan(2);
    const lines = [
      "type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;",
    ];
    for (const module of modules) {
      const text = readFileSync(join(dist, `${module}.d.ts`), "utf8");
      const declared = [...text.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name!);
      const passedOn = [...text.matchAll(/^export type \{ (.+) \} from/gm)].flatMap(([, names]) => names!.split(", "));
      expect([...declared, ...passedOn], module).not.toEqual([]);
      for (const name of [...declared, ...passedOn]) {
        const there = `import("./node_modules/ghostframe/dist/${module}.js").${name}`;
        lines.push(
          `export const ${module.replaceAll(/\W/g, "_")}_${name}: Same<import("ghostframe").${name}, ${there}> = true;`,
        );
      }
    }
    expect(compile(lines.join("\n"))).toBe("");
  });

  it("brings the dependencies it names, and no others", () => {
    const lock = JSON.parse(readFileSync(join(empty, "package-lock.json"), "utf8")) as { packages: object };
    const direct = Object.keys(manifest.dependencies);
    for (const name of direct) expect(Object.keys(lock.packages)).toContain(`node_modules/${name}`);
    expect(Object.keys(lock.packages).length).toBeLessThan(30);
  });
});
