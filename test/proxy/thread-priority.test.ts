import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { giveWay } from "../../src/proxy/thread-priority.ts";

describe("giving way", () => {
  it.runIf(process.platform === "linux")("is a thread's own matter", async () => {
    const module = new URL("../../dist/proxy/thread-priority.js", import.meta.url).href;
    const script = `
      const { parentPort } = require("node:worker_threads");
      const { readFileSync } = require("node:fs");
      import(${JSON.stringify(module)}).then(({ giveWay }) => {
        giveWay(10);
        parentPort.postMessage(readFileSync("/proc/thread-self/stat", "latin1"));
      });`;
    const before = getPriority();
    const stat = await new Promise<string>((resolve, reject) => {
      new Worker(script, { eval: true }).once("message", resolve).once("error", reject);
    });
    expect(niceness(stat)).toBe(10);
    expect(niceness(readFileSync("/proc/self/stat", "latin1"))).toBe(before);
  });

  it("is not for the first thread of a process", () => {
    const before = getPriority();
    giveWay(19);
    expect(getPriority()).toBe(before);
  });
});

/** proc_pid_stat(5): field 19, counted behind the name in parentheses, which is the second. */
function niceness(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
}
