/** Debian's Chromium, driven by playwright-core, for the pages of HTML reports. Nothing is downloaded. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const EXECUTABLES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Null where there is none. CI must have it: there, a missing one is a failure and no reason to skip. */
export const CHROMIUM = EXECUTABLES.find(path => existsSync(path)) ?? null;
if (CHROMIUM === null && process.env.CI) throw new Error("chromium is not installed, and CI may not go without it");

export async function launched(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox", "--disable-gpu"] });
}

export interface Opened {
  page: Page;
  /** Console messages, errors, and requests besides that of the file itself. */
  complaints: string[];
}

/** A page of its own, which writes down whatever it should not do. */
export async function opened(browser: Browser, file: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", message => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", error => complaints.push(`error: ${error.message}`));
  page.on("request", request => {
    if (!request.url().startsWith("file:")) complaints.push(`request: ${request.url()}`);
  });
  page.on("dialog", dialog => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`file://${file}`);
  await page.waitForSelector("main h1");
  return { page, complaints };
}
