/** The inspector and its thread: the built one, since a thread runs no TypeScript, and stand-ins that do not do their work. */
import { readdirSync } from "node:fs";
import { join as joinPath } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { inspect } from "../../src/inspect.ts";
import { Inspector, type InspectorOptions } from "../../src/proxy/inspector.ts";
import { OPENED } from "../../src/proxy/octet-tape.ts";
import type { ConnectionEvent } from "../../src/report/live-event.ts";
import { temporaryFolder } from "../support/command.ts";
import { UPSTREAM } from "../support/played-connections.ts";
import { clientHandshake, join, serverHandshake, text, wire } from "../support/wire.ts";

const WORKER = new URL("../../dist/proxy/inspector-worker.js", import.meta.url);
/** Takes what it is given, says nothing, and dies when a new recording is asked for. */
const DUMB = script(`parentPort.on("message", ({ kind }) => { if (kind === "reopen") throw new Error("as asked"); });`);
const STILLBORN = script(`throw new Error("not today");`);

function script(lines: string): URL {
  const code = `import { parentPort } from "node:worker_threads"; ${lines}`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

const GREETING = serverHandshake().channelOpenOk(1).octets;
const GOOD = clientHandshake().channelOpen(1).publish(1, "good").octets;
const BROKEN = wire().frame(3, 1, text("torn"), { end: 0x41 }).octets;
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

  constructor(options: Partial<InspectorOptions> = {}) {
    this.inspector = new Inspector({
      broker: "rabbitmq-3.10",
      record: null,
      sharedSockets: false,
      worker: WORKER,
      tell: event => this.#heard(() => this.events.push(event)),
      problem: message => this.#heard(() => this.problems.push(message)),
      ...options,
    });
    onTestFinished(() => this.inspector.close());
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

  #heard(keep: () => void): void {
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
    const told = await scene.inspector.conclude(1, 20_000);
    expect(told).toMatchObject({ event: "finding", final: true, finding: { rule: "frame-end" } });
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
    const scene = new Scene();
    scene.inspector.write(OPENED, 0, 3, text("no JSON"));
    expect(await scene.inspector.conclude(3, 60_000)).toBeNull();
  });
});

describe("an inspector that falls behind", () => {
  it("looks no more at connections that bring octets, tells so, and catches up", async () => {
    const scene = new Scene();
    const [flood, trickle, idle] = [scene.running(1), scene.running(2), scene.running(3)];
    // In one go, so that it has no chance.
    for (let i = 0; i < 5; i++) flood.data(0, LOAD);
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
    expect(scene.problems).toEqual([]);
  });

  it("keeps no more than it may of what nobody reads", () => {
    const scene = new Scene({ worker: DUMB });
    const tap = scene.follow(1);
    for (let i = 0; i < 3; i++) tap.data(0, LOAD);
    expect(scene.inspector.isBehind).toBe(false);
    for (let i = 0; i < 3; i++) tap.data(0, LOAD);
    expect(scene.inspector.isBehind).toBe(true);
    for (let i = 0; i < 100; i++) tap.data(0, LOAD);
    expect(scene.inspector.uninspected).toBe(1);
    scene.inspector.reopen();
  });

  it("is not behind by a few octets at a time", () => {
    const scene = new Scene({ worker: DUMB });
    const tap = scene.follow(1);
    for (let i = 0; i < 1000; i++) {
      tap.data(0, text("a heartbeat, say"));
      scene.inspector.flush();
    }
    expect(scene.inspector.isBehind).toBe(false);
    scene.inspector.reopen();
  });
});

describe("an inspector that dies", () => {
  it("is replaced: open connections go on uninspected, others are inspected", async () => {
    const scene = new Scene();
    const open = [scene.running(1), scene.running(2)];
    scene.running(3).closed();
    await scene.until(() => scene.of(3).includes("closed"));
    scene.inspector.write(OPENED, 0, 9, text("no JSON"));
    await scene.until(() => scene.problems.length === 2);
    expect(scene.problems[0]).toMatch(/^the inspector failed: /);
    expect(scene.problems[1]).toBe(
      "the inspector ended: 2 open connections go on uninspected; another one inspects those that come",
    );
    expect(scene.inspector.uninspected).toBe(2);
    for (const tap of open) {
      tap.data(0, BROKEN);
      tap.end(0, "rst");
      tap.closed();
    }
    scene.running(4).data(0, BROKEN);
    await scene.inspector.close();
    expect(scene.of(1)).toEqual(["opened"]);
    expect(scene.of(4)).toEqual(["opened", "fault", "finding", "closed"]);
    expect(scene.inspector.uninspected).toBe(2);
    expect(scene.problems).toHaveLength(2);
  });

  it("does not count a second time what it was too far behind for", async () => {
    const scene = new Scene({ worker: DUMB });
    const [flood, quiet] = [scene.follow(1), scene.follow(2)];
    for (let i = 0; i < 6; i++) flood.data(0, LOAD);
    expect(scene.inspector.uninspected).toBe(1);
    scene.inspector.reopen();
    await scene.until(() => scene.problems.length === 2);
    expect(scene.problems[1]).toContain("1 open connection goes on uninspected");
    expect(scene.inspector.uninspected).toBe(2);
    // What was on the tape went with it.
    expect(scene.inspector.isBehind).toBe(false);
    quiet.closed();
    scene.inspector.reopen();
    await scene.until(() => scene.problems.length === 4);
    expect(scene.inspector.uninspected).toBe(2);
    scene.inspector.reopen();
  });

  it("again and again is given up: the relay goes on without", async () => {
    const scene = new Scene({ worker: STILLBORN });
    await scene.until(() => !scene.inspector.listens);
    expect(scene.problems).toHaveLength(22);
    expect(scene.problems.at(-1)).toBe(
      "the inspector ended: 0 open connections go on uninspected; so do those that come",
    );
    const tap = scene.running(1);
    tap.end(0, "fin");
    tap.closed();
    expect(scene.inspector.uninspected).toBe(1);
    expect(await scene.inspector.conclude(1, 1)).toBeNull();
    await scene.inspector.close();
    expect(scene.events).toEqual([]);
  });
});
