/** Runs a scenario of a client through a proxy that records, and does the part of the test in it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import type { Broker } from "../support/private-broker.ts";
import type { Proxied } from "../support/proxied.ts";

/** Milliseconds of a scenario, a restart of the broker in it, on a machine that has much else to do. */
const PATIENCE = 120_000;

/** What the test does each time the program waits: at its first "ready", at its second. */
type Parts = readonly ((broker: Broker, program: Program) => Promise<unknown>)[];

const UNBLOCKED = ["set_vm_memory_high_watermark", "0.8"];
const STARTED = ["start_app"];

const PARTS: Readonly<Record<string, Parts>> = {
  blocked: [broker => broker.control("set_vm_memory_high_watermark", "0"), broker => broker.control(...UNBLOCKED)],
  restart: [broker => broker.control("stop_app"), broker => broker.control(...STARTED)],
  killed: [async (_broker, program) => program.kill()],
};

/** Scenarios that change the broker for all its clients: what is done before, and after, however the program ended. */
export const ALONE: Readonly<Record<string, readonly [before: readonly string[], after: readonly string[]]>> = {
  blocked: [[], UNBLOCKED],
  restart: [[], STARTED],
  unlimited: [
    ["eval", "application:set_env(rabbit, frame_max, 0)."],
    ["eval", "application:set_env(rabbit, frame_max, 131072)."],
  ],
};

interface Program {
  kill(): void;
}

/** Runs it once; the ports of the connections that it had through the proxy. */
export async function runScenario(
  command: readonly string[],
  scenario: string,
  queue: string,
  broker: Broker,
  proxied: Proxied,
): Promise<number[]> {
  const before = proxied.events.length;
  const child = spawn(command[0]!, [...command.slice(1), String(proxied.port), scenario, queue], { stdio: "pipe" });
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  child.stdin.on("error", () => {});
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  const parts = (PARTS[scenario] ?? []).values();
  let isDone = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "done") isDone = true;
    if (line !== "ready") continue;
    await parts.next().value?.(broker, { kill: () => child.kill("SIGKILL") });
    child.stdin.write("\n");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  clearTimeout(timer);
  if (!isDone && scenario !== "killed") throw new Error(`${command.join(" ")} ${scenario}: ${stderr}`);
  const own = await passedOn(proxied, scenario === "tls");
  const portsOf = (kind: string) =>
    proxied.events
      .slice(before)
      .flatMap(event => (event.event === kind && "connection" in event ? [event.connection.client.port] : []))
      .filter(port => port !== own);
  // While the broker is down connections end that never were opened.
  await proxied.reports(
    "all closed",
    () => {
      const closed = new Set(portsOf("closed"));
      return portsOf("opened").every(port => closed.has(port));
    },
    PATIENCE,
  );
  return portsOf("opened");
}

/** Waits until all is told that went through the proxy: a connection of our own is told behind it. Returns its port. */
async function passedOn(proxied: Proxied, isEncrypted: boolean): Promise<number> {
  const to = { port: proxied.port, host: "127.0.0.1" };
  const socket = isEncrypted ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
  await once(socket, isEncrypted ? "secureConnect" : "connect");
  const port = socket.localPort!;
  socket.end("HELP");
  socket.resume();
  await proxied.reports(
    "the connection behind all",
    events => events.some(each => each.event === "closed" && each.connection.client.port === port),
    PATIENCE,
  );
  return port;
}
