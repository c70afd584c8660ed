/** The inspector's thread: inspects and records what the relay hands over. */
import { parentPort, workerData } from "node:worker_threads";
import { eventWriter } from "../report/event-writer.ts";
import type { FromInspector, InspectorData, RecordSetting, ToInspector } from "./inspector-protocol.ts";
import { Recorder } from "./recorder.ts";
import { SharedSockets, sharedSocketSentence } from "./shared-sockets.ts";
import { SocketHolders } from "./socket-holders.ts";
import { TapeInspection } from "./tape-inspection.ts";
import { type ToldEvent, toldEvent } from "./told-event.ts";
import { WallClock } from "./wall-clock.ts";

/** Milliseconds between two looks at what happens without octets. */
const TICK = 1000;
/** Milliseconds between two looks at who holds the clients' sockets. */
const SCAN = 3000;
/** Octets of latest packets kept for each connection, and over all, where only findings are recorded. */
const RING_OCTETS = 256 << 10;
const RING_BUDGET = 64 << 20;

const port = parentPort!;
const setting = workerData as InspectorData;
const clock = new WallClock();
const recorder = setting.record === null ? null : newRecorder(setting.record);
const write = setting.writing === null ? () => "" : eventWriter(setting.writing);
let events: ToldEvent[] = [];
const tape = new TapeInspection({
  broker: setting.broker,
  recorder,
  firstFinding: setting.firstFinding,
  tell: event => events.push(toldEvent(event, write)),
});

function newRecorder({ directory, fileOctets, files, on, credentials }: RecordSetting): Recorder {
  const problem = (message: string): void => post({ kind: "problem", message });
  return new Recorder({
    directory,
    fileOctets,
    files,
    on,
    credentials,
    ringOctets: RING_OCTETS,
    ringBudget: RING_BUDGET,
    problem,
  });
}

function post(message: FromInspector, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function tellEvents(): void {
  if (events.length > 0) post({ kind: "events", events });
  events = [];
}

const ticking = setInterval(() => {
  clock.read();
  tape.at(clock.seconds, clock.microseconds, inspection => inspection.tick());
  tellEvents();
}, TICK);

const holders = new SocketHolders();
const sharedSockets = new SharedSockets();

async function scanSockets(): Promise<void> {
  const open = [...tape.inspection.open].map(({ number, client, listener }) => ({ number, client, listener }));
  if (open.length === 0) return;
  const shared = sharedSockets.scanned(await holders.scan(open));
  if (shared.length === 0) return;
  clock.read();
  tape.at(clock.seconds, clock.microseconds, inspection => {
    for (const { number, holders: who } of shared) {
      inspection.remark(number, "shared-socket", sharedSocketSentence(who));
    }
  });
  tellEvents();
}

const scanning = setting.sharedSockets ? setInterval(() => void scanSockets(), SCAN) : undefined;

port.on("message", (message: ToInspector) => {
  switch (message.kind) {
    case "tape":
      tape.read(new Uint8Array(message.buffer), message.used);
      tellEvents();
      post({ kind: "tape-read", buffer: message.buffer }, [message.buffer]);
      return;
    case "reopen":
      recorder?.reopen();
      return;
    case "close":
      clearInterval(ticking);
      clearInterval(scanning);
      tape.finish();
      tellEvents();
      post({ kind: "closed" });
  }
});
