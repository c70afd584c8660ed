import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { NewFile } from "../../src/cli/new-file.ts";

const folder = mkdtempSync(join(tmpdir(), "new-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Octets that differ from place to place, over more than one batch. */
const OCTETS = Uint8Array.from({ length: (1 << 21) + 4711 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
const OTHERS = new Uint8Array(100).fill(0xee);

describe("a file that is given a second time", () => {
  test.each([
    { name: "differs in what was written", written: OCTETS.length, differsAt: 1_000_003 },
    { name: "differs behind what was written", written: 1_000_003, differsAt: 2_000_000 },
    { name: "differs where that ends", written: 1_000_003, differsAt: 1_000_003 },
    { name: "differs at once", written: 5000, differsAt: 0 },
    { name: "nothing was written", written: 0, differsAt: 7 },
  ])("holds the second one: $name", async ({ written, differsAt }) => {
    const path = join(folder, "out");
    const file = await NewFile.create(path, { force: true });
    file.append(OCTETS, 0, written);
    await file.flush();
    expect(await file.repeat()).toBe(true);
    for (let at = 0; at < differsAt; at += 65_537) {
      file.append(OCTETS, at, Math.min(differsAt, at + 65_537));
      await file.flush();
    }
    file.differ();
    file.append(OTHERS, 0, OTHERS.length);
    file.append(OCTETS, differsAt, differsAt + 3);
    await file.commit();
    const expected = Buffer.concat([OCTETS.subarray(0, differsAt), OTHERS, OCTETS.subarray(differsAt, differsAt + 3)]);
    expect(readFileSync(path).equals(expected)).toBe(true);
  });

  test("ends where the second one ends, with octets taken back", async () => {
    const path = join(folder, "shorter");
    const file = await NewFile.create(path, { force: true });
    file.append(OCTETS, 0, 90_000);
    await file.repeat();
    file.append(OCTETS, 0, 40_000);
    await file.takeBack(1000);
    file.append(OTHERS, 0, OTHERS.length);
    await file.commit();
    expect(readFileSync(path).equals(Buffer.concat([OCTETS.subarray(0, 39_000), OTHERS]))).toBe(true);
    const again = await NewFile.create(path, { force: true });
    again.append(OCTETS, 0, 90_000);
    await again.repeat();
    again.append(OCTETS, 0, 100);
    await again.commit();
    expect(readFileSync(path).equals(Buffer.from(OCTETS.subarray(0, 100)))).toBe(true);
  });

  test("cannot be, compressed", async () => {
    const file = await NewFile.create(join(folder, "out.gz"), { force: true, gzip: true });
    expect(await file.repeat()).toBe(false);
    await file.discard();
  });
});
