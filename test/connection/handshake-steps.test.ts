/** The handshake's table of steps, and the picture of it in ARCHITECTURE.md, which is drawn from the table. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONNECTION_OPEN, CONNECTION_START_OK, CONNECTION_TUNE_OK } from "../../src/amqp/method-keys.ts";
import { METHODS } from "../../src/amqp/method-registry.ts";
import { Handshake, MISSED, OUT_OF_TURN, STEPS } from "../../src/connection/handshake.ts";

const PAGE = new URL("../../ARCHITECTURE.md", import.meta.url);
const PICTURE = /```mermaid\nstateDiagram-v2\n[\s\S]*?```/;

function namesOf(keys: readonly number[]): string {
  return keys.map(key => METHODS.find(method => method.key === key)!.name.replace("connection.", "")).join(", ");
}

function picture(): string {
  const lines = STEPS.map(({ stage, client, server, next }) => {
    const sends = client === server ? namesOf(client) : `${namesOf(server)} / ${namesOf(client)}`;
    return `  ${stage} --> ${next}: ${sends}`;
  });
  for (const [stage, then] of Object.entries(MISSED)) {
    if (stage !== then) lines.push(`  ${stage} --> ${then}: octets missed`);
  }
  for (const [stage, then] of Object.entries(OUT_OF_TURN)) {
    if (stage !== then) lines.push(`  ${stage} --> ${then}: a method out of turn`);
  }
  const drawn = ["```mermaid", "stateDiagram-v2", "  [*] --> opening", ...lines, "```"].join("\n");
  return drawn.replaceAll("unsure-tuned", "unsure_tuned");
}

it("ARCHITECTURE.md shows it as it is (UPDATE_GOLDEN=1 draws it anew)", () => {
  const page = readFileSync(PAGE, "utf8");
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(PAGE, page.replace(PICTURE, picture()));
  expect(readFileSync(PAGE, "utf8").match(PICTURE)?.[0]).toBe(picture());
});

describe("a client's direction", () => {
  it("is unsure behind a method out of turn, and takes the next one", () => {
    const handshake = new Handshake(true);
    expect(handshake.advances(CONNECTION_TUNE_OK)).toBe(false);
    expect([handshake.unsure, handshake.authenticates]).toEqual([true, true]);
    expect(handshake.advances(CONNECTION_OPEN)).toBe(true);
    expect(handshake.over).toBe(true);
  });

  it("may hold credentials until its tune-ok, and where that is not known", () => {
    const handshake = new Handshake(true);
    const seen = [CONNECTION_START_OK, CONNECTION_TUNE_OK].map(method => {
      handshake.advances(method);
      return handshake.authenticates;
    });
    expect(seen).toEqual([true, false]);
    handshake.miss();
    expect([handshake.unsure, handshake.authenticates]).toEqual([true, false]);
    handshake.beginUnknown();
    expect(handshake.authenticates).toBe(true);
    handshake.learn(8, 0);
    expect(handshake.authenticates).toBe(false);
  });

  it("stays in use where octets are missed or methods come out of turn", () => {
    expect([MISSED.running, OUT_OF_TURN.running]).toEqual(["running", "running"]);
  });
});
