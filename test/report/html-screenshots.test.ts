/**
 * HTML reports as they look: every view, light and dark, wide and on a phone, against pictures that were looked at.
 *
 * So that another machine's fonts make no difference, all text is set in a font that comes with the tests; and what little
 * rasters differ by is tolerated: few pixels in all, and no block of the picture another one. After a change that is meant,
 * UPDATE_GOLDEN=1 draws those anew that differ. Look at each: they are the check.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pixelmatch from "pixelmatch";
import type { Browser, Page } from "playwright-core";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html } from "../../src/report/html.ts";
import type { Report } from "../../src/report/report.ts";
import { CHROMIUM, launched } from "../support/browser.ts";
import { ROOT } from "../support/command.ts";
import * as samples from "../support/report-samples.ts";
import { diagnosed, diagnoses } from "./diagnosis-samples.ts";

const PICTURES = fileURLToPath(new URL("screenshots/", import.meta.url));
const template = readFileSync(join(ROOT, "dist", "page", "page.html"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "ghostframe-screenshots-"));
const font = readFileSync(
  createRequire(import.meta.url).resolve("@fontsource/roboto/files/roboto-latin-400-normal.woff2"),
);
const FONT = `@font-face { font-family: "of the tests"; src: url(data:font/woff2;base64,${font.toString("base64")}); }
* { font-family: "of the tests" !important; caret-color: transparent !important; }`;

/** A picture has half the pixels of a screen, and so much of a page at most. */
const SCALE = 0.5;
const MOST_HIGH = 1800;
/** Difference of a pixel that counts, the share of pixels that may differ so, and how much brighter or darker a block may be. */
const THRESHOLD = 0.25;
const MOST_PIXELS = 0.015;
const BLOCK = 24;
const MOST_OF_BLOCK = 0.06;

const VIEWS = ["overview", "incident", "connection", "messages", "octets"];
const REPORTS: readonly (readonly [name: string, report: Report, views: readonly string[]])[] = [
  ["torn", samples.tornFrame(), VIEWS],
  ["clean", samples.clean(), ["overview"]],
  ["diagnoses", diagnosed(...Object.values(diagnoses)), ["overview", "incident"]],
];
const SCREENS = [
  ["light", 1280],
  ["light", 390],
  ["dark", 1280],
  ["dark", 390],
] as const;

/** How bright a part of a picture is on average, from 0 to 1. Where text is missing a block is as bright as its ground. */
function brightness({ data, width }: PNG, part: { left: number; top: number; width: number; height: number }): number {
  let sum = 0;
  for (let y = part.top; y < part.top + part.height; y++) {
    for (let x = part.left; x < part.left + part.width; x++) {
      const at = (y * width + x) * 4;
      sum += data[at]! + data[at + 1]! + data[at + 2]!;
    }
  }
  return sum / (part.width * part.height * 3 * 255);
}

/** What of two pictures differs: the share of pixels, and by how much the brightness of the block that differs most. */
function difference(seen: PNG, known: PNG): { pixels: number; block: number } {
  const { width, height } = known;
  const diff = new PNG({ width, height });
  const count = pixelmatch(seen.data, known.data, diff.data, width, height, {
    threshold: THRESHOLD,
    diffMask: true,
  });
  let block = 0;
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const at = { left, top, width: Math.min(BLOCK, width - left), height: Math.min(BLOCK, height - top) };
      block = Math.max(block, Math.abs(brightness(seen, at) - brightness(known, at)));
    }
  }
  return { pixels: count / (width * height), block };
}

async function looksLike(page: Page, name: string): Promise<string> {
  const { width } = page.viewportSize()!;
  const high = await page.evaluate<number>("document.documentElement.scrollHeight");
  const clip = { x: 0, y: 0, width, height: Math.min(MOST_HIGH, high) };
  const shot = await page.screenshot({ fullPage: true, clip, animations: "disabled" });
  const path = join(PICTURES, `${name}.png`);
  const problem = existsSync(path) ? problemOf(shot, readFileSync(path)) : "there is no such picture";
  if (problem === "") return "";
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(PICTURES, { recursive: true });
    writeFileSync(path, shot);
    return "";
  }
  const failed = join(tmpdir(), `ghostframe-${name}.png`);
  writeFileSync(failed, shot);
  return `${problem}: see ${failed}, and draw it anew with UPDATE_GOLDEN=1 if it is meant`;
}

/** How what was seen differs from what is known, in words; "" where it looks the same. */
function problemOf(shot: Uint8Array, picture: Uint8Array): string {
  const [seen, known] = [PNG.sync.read(shot), PNG.sync.read(picture)];
  const sizes = [seen, known].map(each => `${each.width} × ${each.height}`);
  if (sizes[0] !== sizes[1]) return `it is ${sizes[0]} pixels large, not ${sizes[1]}`;
  const { pixels, block } = difference(seen, known);
  if (pixels <= MOST_PIXELS && block <= MOST_OF_BLOCK) return "";
  return `${(pixels * 100).toFixed(1)} % of it differ, a block by ${(block * 100).toFixed(1)} % of brightness`;
}

describe.skipIf(CHROMIUM === null)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launched();
    for (const [name, report] of REPORTS)
      writeFileSync(join(folder, `${name}.html`), html({ report }, { page: template }));
  }, 30_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it.each(SCREENS)(
    "every view looks as it was drawn, %s, %i pixels wide",
    async (theme, width) => {
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        deviceScaleFactor: SCALE,
        colorScheme: theme,
        reducedMotion: "reduce",
        bypassCSP: true,
      });
      const page = await context.newPage();
      const differing: string[] = [];
      for (const [name, , views] of REPORTS) {
        await page.goto(`file://${join(folder, name)}.html`);
        await page.addStyleTag({ content: FONT });
        await page.evaluate("document.fonts.ready.then(() => undefined)");
        for (const view of views) {
          await page.evaluate(`location.hash = "#${view}"`);
          await page.waitForSelector(`nav [aria-current][href="#${view}"]`);
          const problem = await looksLike(page, `${name}-${view}-${theme}-${width}`);
          if (problem !== "") differing.push(`${name} ${view}: ${problem}`);
        }
      }
      expect(differing).toEqual([]);
      await context.close();
    },
    60_000,
  );
});

describe("the comparison", () => {
  const plain = (width: number, height: number): PNG => {
    const png = new PNG({ width, height });
    png.data.fill(255);
    return png;
  };
  const filled = (png: PNG, left: number, top: number, side: number): PNG => {
    for (let y = top; y < top + side; y++) {
      for (let x = left; x < left + side; x++) png.data.fill(0, (y * png.width + x) * 4, (y * png.width + x) * 4 + 3);
    }
    return png;
  };

  it("sees a part that is gone, however small beside the rest, and passes over a shade", () => {
    const { pixels, block } = difference(filled(plain(600, 600), 96, 96, 24), plain(600, 600));
    expect(pixels).toBeLessThan(MOST_PIXELS);
    expect(block).toBeGreaterThan(MOST_OF_BLOCK);
    const shade = plain(600, 600);
    shade.data.fill(248);
    const little = difference(shade, plain(600, 600));
    expect(little.pixels).toBe(0);
    expect(little.block).toBeLessThan(MOST_OF_BLOCK);
  });
});
