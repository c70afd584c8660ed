/**
 * The npm package pcap-parser as a second opinion on classic pcap with microseconds, in both byte orders. It knows
 * neither nanoseconds nor pcapng nor gzip, says nothing when a file is cut, and a corrupt length leads it astray: such
 * files are left out.
 */
import { createHash } from "node:crypto";
import { createReadStream, openSync, readSync } from "node:fs";
import { relative } from "node:path";
import { createGunzip } from "node:zlib";
import { parse } from "pcap-parser";
import { expect, it } from "vitest";
import { readCapture } from "../../src/capture/capture-source.ts";
import { FIXTURES, walkFixtures } from "../support/golden.ts";

const MICROSECOND_MAGICS = ["d4c3b2a1", "a1b2c3d4"];
const NOT_WELL_FORMED = ["files/truncated-last-packet", "files/corrupt-record-length"];

const captures = walkFixtures()
  .fixtures.filter(({ name }) => !NOT_WELL_FORMED.includes(name))
  .flatMap(fixture => fixture.captures)
  .filter(path => path.endsWith(".pcap.gz") || MICROSECOND_MAGICS.includes(magic(path)));

it.each(captures.map(path => [relative(FIXTURES, path), path]))("%s", async (_, path) => {
  const own: string[] = [];
  await readCapture(path, record => {
    const { seconds, nanoseconds, bytes, start, end, originalLength } = record;
    own.push(row(seconds, nanoseconds / 1000, originalLength, bytes.subarray(start, end)));
  });
  expect(own).toEqual(await packetsOf(path));
  expect(own).not.toEqual([]);
});

function packetsOf(path: string): Promise<string[]> {
  const file = createReadStream(path);
  const parser = parse(path.endsWith(".gz") ? file.pipe(createGunzip()) : file);
  const rows: string[] = [];
  return new Promise((resolve, reject) => {
    parser.on("packet", ({ header, data }) => {
      expect(data.length).toBe(header.capturedLength);
      rows.push(row(header.timestampSeconds, header.timestampMicroseconds, header.originalLength, data));
    });
    parser.on("end", () => resolve(rows));
    parser.on("error", reject);
  });
}

function row(seconds: number, microseconds: number, originalLength: number, octets: Uint8Array): string {
  const digest = createHash("sha256").update(octets).digest("base64url");
  return `${seconds}.${microseconds} ${octets.length} of ${originalLength}: ${digest}`;
}

function magic(path: string): string {
  const octets = Buffer.alloc(4);
  readSync(openSync(path, "r"), octets);
  return octets.toString("hex");
}
