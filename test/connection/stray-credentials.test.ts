/** A secret behind its method's ids is learned whatever stands around it, and however its octets come. */
import { expect, it } from "vitest";
import { Discretion } from "../../src/connection/discretion.ts";
import { StrayCredentials } from "../../src/connection/stray-credentials.ts";
import { join, text, wire } from "../support/wire.ts";

const SECRET = Array.from({ length: 3000 }, (_, i) => String.fromCharCode(33 + ((i * i * 7 + (i >> 3)) % 90))).join("");
const BODY = wire().publish(1, "lorem ipsum").octets;
const OCTETS = join(BODY, wire().updateSecret(SECRET).octets, BODY);

it.each([1, 2, 3, 5, 700, OCTETS.length])("in pieces of %d, of which some are seen again", size => {
  const discretion = new Discretion();
  const stray = new StrayCredentials(discretion);
  for (let end = size; end < OCTETS.length + size; end += size) {
    const until = Math.min(end, OCTETS.length);
    stray.read(OCTETS.subarray(Math.max(0, until - 2 * size - 8), until), until);
  }
  expect(stray.found).toBe(true);
  for (let at = 0; at + 5 <= SECRET.length; at += 37)
    expect(discretion.holds(text(SECRET.slice(at, at + 5)))).toBe(true);
  expect(discretion.holds(text(SECRET.slice(-5)))).toBe(true);
  expect(discretion.holds(text("lorem ipsum"))).toBe(false);
});

it("takes nothing for a secret where no ids stand", () => {
  const discretion = new Discretion();
  const stray = new StrayCredentials(discretion);
  stray.read(BODY, BODY.length);
  expect(stray.found).toBe(false);
  expect(discretion.holds(BODY)).toBe(false);
});
