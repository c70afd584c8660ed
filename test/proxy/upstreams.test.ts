/** Several brokers behind one listener: who is asked, who is next, and when the first is asked again. */
import { createServer, type Server } from "node:net";
import { expect, it } from "vitest";
import type { UpstreamAddress } from "../../src/proxy/address.ts";
import type { AttemptListener } from "../../src/proxy/upstream.ts";
import { type Attempting, Upstreams } from "../../src/proxy/upstreams.ts";
import { freePort } from "./proxied.ts";
import { until } from "./relayed-pair.ts";

function at(port: number, host = "127.0.0.1"): UpstreamAddress {
  return { host, port, tls: false, shown: `amqp://${host}:${port}` };
}

/** Attempts that fail for these ports; the order in which ports were asked. */
function attempts(down: readonly number[]): { attempting: Attempting; asked: number[] } {
  const asked: number[] = [];
  const attempting: Attempting = ({ port }, listener) => {
    asked.push(port);
    if (down.includes(port)) listener.failed({ kind: "upstream-refused", message: `${port} refused` });
    return { abandon: () => {} };
  };
  return { attempting, asked };
}

function listenerOf(failures: string[]): AttemptListener {
  return { reached: () => {}, connected: () => {}, failed: ({ message }) => failures.push(message) };
}

it("goes to the next one where the first is down, and no more to that one first", () => {
  const problems: string[] = [];
  const failures: string[] = [];
  const upstreams = new Upstreams([at(1), at(2)], problem => problems.push(problem));
  const { attempting, asked } = attempts([1]);
  upstreams.connect(attempting, listenerOf(failures));
  upstreams.connect(attempting, listenerOf(failures));
  upstreams.close();
  expect(asked).toEqual([1, 2, 2]);
  expect(problems).toEqual(["1 refused: clients go to amqp://127.0.0.1:2"]);
  expect(failures).toEqual([]);
});

it("tries all where all are down, and says so", () => {
  const problems: string[] = [];
  const failures: string[] = [];
  const upstreams = new Upstreams([at(1), at(2)], problem => problems.push(problem));
  const { attempting, asked } = attempts([1, 2]);
  upstreams.connect(attempting, listenerOf(failures));
  upstreams.connect(attempting, listenerOf(failures));
  upstreams.close();
  expect(asked).toEqual([1, 2, 1, 2]);
  expect(failures).toEqual(["2 refused", "2 refused"]);
  expect(problems.at(-1)).toBe("2 refused: all brokers are down");
});

it("says nothing of the only one: its client hears it", () => {
  const problems: string[] = [];
  const failures: string[] = [];
  const upstreams = new Upstreams([at(1)], problem => problems.push(problem));
  upstreams.connect(attempts([1]).attempting, listenerOf(failures));
  expect([problems, failures]).toEqual([[], ["1 refused"]]);
});

it("goes back to the first one when it is back", async ({ onTestFinished }) => {
  const problems: string[] = [];
  const port = await freePort();
  const upstreams = new Upstreams([at(port), at(2)], problem => problems.push(problem), 20);
  upstreams.connect(attempts([port]).attempting, listenerOf([]));
  expect(upstreams.first.port).toBe(2);
  const broker: Server = createServer(socket => void socket.on("error", () => {}).resume());
  onTestFinished(() => {
    broker.close();
    upstreams.close();
  });
  broker.listen(port, "127.0.0.1");
  await until(() => upstreams.first.port === port);
  expect(problems.at(-1)).toBe(`the broker at 127.0.0.1:${port} is back`);
});

it("asks nobody any more where the client has gone", () => {
  const asked: number[] = [];
  let fail = (): void => {};
  const upstreams = new Upstreams([at(1), at(2)], () => {});
  const attempt = upstreams.connect(({ port }, listener) => {
    asked.push(port);
    fail = () => listener.failed({ kind: "upstream-refused", message: "refused" });
    return { abandon: () => {} };
  }, listenerOf([]));
  attempt.abandon();
  fail();
  upstreams.close();
  expect(asked).toEqual([1]);
});
