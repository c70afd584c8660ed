/** What is known of a secret, however long, is masked in all that is shown; so is what may be one where nobody can say. */
import { describe, expect, it } from "vitest";
import type { FieldValue } from "../../src/amqp/field-table.ts";
import { learnNamed } from "../../src/connection/credentials.ts";
import { Discretion, type Doubt } from "../../src/connection/discretion.ts";
import { text } from "../support/wire.ts";

const LETTERS = "bcdfghjkmnpqrtvwxzBCDFGHJKMNPQRTVWXZ23456789";

/** A token in which no five octets come twice, or hardly any. */
function token(octets: number): string {
  let state = octets;
  return Array.from({ length: octets }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return LETTERS[(state >>> 16) % LETTERS.length];
  }).join("");
}

function knowing(secret: string): Discretion {
  const discretion = new Discretion();
  discretion.learn(text(secret));
  return discretion;
}

describe("a secret that is known", () => {
  it.each([5, 16, 255, 1500, 4096, 100_000, 131_064])("is masked wherever 5 octets of its %d are repeated", octets => {
    const secret = token(octets);
    const discretion = knowing(secret);
    for (const at of new Set([0, Math.floor((octets - 5) / 2), octets - 5])) {
      const piece = secret.slice(at, at + 5);
      expect(discretion.text(`first octets: "${piece}"`)).toBe('first octets: "…"');
      expect(discretion.text(`all octets = ${text(piece).join(",")}.`)).toBe("all octets = ….");
      expect(discretion.text(`unread: ${Buffer.from(piece).toString("hex")}`)).toBe("unread: …");
      expect(discretion.holds(text(`x${piece}`))).toBe(true);
    }
    expect(discretion.text("no queue 'tasks' in vhost '/'")).toBe("no queue 'tasks' in vhost '/'");
    expect(discretion.holds(text("tasks"))).toBe(false);
  });

  it("hides every text where more is secret than is kept", () => {
    const discretion = knowing(token(200_000));
    expect(discretion.text("no queue 'tasks'")).toBe("…");
    expect(discretion.holds(text("tasks"))).toBe(true);
  });

  it("takes the rest of its word with it, where only a part is known", () => {
    const discretion = knowing("S3cr3tP4ss");
    expect(discretion.text("bad credit ’xS3cr3tP4sswordQ9’ of 'app'")).toBe("bad credit … of 'app'");
    expect(discretion.text("a.S3cr3.b and c")).toBe("… and c");
  });
});

it("masks what is quoted behind a secret's name", () => {
  const discretion = new Discretion();
  expect(discretion.text("NOT_ALLOWED - invalid secret 'q7Zk'")).toBe("NOT_ALLOWED - invalid secret '…'");
  expect(discretion.text(`bad token "q7Zk`)).toBe(`bad token "…`);
  expect(discretion.masked).toBe(2);
  expect(discretion.text("the token of user 'app' expired")).toBe("the token of user 'app' expired");
});

it("shows no word that may be a token of a reply text, where octets are not kept and a frame is broken", () => {
  const discretion = new Discretion();
  let doubt: Doubt = "none";
  discretion.doubts.push(() => doubt);
  const reply = "ACCESS_REFUSED - got 'Qz7mKp2LwX9vRt4N' in vhost 'orders'";
  expect(discretion.unexplainedText(reply)).toBe(reply);
  doubt = "unexplained";
  expect(discretion.unexplainedText(reply)).toBe("ACCESS_REFUSED - got '…' in vhost 'orders'");
});

it("knows what tables hold under names of secrets", () => {
  const discretion = new Discretion();
  const inner = new Map([["v", "q7Zk9Tw2"]]);
  learnNamed(
    new Map<string, FieldValue>([
      ["tokens", [inner]],
      ["a", "plain8word"],
      ["b", new Map([["pwd", text("Rt4Nc8")]])],
    ]),
    discretion,
  );
  expect(discretion.text("x q7Zk9 and t4Nc8 of plain8word")).toBe("x … and … of plain8word");
});

describe("what a broker quotes of octets", () => {
  const QUOTES = [
    `first 16 octets = <<"S3cr3tP4ssw0rdXY">>: {x,97}`,
    `first 16 octets = <<"cut S3cr3tP4ssw0r`,
    `all octets = <<${text("S3cr3tP4ss").join(",")}>>`,
  ];
  const PLAIN = `first 16 octets = <<"lorem ipsum dolo">>`;
  const shown = (doubt: Doubt, quote: string) => {
    const discretion = new Discretion();
    discretion.doubts.push(() => doubt);
    return discretion.text(quote);
  };

  it.each(QUOTES)("is masked where it may be a token and nothing explains it: %s", quote => {
    for (const doubt of ["unexplained", "near-credential"] as const) {
      expect(shown(doubt, quote)).toContain("<<…>>");
      expect(shown(doubt, quote)).not.toMatch(/S3cr|83,/);
    }
    expect(shown("none", quote)).toBe(quote);
  });

  it("is shown where it is words, but beside a credential", () => {
    expect(shown("unexplained", PLAIN)).toBe(PLAIN);
    expect(shown("near-credential", PLAIN)).toBe("first 16 octets = <<…>>");
  });
});
