/** Who may come in. */
import { expect, it } from "vitest";
import { Admission } from "../../src/proxy/admission.ts";
import type { RelayedConnection } from "../../src/proxy/connection-tap.ts";

function from(address: string): RelayedConnection {
  const endpoint = { address, port: 1 };
  const encrypted = { client: false, upstream: false };
  return { number: 1, client: endpoint, listener: endpoint, upstream: endpoint, encrypted };
}

it("refuses what is too much in all, and of one address, and counts", () => {
  const admission = new Admission({ connections: 3, perAddress: 2 });
  const [a, b] = [from("10.0.0.1"), from("10.0.0.2")];
  expect([a, a].map(each => admission.admit(each))).toEqual([null, null]);
  expect(admission.admit(a)).toBe("10.0.0.1:1 was refused: 2 of its connections are open, as many as allowed");
  expect(admission.admit(b)).toBeNull();
  expect(admission.admit(b)).toBe("10.0.0.2:1 was refused: 3 connections are open, as many as allowed");
  admission.left(a, true);
  expect(admission.admit(a)).toBeNull();
  const { open, accepted, refused, probes } = admission;
  expect({ open, accepted, refused, probes }).toEqual({ open: 3, accepted: 4, refused: 2, probes: 1 });
});
