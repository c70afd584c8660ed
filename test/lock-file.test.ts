/** package-lock.json: npm ci takes it on every platform, and gets exactly what was tested. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { ROOT } from "./support/command.ts";

interface LockedPackage {
  version?: string;
  integrity?: string;
  resolved?: string;
  os?: string[];
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
  packages: Record<string, LockedPackage>;
};
/** All but the project itself. */
const installed = Object.entries(packages).filter(([place]) => place !== "");

/** Where Node finds package `name` from the package at `place`: in its own node_modules, or in those further out. */
function found(place: string, name: string): boolean {
  for (let from: string | null = place; from !== null; from = outer(from)) {
    if (packages[from === "" ? `node_modules/${name}` : `${from}/node_modules/${name}`] !== undefined) return true;
  }
  return false;
}

function outer(place: string): string | null {
  if (place === "") return null;
  const at = place.lastIndexOf("/node_modules/");
  return at < 0 ? "" : place.slice(0, at);
}

function missing(of: (each: LockedPackage) => string[]): string[] {
  return Object.entries(packages).flatMap(([place, each]) =>
    of(each).flatMap(name => (found(place, name) ? [] : [`${place} needs ${name}`])),
  );
}

describe("package-lock.json", () => {
  it("names the packages of every platform, not only of the one it was written on", () => {
    const systems = new Set(installed.flatMap(([, { os = [] }]) => os));
    expect([...systems]).toEqual(expect.arrayContaining(["linux", "darwin", "win32"]));
    expect(missing(each => Object.keys(each.optionalDependencies ?? {}))).toEqual([]);
  });

  it("names whatever a package needs", () => {
    expect(missing(each => Object.keys(each.dependencies ?? {}))).toEqual([]);
    const needed = ({ peerDependencies = {}, peerDependenciesMeta = {} }: LockedPackage) =>
      Object.keys(peerDependencies).filter(name => peerDependenciesMeta[name]?.optional !== true);
    expect(missing(needed)).toEqual([]);
  });

  it("pins every package by what is in it, and says nothing of where it came from", () => {
    expect(installed.filter(([, { integrity }]) => integrity?.startsWith("sha512-") !== true)).toEqual([]);
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it("has none that runs a script when it is installed", () => {
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  });

  it("has the versions that package.json names, which are exact", () => {
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides };
    for (const [name, version] of Object.entries(wanted)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/);
      expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });
});
