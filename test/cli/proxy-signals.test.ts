import { expect, it, type TestContext } from "vitest";
import { ProxySignals } from "../../src/cli/proxy-signals.ts";

/** Listens for the test's time; `exits` are the statuses with which it would have ended the process. */
function listening({ onTestFinished }: TestContext): { signals: ProxySignals; exits: number[] } {
  const exits: number[] = [];
  const signals = new ProxySignals(status => exits.push(status));
  onTestFinished(() => signals[Symbol.dispose]());
  return { signals, exits };
}

function send(...signals: NodeJS.Signals[]): void {
  for (const signal of signals) process.emit(signal, signal);
}

it.for<[NodeJS.Signals[], interrupted: boolean, exits: number[]]>([
  [["SIGTERM"], false, []],
  [["SIGINT"], true, []],
  [["SIGTERM", "SIGTERM"], false, [2]],
  [["SIGTERM", "SIGINT"], true, [130]],
  [["SIGINT", "SIGTERM"], true, [130]],
  [["SIGINT", "SIGINT"], true, [130]],
])("%j", async ([sent, interrupted, statuses], context) => {
  const { signals, exits } = listening(context);
  send(...sent);
  await signals.stop;
  expect(signals.interrupted).toBe(interrupted);
  expect(exits).toEqual(statuses);
});

it("a reload that fails is complained about, and the next one is made all the same", async context => {
  const { signals, exits } = listening(context);
  const complaints: string[] = [];
  let reloads = 0;
  const complained = new Promise<void>(resolve => {
    signals.onHangUp(
      async () => {
        if (++reloads === 1) throw new Error("no certificate");
      },
      message => {
        complaints.push(message);
        resolve();
      },
    );
  });
  send("SIGHUP");
  await complained;
  send("SIGHUP");
  expect(reloads).toBe(2);
  expect(complaints).toEqual(["not reloaded: no certificate"]);
  expect(exits).toEqual([]);
});
