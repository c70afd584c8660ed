import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { INNER_LAYERS, LINK_TYPES } from "../../../src/net/layers/layers.ts";
import { UDP_TUNNELS } from "../../../src/net/layers/udp-tunnels.ts";

const PAGE = fileURLToPath(new URL("../../../docs/limits.md", import.meta.url));
const BEGIN =
  "<!-- layers: made of the tables that read them, by UPDATE_GOLDEN=1 npx vitest run test/net/layers/documented-layers.test.ts -->\n";
const END = "<!-- /layers -->";

/** Encrypted tunnels that are named, and not read. */
const NAMED_ONLY = new Set(["ESP in UDP", "WireGuard", "OpenVPN"]);

it("docs/limits.md lists the layers that are read", () => {
  const text = readFileSync(PAGE, "utf8");
  const [from, to] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  expect(from).toBeGreaterThan(BEGIN.length);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(PAGE, text.slice(0, from) + list() + text.slice(to));
  else expect(text.slice(from, to)).toBe(list());
});

function list(): string {
  const link = LINK_TYPES.map(({ name, numbers }) => `${name} (${numbers.join(", ")})`);
  const inner = [...new Set(INNER_LAYERS.map(({ name }) => name))];
  const udp = UDP_TUNNELS.filter(([, name]) => !NAMED_ONLY.has(name)).map(([port, name]) => `${name} (${port})`);
  return [
    "| | |",
    "|---|---|",
    `| link types of captures, with their numbers | ${link.join("; ")} |`,
    `| tags and tunnels | ${inner.join("; ")} |`,
    `| tunnels over UDP, with their ports | ${udp.join("; ")} |`,
    "",
  ].join("\n");
}
