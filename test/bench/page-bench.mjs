/**
 * How long an HTML report of 10,000 connections, 1,000 incidents and a million messages takes to open in Chromium, and how
 * evenly it moves: milliseconds between animation frames while a view is scrolled or panned, and how long the page's thread
 * computes for each. Where others use the processors, too, only the latter means something.
 *
 *     node test/bench/page-bench.mjs [--assert] [--file REPORT]
 *
 * The capture is made by test/support/many-connections.ts, and inspected by the built command; REPORT is one that is there.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const CONNECTIONS = 10_000;
const RUNS = 3;
/** Milliseconds to open; and between frames of a screen that shows sixty in a second, with one in twenty missed. */
const MOST_TO_OPEN = 3000;
const MOST_MEDIAN = 17;
const MOST_OF_95 = 34;

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ghostframe-page-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function run(...args) {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (status !== 0 && status !== 1) throw new Error(`${args.join(" ")}: ${stderr}`);
}

const megabytes = octets => `${(octets / 1e6).toFixed(1)} MB`;
const given = process.argv.indexOf("--file");
const file = given > 0 ? process.argv[given + 1] : made();

function made() {
  const capture = join(folder, "many.pcap");
  const report = join(folder, "report.html");
  run("test/support/run-ts.mjs", "test/support/many-connections.ts", "mixed", String(CONNECTIONS), capture);
  run("bin/ghostframe.js", "inspect", capture, "--output", `html=${report}`);
  console.log(`${megabytes(statSync(capture).size)} of capture`);
  return report;
}

const template = statSync(join(root, "dist", "page", "page.html")).size;
console.log(`${megabytes(statSync(file).size)} of HTML, of which ${Math.round(template / 1000)} kB without data`);

/** In the page: moves something on with every animation frame, there and back, and returns the times between them. */
const MOVE = `(selector => new Promise(resolve => {
  const element = selector === "" ? document.scrollingElement : document.querySelector(selector);
  const isWide = element.scrollWidth > element.clientWidth + 1 && selector !== "";
  const name = isWide ? "scrollLeft" : "scrollTop";
  const most = isWide ? element.scrollWidth - element.clientWidth : element.scrollHeight - element.clientHeight;
  const times = [];
  let last = performance.now();
  const step = now => {
    times.push(now - last);
    last = now;
    if (times.length > 180) return resolve({ times: times.slice(1), most });
    element[name] = most * Math.abs(Math.sin((times.length / 180) * Math.PI));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}))`;

const MOVES = [
  ["overview, the page scrolled", "overview", "", null],
  ["time line, 16 times as wide, panned", "overview", "[aria-label='Time line']", 8],
  ["messages, the table scrolled", "messages?show=all", "[role=table]", null],
  ["incident, its picture 11 times as wide, panned", "incident", "main .scroll", 6],
];

const sorted = values => values.toSorted((a, b) => a - b);
const at = (values, share) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))];
const figures = values => ({ median: at(values, 0.5), of95: at(values, 0.95), worst: at(values, 1) });

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const opened = [];
const toOpen = [];
const work = new Map();
const moved = new Map(MOVES.map(([name]) => [name, []]));
const turned = new Map();
let said = "";
for (let number = 0; number < RUNS; number++) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const computed = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  };
  const began = performance.now();
  await page.goto(`file://${file}`);
  await page.waitForSelector("main h1");
  await page.evaluate("new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
  opened.push(performance.now() - began);
  toOpen.push(await computed());
  for (const [name, view, selector, closer] of MOVES) {
    const before = performance.now();
    await page.evaluate(`location.hash = "#${view}"`);
    await page.waitForSelector(`nav [aria-current][href="#${view.split("?")[0]}"]`);
    await page.evaluate("new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    turned.set(view, Math.max(turned.get(view) ?? 0, performance.now() - before));
    for (let times = 0; times < (closer ?? 0); times++)
      await page.evaluate("document.querySelector('[data-zoom=\"+\"]').click()");
    const start = await computed();
    const { times, most } = await page.evaluate(`${MOVE}(${JSON.stringify(selector)})`);
    if (most <= 0) throw new Error(`${name}: there is nothing to move`);
    moved.get(name).push(...times);
    work.set(name, [...(work.get(name) ?? []), ((await computed()) - start) / times.length]);
    if (view.startsWith("messages")) said = await page.textContent("main p.quiet");
  }
  await page.close();
}
await browser.close();

console.log(`said: ${said}`);
const open = at(opened, 0.5);
const inSeconds = values => values.map(each => `${(each / 1000).toFixed(2)} s`).join(", ");
console.log(`opened in ${inSeconds(opened)}; its thread computed ${inSeconds(toOpen)} of that`);
for (const [view, time] of turned) console.log(`view ${view}: shown in ${Math.round(time)} ms at most`);
let well = open < MOST_TO_OPEN;
for (const [name, times] of moved) {
  const { median, of95, worst } = figures(times);
  well &&= median < MOST_MEDIAN && of95 < MOST_OF_95;
  const missed = times.filter(time => time > 25).length;
  const own = at(work.get(name), 0.5);
  const words = [
    `computed ${own.toFixed(1)} ms a frame`,
    `median ${median.toFixed(1)} ms`,
    `95th ${of95.toFixed(1)}`,
    `worst ${worst.toFixed(1)}`,
  ];
  console.log(`${name}: ${words.join(", ")}; ${missed} of ${times.length} frames came late`);
}
if (process.argv.includes("--assert") && !well) {
  console.error(
    `expected ${MOST_TO_OPEN} ms to open, and frames ${MOST_MEDIAN} ms apart, 95 of 100 within ${MOST_OF_95} ms`,
  );
  process.exitCode = 1;
}
