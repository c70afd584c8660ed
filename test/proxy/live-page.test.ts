/** `ghostframe proxy --ui` as a user has it: real clients, one that tears, and a real browser that watches. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as amqpConnect } from "amqplib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { inspect } from "../../src/inspect.ts";
import { CHROMIUM, launched } from "../support/browser.ts";
import { PATIENCE, type Proxied, startProxy } from "../support/proxied.ts";
import { type SmallBroker, startSmallBroker } from "../support/small-broker.ts";
import { tornStream } from "../support/torn-stream.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** By the key that shows each. */
const VIEWS = [
  ["1", "overview"],
  ["2", "incident"],
  ["3", "connection"],
  ["4", "messages"],
  ["5", "octets"],
] as const;
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]{48}/;

/** Writes piece after piece, and leaves the connection open. */
async function tear(port: number): Promise<() => Promise<void>> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  for (const piece of tornStream()) await new Promise(resolve => socket.write(piece, resolve));
  return async () => {
    socket.end();
    await once(socket, "close");
  };
}

describe.skipIf(CHROMIUM === null)("the live page", () => {
  let browser: Browser;
  let broker: SmallBroker;
  let proxied: Proxied;
  const folder = mkdtempSync(join(tmpdir(), "ghostframe-live-"));
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    [browser, broker] = await Promise.all([launched(), startSmallBroker()]);
    const args = ["--ui", "--admin", "0", "--record", folder];
    const onTestFinished = (end: unknown) => ends.push(async () => (end as () => Promise<void>)());
    proxied = await startProxy({ upstream: broker.port, args, onTestFinished: onTestFinished as never });
  }, 30_000);
  afterAll(async () => {
    await browser?.close();
    for (const end of ends) await end();
    await broker?.close();
    rmSync(folder, { recursive: true });
  });

  const shows = (page: Page, selector: string, words: string) =>
    page.waitForSelector(`main ${selector}:has-text("${words}")`, { timeout: PATIENCE });
  const heading = (page: Page) => page.textContent("main h1");

  it("shows a healthy client, then one that tears, its frames, and gives its recording", async () => {
    const address = await vi.waitFor(() => ADDRESS.exec(proxied.stderr)![0], PATIENCE);
    // It lets in whoever has it: a log must not.
    expect(JSON.stringify(proxied.events)).not.toContain("token=");
    // The page's policy would keep axe out.
    const page = await browser.newPage({ bypassCSP: true });
    const complaints: string[] = [];
    page.on("request", request => {
      if (new URL(request.url()).origin !== new URL(address).origin) complaints.push(`request: ${request.url()}`);
    });
    // Without its policy the browser asks for an icon.
    page.on("console", message => {
      if (!message.location().url.endsWith("/favicon.ico")) complaints.push(message.text());
    });
    page.on("pageerror", error => complaints.push(error.message));
    await page.goto(address);
    await shows(page, "h1", "No connection yet.");
    expect(new URL(page.url()).search).toBe("");

    const client = await amqpConnect(`amqp://guest:secret-word@127.0.0.1:${proxied.port}`, {
      clientProperties: { connection_name: "healthy-client" },
    });
    client.on("error", () => {});
    const channel = await client.createChannel();
    await shows(page, "td", "healthy-client");
    expect(await heading(page)).toBe("So far nothing wrong. 1 connection.");

    await page.click("main table a");
    await page.waitForSelector(".frames button");
    await page.fill(".frames input", "1");
    await page.click(".frames button");
    await shows(page, ".frames [role=status]", "Waiting");
    channel.publish("", "orders", Buffer.from("a message"), { messageId: "m1" });
    await shows(page, ".frames td", "body");
    const frames = await page.textContent(".frames tbody");
    expect(frames).toContain("basic.publish");
    expect(frames).toContain("body-size=9");

    const end = await tear(proxied.port);
    await page.goto(`${new URL(address).origin}/#overview`);
    await page.waitForSelector("a.block", { timeout: PATIENCE });
    expect(await heading(page)).toMatch(/^1 of 2 connections sick\./);
    await end();
    await shows(page, "h1", "lost");
    const lost = /(\d+) messages? lost/.exec((await heading(page))!)![1];
    await page.evaluate(axe);
    for (const [key, view] of VIEWS) {
      await page.keyboard.press(key);
      await page.waitForSelector(`nav [aria-current][href="#${view}"]`);
      const violations = await page.evaluate(
        'axe.run({ resultTypes: ["violations"], preload: false }).then(({ violations }) => violations.map(({ id, nodes }) => id + nodes[0].html))',
      );
      expect(violations, view).toEqual([]);
    }
    await page.keyboard.press("Escape");
    await page.focus("a.block");
    await page.keyboard.press("Enter");
    await page.waitForSelector("svg.cut");
    // Pausing keeps the focus, and what is focused stays so while the page is drawn anew.
    await page.focus("#pause");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#pause[aria-pressed=true]:focus");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#pause[aria-pressed=false]:focus");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("a[download]")]);
    const path = await download.path();
    const report = await inspect([path]);
    const findings = report.findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule);
    expect(findings).toContain("frame-end");
    expect(report.connections).toHaveLength(1);
    expect(lost).toBe(String(report.summary.lost!.messages));
    expect(readFileSync(path).includes("secret-word")).toBe(false);
    await client.close();
    expect(complaints).toEqual([]);
  }, 60_000);
});
