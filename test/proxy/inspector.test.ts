/** The inspector and its thread: the built one, since a thread runs no TypeScript, and stand-ins that do not do their work. */
import { readdirSync } from "node:fs";
import { join as joinPath } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { inspect } from "../../src/inspect.ts";
import { Inspector, type InspectorOptions } from "../../src/proxy/inspector.ts";
import { CONNECTED } from "../../src/proxy/octet-batch.ts";
import type { ConnectionEvent } from "../../src/report/live-event.ts";
import { temporaryFolder } from "../support/command.ts";
import { WRITE_ALL } from "../support/event-samples.ts";
import { UPSTREAM } from "../support/played-connections.ts";
import { clientHandshake, join, serverHandshake, text, wire } from "../support/wire.ts";

const WORKER = new URL("../../dist/proxy/inspector-worker.js", import.meta.url);
const DEATH = `parentPort.on("message", ({ kind }) => { if (kind === "die") throw new Error("as asked"); });`;
/** The built one, which dies when it is asked to. */
const MORTAL = script(`await import(${JSON.stringify(WORKER.href)}); ${DEATH}`);
/** Takes what it is given, says nothing, and dies when it is asked to. */
const DUMB = script(DEATH);
const STILLBORN = script(`throw new Error("not today");`);

function script(lines: string): URL {
  const code = `import { parentPort } from "node:worker_threads"; ${lines}`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

const GREETING = serverHandshake().channelOpenOk(1).octets;
const GOOD = clientHandshake().channelOpen(1).publish(1, "good").octets;
const BROKEN = wire().frame(3, 1, text("torn"), { end: 0x41 }).octets;
/** So many LOADs may be written in batches and not read. */
const MOST = 16;
/** 16 MiB of one publish after the other. */
const LOAD = (() => {
  const publish = wire().publish(1, new Uint8Array(1 << 20), { pieces: 131_064 }).octets;
  return join(...Array.from({ length: 16 }, () => publish));
})();

class Scene {
  readonly events: ConnectionEvent[] = [];
  readonly problems: string[] = [];
  readonly inspector: Inspector;
  readonly #waiting = new Set<() => void>();

  #thread!: Worker;

  constructor(options: Partial<InspectorOptions> = {}, script: URL = WORKER) {
    this.inspector = new Inspector({
      broker: "rabbitmq-3.10",
      record: null,
      sharedSockets: false,
      telemetry: null,
      newThread: data => {
        this.#thread = new Worker(script, { workerData: data });
        return this.#thread;
      },
      writing: WRITE_ALL,
      emit: ({ text: line }) => this.#received(() => this.events.push(JSON.parse(line) as ConnectionEvent)),
      problem: message => this.#received(() => this.problems.push(message)),
      ...options,
    });
    onTestFinished(() => this.inspector.close());
  }

  /** Has the inspector's thread die, where its script does so. */
  kill(): void {
    this.#thread.postMessage({ kind: "die" });
  }

  follow(number: number) {
    const tap = this.inspector.follow({
      number,
      client: { address: "127.0.0.1", port: 40_000 + number },
      listener: { address: "127.0.0.1", port: 5673 },
      upstream: UPSTREAM,
      encrypted: { client: false, upstream: false },
    });
    tap.connected(UPSTREAM);
    return tap;
  }

  /** Follows a connection whose handshake is over. */
  running(number: number) {
    const tap = this.follow(number);
    tap.data(1, GREETING);
    tap.data(0, GOOD);
    return tap;
  }

  /** What was told of a connection. */
  of(number: number): string[] {
    return this.events.filter(({ connection }) => connection.id === `c${number}`).map(({ event }) => event);
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  #received(keep: () => void): void {
    keep();
    for (const look of this.#waiting) look();
    this.#waiting.clear();
  }
}

describe("an inspector", () => {
  it("tells what it finds as it finds it", async () => {
    const scene = new Scene();
    const tap = scene.running(1);
    await scene.until(() => scene.of(1).length === 1);
    tap.data(0, BROKEN);
    await scene.until(() => scene.of(1).length === 2);
    tap.end(0, "fin");
    tap.end(1, "fin");
    tap.closed();
    await scene.until(() => scene.of(1).includes("closed"));
    expect(scene.of(1)).toEqual(["opened", "fault", "finding", "closed"]);
    expect(scene.problems).toEqual([]);
    expect(scene.inspector.uninspected).toBe(0);
  });

  it("tells the time at which the relay saw it", async () => {
    const scene = new Scene();
    const before = Date.now();
    scene.running(1).closed();
    await scene.inspector.close();
    for (const { time } of scene.events) {
      // The clock may be off by what it is let drift.
      expect(Date.parse(time)).toBeGreaterThan(before - 100);
      expect(Date.parse(time)).toBeLessThan(Date.now() + 100);
    }
  });

  it("concludes everything when it is closed", async () => {
    const scene = new Scene();
    const taps = Array.from({ length: 20 }, (_, i) => scene.running(i + 1));
    for (const tap of taps) tap.data(0, BROKEN);
    await scene.inspector.close();
    for (let number = 1; number <= 20; number++) {
      expect(scene.of(number)).toEqual(["opened", "fault", "finding", "closed"]);
    }
    for (const tap of taps) tap.closed();
    await scene.inspector.close();
    expect(scene.problems).toEqual([]);
  });

  it("takes octets in any amount", async () => {
    const scene = new Scene();
    scene.running(1).data(0, LOAD);
    await scene.inspector.close();
    const closed = scene.events.at(-1)!.connection;
    expect(closed.octets).toEqual({ clientToServer: GOOD.length + LOAD.length, serverToClient: GREETING.length });
    expect(scene.of(1)).toEqual(["opened", "closed"]);
  });

  it("begins a new recording when it is asked to", async context => {
    const directory = temporaryFolder(context.onTestFinished);
    const record = { directory, fileOctets: 1 << 30, files: 10, on: "always", credentials: false } as const;
    const scene = new Scene({ record });
    const tap = scene.running(1);
    await scene.until(() => scene.of(1).length === 1);
    scene.inspector.reopen();
    tap.data(0, BROKEN);
    tap.end(0, "fin");
    tap.closed();
    await scene.inspector.close();
    const files = readdirSync(directory).toSorted();
    expect(files).toHaveLength(2);
    const found = scene.events.find(event => event.event === "finding");
    expect(found?.event === "finding" && found.recording).toBe(joinPath(directory, files[1]!));
    const { findings } = await inspect(files.map(file => joinPath(directory, file)));
    expect(findings.map(({ rule }) => rule)).toEqual(["frame-end"]);
  });
});

describe("a conclusion", () => {
  it("is what broke", async () => {
    const scene = new Scene();
    scene.running(1).data(0, BROKEN);
    const finding = await scene.inspector.conclude(1, 20_000);
    expect(finding).toMatchObject({ id: "f1", final: true, severity: "error" });
  });

  it.each([
    { which: "in good order", number: 1 },
    { which: "unknown", number: 7 },
  ])("is none where nothing is told in time, of a connection that is $which", async ({ number }) => {
    const scene = new Scene();
    scene.running(1);
    expect(await scene.inspector.conclude(number, 50)).toBeNull();
  });

  it("is none where the inspector dies over it", async () => {
    const scene = new Scene({}, DUMB);
    const concluded = scene.inspector.conclude(3, 60_000);
    scene.kill();
    expect(await concluded).toBeNull();
    scene.kill();
  });
});

describe("an inspector that falls behind", () => {
  it("looks no more at connections that bring octets, tells so, and catches up", async () => {
    const scene = new Scene();
    const [flood, trickle, idle] = [scene.running(1), scene.running(2), scene.running(3)];
    // In one go, so that it has no chance.
    for (let i = 0; i <= MOST; i++) flood.data(0, LOAD);
    expect(scene.inspector.isBehind).toBe(true);
    trickle.data(0, BROKEN);
    trickle.data(0, BROKEN);
    expect(scene.inspector.uninspected).toBe(2);
    await scene.until(() => scene.of(2).includes("uninspected"));
    expect(scene.of(1)).toEqual(["opened", "uninspected"]);
    expect(scene.of(2)).toEqual(["opened", "uninspected"]);
    idle.data(0, BROKEN);
    scene.running(4).data(0, BROKEN);
    await scene.inspector.close();
    expect(scene.inspector.isBehind).toBe(false);
    expect(scene.of(1)).toEqual(["opened", "uninspected", "closed"]);
    for (const number of [3, 4]) expect(scene.of(number)).toEqual(["opened", "fault", "finding", "closed"]);
    expect(scene.inspector.uninspected).toBe(2);
    expect(scene.problems).toEqual([
      "the inspector is 256 MiB behind: connections that bring octets now go on uninspected",
    ]);
  });

  it("follows no connection that comes meanwhile", () => {
    const scene = new Scene({}, DUMB);
    const flood = scene.follow(1);
    for (let i = 0; i <= MOST; i++) flood.data(0, LOAD);
    for (let number = 2; number <= 1000; number++) scene.follow(number).closed();
    expect(scene.of(2)).toEqual(["uninspected", "closed"]);
    expect(scene.inspector.uninspected).toBe(1000);
    scene.kill();
  });

  it("keeps no more than it may of what nobody reads", () => {
    const scene = new Scene({}, DUMB);
    const tap = scene.follow(1);
    for (let i = 0; i < MOST - 1; i++) tap.data(0, LOAD);
    expect(scene.inspector.isBehind).toBe(false);
    for (let i = 0; i < 2; i++) tap.data(0, LOAD);
    expect(scene.inspector.isBehind).toBe(true);
    for (let i = 0; i < 100; i++) tap.data(0, LOAD);
    expect(scene.inspector.uninspected).toBe(1);
    scene.kill();
  });

  it("for long, and reads nothing, is replaced", async () => {
    const scene = new Scene({}, DUMB);
    const flood = scene.follow(1);
    for (let i = 0; i <= MOST + 1; i++) flood.data(0, LOAD);
    const later = performance.now() + 31_000;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => later);
    scene.follow(2);
    clock.mockRestore();
    await scene.until(() => scene.problems.length === 2);
    expect(scene.problems[1]).toMatch(/^the inspector ended: /);
    scene.kill();
  });

  it("is not behind by a few octets at a time", () => {
    const scene = new Scene({}, DUMB);
    const tap = scene.follow(1);
    for (let i = 0; i < 1000; i++) {
      tap.data(0, text("a heartbeat, say"));
      scene.inspector.flush();
    }
    expect(scene.inspector.isBehind).toBe(false);
    scene.kill();
  });
});

describe("an inspector that dies", () => {
  it("is replaced: open connections go on uninspected, others are inspected", async () => {
    const scene = new Scene({}, MORTAL);
    const open = [scene.running(1), scene.running(2)];
    scene.running(3).data(0, BROKEN);
    await scene.until(() => scene.of(3).includes("fault"));
    scene.kill();
    await scene.until(() => scene.problems.length === 2);
    expect(scene.problems[0]).toMatch(/^the inspector failed: /);
    expect(scene.problems[1]).toBe(
      "the inspector ended: 3 open connections left uninspected; another one takes those that come",
    );
    expect(scene.inspector.uninspected).toBe(3);
    for (const tap of open) {
      tap.data(0, BROKEN);
      tap.end(0, "rst");
      tap.closed();
    }
    scene.running(4).data(0, BROKEN);
    await scene.inspector.close();
    for (const number of [1, 2]) expect(scene.of(number)).toEqual(["opened", "uninspected", "closed"]);
    expect(scene.of(4)).toEqual(["opened", "fault", "finding", "closed"]);
    expect(scene.inspector.uninspected).toBe(3);
    expect(scene.problems).toHaveLength(2);
  });

  it("leaves its numbers of findings to the next one as they are", async () => {
    const scene = new Scene({}, MORTAL);
    const first = scene.running(1);
    first.data(0, BROKEN);
    first.closed();
    await scene.until(() => scene.of(1).includes("closed"));
    scene.kill();
    await scene.until(() => scene.problems.length === 2);
    scene.running(2).data(0, BROKEN);
    await scene.inspector.close();
    const ids = scene.events.flatMap(event => (event.event === "finding" ? [event.finding.id] : []));
    expect(ids).toEqual(["f1", "f2"]);
  });

  it("over one connection does not die: that one goes on uninspected", async () => {
    const scene = new Scene();
    scene.running(1);
    scene.inspector.write(CONNECTED, 1, 1, text("no JSON"));
    scene.running(2).data(0, BROKEN);
    await scene.inspector.close();
    expect(scene.of(1)).toEqual(["opened", "uninspected", "closed"]);
    expect(scene.of(2)).toEqual(["opened", "fault", "finding", "closed"]);
    expect(scene.problems).toEqual([]);
  });

  it("does not count a second time what it was too far behind for", async () => {
    const scene = new Scene({}, DUMB);
    const [flood, quiet] = [scene.follow(1), scene.follow(2)];
    for (let i = 0; i <= MOST + 1; i++) flood.data(0, LOAD);
    expect(scene.inspector.uninspected).toBe(1);
    scene.kill();
    await scene.until(() => scene.problems.length === 3);
    expect(scene.problems.at(-1)).toContain("1 open connection left uninspected");
    expect(scene.inspector.uninspected).toBe(2);
    // What was written in batches went with it.
    expect(scene.inspector.isBehind).toBe(false);
    quiet.closed();
    scene.kill();
    await scene.until(() => scene.problems.length === 5);
    expect(scene.inspector.uninspected).toBe(2);
    scene.kill();
  });

  it("again and again is let rest: the relay goes on without, and then another one comes", async () => {
    const scene = new Scene({ deathsWithin: 5000 }, STILLBORN);
    await scene.until(() => !scene.inspector.isRunning);
    expect(scene.problems).toHaveLength(6);
    expect(scene.problems.at(-1)).toBe(
      "the inspector ended: 0 open connections left uninspected; the next one comes in 5 s",
    );
    const tap = scene.running(1);
    tap.end(0, "fin");
    tap.closed();
    expect(scene.inspector.uninspected).toBe(1);
    expect(await scene.inspector.conclude(1, 1)).toBeNull();
    expect(scene.of(1)).toEqual(["uninspected", "closed"]);
    await scene.until(() => scene.problems.length > 6);
    await scene.inspector.close();
  });

  it("and cannot be started is no end of the relay", async () => {
    const scene = new Scene({}, new URL("http://127.0.0.1/no-script"));
    expect(scene.problems).toEqual([expect.stringMatching(/^no inspector can be started: /)]);
    scene.running(1).closed();
    expect(scene.of(1)).toEqual(["uninspected", "closed"]);
    await scene.inspector.close();
  });
});
