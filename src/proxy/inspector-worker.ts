/** The inspector's thread: inspects and records what the relay hands over. */
import { MessageChannel, parentPort, workerData } from "node:worker_threads";
import { isoTime } from "../net/place.ts";
import type { Instruments } from "../telemetry/instruments.ts";
import { BatchInspection } from "./batch-inspection.ts";
import type { EventMessage } from "./event-message.ts";
import { EventMessages } from "./event-messages.ts";
import type {
  FromInspector,
  InspectorData,
  InspectorSetting,
  RecordSetting,
  ToInspector,
} from "./inspector-protocol.ts";
import { LiveLink } from "./live-link.ts";
import { OctetPipe } from "./octet-pipe.ts";
import { RecordedPackets } from "./recorded-packets.ts";
import { Recorder } from "./recorder.ts";
import { ScanPace, SharedSockets, sharedSocketSentence } from "./shared-sockets.ts";
import { SocketHolders } from "./socket-holders.ts";
import { TelemetryLink } from "./telemetry-link.ts";
import { WallClock } from "./wall-clock.ts";

/** Milliseconds between two checks for what happens without octets. */
const TICK = 1000;
/** Milliseconds between two checks of the pipe; and such checks without result after which the relay must wake us. */
const LOOK = 250;
const LOOKS_IN_VAIN = 2;
/** Milliseconds between two scans for the processes that hold the clients' sockets, if a scan is due. */
const SCAN = 3000;
/** Octets of latest packets kept for each connection, and over all, if only findings are recorded. */
const RING_OCTETS = 256 << 10;
const RING_BUDGET = 64 << 20;

const port = parentPort!;
const setting = workerData as InspectorData;
const clock = new WallClock();
clock.read();
/** Only telemetry needs them. */
const packets =
  setting.record === null || setting.telemetry === null ? null : new RecordedPackets(setting.record.files);
const recorder = setting.record === null ? null : newRecorder(setting.record);
const messages = new EventMessages(setting.writing, setting.lines === true);
let events: EventMessage[] = [];
const live = setting.live === true ? new LiveLink(() => batches.inspection.open) : null;
const link = setting.telemetry === null ? null : newLink(setting.telemetry);
const batches: BatchInspection = new BatchInspection({
  broker: setting.broker,
  recorder,
  firstFinding: setting.firstFinding,
  failed: printStack,
  emit: event => {
    live?.connectionEvent(event);
    events.push(messages.message(event, clock.seconds));
  },
  telemetry: link === null ? null : { ...link.parts, onMessage: live === null ? null : live.message.bind(live) },
  watch: live?.watch ?? null,
});

function newLink(wanted: NonNullable<InspectorSetting["telemetry"]>): TelemetryLink {
  clock.read();
  return new TelemetryLink(wanted, packets, () => batches.inspection.open, [clock.seconds, clock.microseconds * 1000]);
}

/** Prints where a connection's inspection failed, if that is asked for. */
function printStack(error: unknown): void {
  if (process.env.GHOSTFRAME_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

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
    packets,
  });
}

function post(message: FromInspector, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function postEvents(): void {
  if (events.length > 0) post({ kind: "events", events });
  events = [];
  link?.flush();
  live?.flush();
}

let lostPackets = 0;

function postLostPackets(): void {
  const lost = recorder?.lost ?? 0;
  if (lost > lostPackets) post({ kind: "lost-packets", count: lost - lostPackets });
  lostPackets = lost;
}

/** Reports how often events came that are not written one by one. */
function postCounts(all: boolean): void {
  const time = isoTime({ seconds: clock.seconds, nanoseconds: clock.microseconds * 1000, timeDigits: 6 });
  const counts = messages.counts(clock.seconds, time, all);
  if (counts.length > 0) post({ kind: "counts", counts });
}

const pipe = new OctetPipe(setting.pipe);
let looking: NodeJS.Timeout | null = null;
let inVain = 0;

/** Reads what is in the pipe; returns whether there was anything. */
function readPipe(): boolean {
  const octets = pipe.read();
  if (octets.length === 0) return false;
  batches.read(octets, octets.length);
  postEvents();
  return true;
}

/** Checks the pipe now and then, as long as something comes. */
function keepLooking(): void {
  inVain = readPipe() ? 0 : inVain + 1;
  looking = inVain >= LOOKS_IN_VAIN && pipe.sleep() ? null : setTimeout(keepLooking, LOOK);
}

const holders = new SocketHolders();
const sharedSockets = new SharedSockets();

const pace = new ScanPace();

async function scanSockets(): Promise<void> {
  const open = Array.from(batches.inspection.open, ({ carrier }) => {
    const { number, client, listener } = carrier;
    return { number, client, listener };
  });
  if (!pace.isDue(open.at(-1)?.number ?? 0)) return;
  const shared = sharedSockets.scanned(await holders.scan(open));
  if (sharedSockets.suspects) pace.again();
  if (shared.length === 0) return;
  readPipe();
  clock.read();
  batches.at(clock.seconds, clock.microseconds, inspection => {
    for (const { number, holders: who } of shared) {
      inspection.addFinding(number, "shared-socket", sharedSocketSentence(who));
    }
  });
  postEvents();
}

const ticking = setInterval(() => {
  readPipe();
  clock.read();
  batches.at(clock.seconds, clock.microseconds, inspection => inspection.tick());
  if (recorder !== null && link !== null) measureRecorder(recorder, link.parts.instruments);
  link?.measured([clock.seconds, clock.microseconds * 1000]);
  live?.tick();
  postEvents();
  postCounts(false);
  postLostPackets();
}, TICK);

function measureRecorder({ isPaused, lost }: Recorder, instruments: Instruments): void {
  instruments.set("ghostframe.recorder.state", isPaused ? 0 : 1, { "ghostframe.recorder.state": "recording" });
  instruments.set("ghostframe.recorder.state", isPaused ? 1 : 0, { "ghostframe.recorder.state": "paused" });
  instruments.set("ghostframe.recorder.lost", lost, {});
}

const scanning = setting.sharedSockets ? setInterval(() => void scanSockets(), SCAN) : undefined;

/** Memory that is sent to a port without a listener is freed at once: it does not wait for the garbage collector. */
const { port1: nowhere } = new MessageChannel();
nowhere.close();

function readBatch(buffer: ArrayBuffer, used: number, chunks: ArrayBuffer[]): void {
  const chunkOctets = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  batches.read(new Uint8Array(buffer), used, chunks);
  postEvents();
  nowhere.postMessage(null, chunks);
  post({ kind: "batch-read", buffer, chunkOctets }, [buffer]);
}

port.on("message", (message: ToInspector) => {
  // The records in the pipe are older than any message.
  readPipe();
  switch (message.kind) {
    case "batch":
      readBatch(message.buffer, message.used, message.chunks);
      return;
    case "piped":
      inVain = 0;
      if (looking === null) keepLooking();
      return;
    case "telemetry":
      link?.connect(message.port);
      live?.connect(message.port);
      return;
    case "close":
      if (looking !== null) clearTimeout(looking);
      clearInterval(ticking);
      clearInterval(scanning);
      clock.read();
      batches.finish();
      postEvents();
      postCounts(true);
      postLostPackets();
      link?.measured([clock.seconds, clock.microseconds * 1000]);
      link?.close();
      post({ kind: "closed" });
  }
});
