/** HTML reports in a real browser: what they say, what they ask for, who can use them, and what breaks out of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkPage } from "../../src/check/outputs/page.ts";
import type { PageData } from "../../src/report/html/page-data.ts";
import { html, livePage } from "../../src/report/html.ts";
import { withIncidents } from "../../src/report/incidents/with-incidents.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import type { Report } from "../../src/report/report.ts";
import { CHROMIUM, launched, type Opened, opened } from "../support/browser.ts";
import { checkSamples } from "../support/check-samples.ts";
import { ROOT } from "../support/command.ts";
import * as samples from "../support/report-samples.ts";
import { diagnosed, diagnoses } from "./diagnosis-samples.ts";

const VIEWS = ["overview", "incident", "connection", "messages", "octets"];
/** Of these the other views show nothing new. */
const BRIEF: ReadonlySet<string> = new Set(["clean", "nothing", "spurious"]);
const template = readFileSync(join(ROOT, "dist", "page", "page.html"), "utf8");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "ghostframe-html-"));
const EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e`";

function written(name: string, data: PageData, packed = true): string {
  const file = join(folder, `${name}.html`);
  const pack = (text: string) => gzipSync(text).toString("base64");
  writeFileSync(file, html(data, { page: template, ...(packed ? { pack } : {}) }));
  return file;
}

describe("the file", () => {
  it("is small, and its policy allows no source", () => {
    expect(template.length).toBeLessThan(400_000);
    const policyOf = (page: string) => /Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!;
    const hashes = "script-src 'sha256-[\\w+/=]+'; style-src 'sha256-[\\w+/=]+';";
    expect(policyOf(html({ report: samples.clean() }, { page: template }))).toMatch(
      new RegExp(`^default-src 'none'; ${hashes} base-uri 'none'; form-action 'none'$`),
    );
    // What is served live may ask whoever serves it, and nobody else.
    expect(policyOf(livePage({ page: template }))).toMatch(
      new RegExp(`^default-src 'none'; ${hashes} connect-src 'self'; base-uri 'none'; form-action 'none'$`),
    );
    expect(template).not.toMatch(/(?:src|href)="?(?:https?:)?\/\//);
  });

  it("keeps the elements it is made of, whatever the wire said", () => {
    for (const packed of [true, false]) {
      const shown = readFileSync(written("evil", { report: samples.hostile(EVIL, EVIL) }, packed), "utf8");
      expect(shown.match(/<script\b/g)).toHaveLength(2);
      expect(shown).not.toContain("<img");
      expect(shown.match(/<\/pre>/g)).toHaveLength(1);
    }
  });
});

describe.skipIf(CHROMIUM === null)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launched();
  }, 30_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  const visit = async ({ page, complaints }: Opened, views: readonly string[] = VIEWS): Promise<string> => {
    let shown = "";
    for (const view of views) {
      await page.evaluate(`location.hash = "#${view}"`);
      await page.waitForSelector(`nav [aria-current][href="#${view}"]`);
      shown += await page.textContent("main");
    }
    expect(complaints).toEqual([]);
    expect(shown.match(/This view cannot be shown.{0,200}/)?.[0] ?? "").toBe("");
    return shown;
  };

  it.each<[name: string, report: Report]>([
    ["torn", samples.tornFrame()],
    ["clean", samples.clean()],
    ["nothing", samples.nothingFound()],
    ["spurious", samples.spuriousSize()],
    ["diagnoses", diagnosed(...Object.values(diagnoses))],
    ["many", samples.manyConnections(10_000, 1_000)],
    ["hostile", samples.hostile(EVIL, EVIL)],
  ])("%s: every view, without a complaint, with the figures of the report", async (name, sample) => {
    const report = withIncidents(sample);
    const there = await opened(browser, written(name, { report }));
    const shown = await visit(there, BRIEF.has(name) ? ["overview"] : VIEWS);
    const { sick = 0, lost } = report.summary;
    if (sick > 0)
      expect(shown).toContain(
        `${sick.toLocaleString("en")} of ${report.connections.length.toLocaleString("en")} connection`,
      );
    if (lost !== undefined && lost.messages > 0) expect(shown).toContain(`${lost.messages} message`);
    await there.page.context().close();
  });

  it("of a check: how it ended, the policy, the baseline, every capture, and what does not count", async () => {
    const result = (await checkSamples()).failing!;
    const there = await opened(browser, written("check", checkPage(result, "pytest ended with exit status 3.")));
    const shown = await visit(there, ["overview"]);
    expect(shown).toContain("FAILED: ");
    expect(shown).toContain("pytest ended with exit status 3.");
    expect(shown).toContain("ghostframe-baseline.json accepts 2 findings");
    expect(shown).toContain("no: the baseline accepts it");
    expect(shown).toContain(`${result.captures.length} captures, 2 failed`);
    for (const { path } of result.captures) expect(shown).toContain(path);
    await there.page.context().close();
  });

  it.each([
    ["light", 1280],
    ["dark", 390],
  ] as const)("has no violation of accessibility that axe finds, %s, %i pixels wide", async (colorScheme, width) => {
    const options = { colorScheme, viewport: { width, height: 900 } };
    // The page's policy would keep axe out.
    const file = written("axe", { report: withIncidents(samples.tornFrame()) });
    const there = await opened(browser, file, { ...options, bypassCSP: true });
    await there.page.evaluate(axe);
    for (const view of VIEWS) {
      await visit(there, [view]);
      const violations = await there.page.evaluate(
        'axe.run({ resultTypes: ["violations"], preload: false }).then(({ violations }) => violations.map(({ id, nodes }) => id + nodes[0].html))',
      );
      expect(violations, view).toEqual([]);
    }
    // Nothing makes the page itself wider than the window.
    const { scrollWidth, clientWidth } = (await there.page.evaluate(
      "(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))(document.documentElement)",
    )) as { scrollWidth: number; clientWidth: number };
    expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
    await there.page.context().close();
  });

  it("shows how a connection was opened, step by step, and when a message was sent and settled", async () => {
    const report = withIncidents(samples.tornFrame());
    const [{ id, start } = expect.fail()] = report.connections;
    const at = (milliseconds: number) => new Date(Date.parse(start) + milliseconds).toISOString();
    const message: MessageRecord = {
      schema: "ghostframe.message/1",
      operation: "publish",
      time: at(30),
      connection: id,
      channel: 1,
      exchange: "",
      routingKey: "orders",
      messageId: "settled",
      outcome: "confirmed",
      latency: 0.0045,
      input: 0,
      streamOffset: 0,
      packets: [1, 1],
    };
    const steps = {
      [id]: [
        ["start", at(3)],
        ["startOk", at(5)],
        ["openOk", at(5)],
      ] satisfies [string, string][],
    };
    const heartbeats = { [id]: { client: [Date.parse(at(40))], broker: [Date.parse(at(50))], count: 2 } };
    const data = { report, messages: { list: [message], count: 1 }, steps, heartbeats };
    const there = await opened(browser, written("life", data));
    await visit(there, ["connection"]);
    // It began half a millisecond behind the one that a Date holds.
    expect(await there.page.getAttribute('svg[aria-label^="Open after"]', "aria-label")).toBe(
      "Open after 4.5 ms: start 2.5 ms, start-ok 2.0 ms, open-ok < 1 µs",
    );
    await there.page.waitForSelector('svg[aria-label="1 message on 1 channel, 2 heartbeats"]');
    await there.page.evaluate('location.hash = "#messages?show=all"');
    await there.page.waitForSelector("nav [aria-current][href='#messages']");
    const life = await there.page.getAttribute('.rows svg[aria-label$=" ms"]', "aria-label");
    expect(life).toMatch(/^\d\d:\d\d:\d\d\.\d+ UTC \+ 4\.5 ms$/);
    await there.page.context().close();
  });

  it("works by the keyboard alone", async () => {
    const there = await opened(browser, written("keys", { report: withIncidents(samples.tornFrame()) }));
    const { page } = there;
    await page.keyboard.press("2");
    await page.waitForSelector("svg.cut");
    await page.focus("g.piece");
    await page.keyboard.press("ArrowRight");
    expect(await page.textContent("#tip")).toContain("Writer B (turn_server_power_on-0) · t0-1");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[aria-current=location] :text('210,750')");
    await page.goBack();
    await page.waitForSelector("svg.cut");
    const wide = async () => Number(await page.getAttribute("svg.cut", "width"));
    const before = await wide();
    await page.keyboard.press("+");
    expect(await page.textContent(".zoom output")).toBe("150 %");
    expect(await wide()).toBeGreaterThan(before * 1.3);
    await page.keyboard.press("-");
    await page.keyboard.press("0");
    expect(await page.textContent(".zoom output")).toBe("100 %");
    expect(await wide()).toBe(before);
    await page.keyboard.press("l");
    await page.waitForSelector("svg.lanes");
    await page.keyboard.press("o");
    await page.waitForSelector(".hex");
    const shown = async (words: string) => page.waitForSelector(`main [role=status]:has-text("${words}")`);
    await page.keyboard.press("/");
    await page.keyboard.type("213,065\n");
    await shown("Offset 213,065: read as frame-end octet. Writer B");
    expect(await page.textContent("[aria-current=location]:focus")).toContain("CE must stand here");
    await page.keyboard.press("n");
    await shown("Offset 246,800: Writer B");
    await page.keyboard.press("p");
    await shown("Offset 213,065");
    await page.keyboard.press("/");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("p900\n");
    await shown("Nothing is known here of packet 900 in this incident, which is in packets 31–42.");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Escape");
    // Two keys before the browser says that the address is another: the second is for the view that the first asked for.
    await page.evaluate(`for (const key of ["1", "/"])
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }))`);
    await page.waitForSelector("#search:focus");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    for (const [words, copied] of [
      ["Copy Markdown", "**5 messages**\n\n- `t1-3` torn · rails-worker-nolock · default → tasks"],
      ["Copy for Slack", "*5 messages*\n\n• `t1-3` torn · rails-worker-nolock · default → tasks"],
      ["Copy JSON", '[\n  {\n    "id": "t1-3"'],
    ] as const) {
      await page.focus(`button:has-text("${words}")`);
      await page.keyboard.press("Enter");
      await page.waitForSelector("button.copy:focus:has-text('Copied')");
      expect(await page.evaluate("navigator.clipboard.readText()")).toContain(copied);
    }
    expect(there.complaints).toEqual([]);
    await page.context().close();
  });
});
