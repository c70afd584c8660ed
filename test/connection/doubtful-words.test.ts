import { expect, it } from "vitest";
import { doubtfulWords, mayBeToken } from "../../src/connection/doubtful-words.ts";
import { join, text } from "../support/wire.ts";

it.each([
  "S3cr3tP4ssw0rdXYZ",
  "Kq7!zW3#xV9$hT5%",
  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIi",
  "wRpEedJhtzGt-2ZXYLAho5W",
  "0ccc9141d65adfe5455df73d47b39130",
  "0012345678901234",
  "dGFza3M6ZW5hYmxl+/==",
])("may be a token: %s", word => {
  expect(mayBeToken(text(word))).toBe(true);
  expect(mayBeToken(text(`{"task":"${word}","n":1}`))).toBe(true);
  expect(mayBeToken(join([1, 2], text(word), [0]))).toBe(true);
});

it.each([
  "lorem ipsum dolor",
  `{"task":"enable","n":17,"pad":"lorem`,
  "tasks.enable.v2 Ghostframe order-42 HTTP/1.1",
  "dddddddddddddddddddd",
  "traceparentS",
  "700-4bf92f3577b34da6",
  "77b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "a5fa36459cfb4-01",
  "aB3 x9Z",
])("is none: %s", words => {
  expect(doubtfulWords(text(words))).toEqual([]);
});

it("gives the words, and where one is doubtful those that are cut at either end", () => {
  const octets = text("lorem ipsum S3cr3tP4 dolor sit");
  expect(doubtfulWords(octets).map(([from, to]) => Buffer.from(octets.subarray(from, to)).toString())).toEqual([
    "lorem",
    "S3cr3tP4",
    "sit",
  ]);
});
