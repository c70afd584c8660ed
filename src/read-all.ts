/** Reads captures into an inspection, one after the other. */
import type { CaptureReading } from "./capture/capture-reading.ts";
import { nextTurn, readCapture } from "./capture/capture-source.ts";
import { InputError } from "./capture/input-error.ts";
import type { PacketRecord } from "./capture/packet-record.ts";
import type { PacketRange } from "./inspection/broken-connections.ts";
import type { PartialResult } from "./report/partial/partial-result.ts";

/** Takes the packets of one input after the other, and has a result behind the last. */
interface CaptureSink {
  beginInput(): void;
  /** The text of a key log that the input carries. */
  secrets(keyLog: string): void;
  packet(record: PacketRecord): void;
  endInput(path: string, reading: CaptureReading): void;
  /** Nothing could be read of it, or nothing of it was needed. */
  failInput(path: string, error: InputError): void;
  /** The timeline is over: ends connection by connection. */
  finishing(): Generator<void, void>;
  result(): PartialResult;
}

interface ReadAllOptions {
  /** Ends reading early. */
  signal?: AbortSignal;
  /** As InspectOptions.onProgress. */
  onProgress?: (path: string, octetsRead: number, totalOctets: number | null) => unknown;
}

/** Connections that are finished between two turns of the event loop: Ctrl-C waits for no more. */
const CONNECTIONS_A_TURN = 32;
/** Octets read at a time while breaks are explained, which takes long. */
const EXPLAINED_OCTETS = 128 << 10;
/** Reads all captures; if `ranges` are given, only those packets of each: a file may grow while it is read. */
export async function readAll(
  paths: readonly string[],
  inspection: CaptureSink,
  { signal, onProgress }: ReadAllOptions,
  ranges?: readonly PacketRange[],
): Promise<PartialResult> {
  /** Reports the progress made last once more: its reader may want to wait. */
  let keepPace = (): unknown => undefined;
  for (const [i, path] of paths.entries()) {
    inspection.beginInput();
    if (signal?.aborted === true) {
      inspection.failInput(path, new InputError(path, "reading was stopped before it began"));
      continue;
    }
    const { from, to } = ranges?.[i] ?? { from: 0, to: Number.POSITIVE_INFINITY };
    if (to === 0) {
      inspection.failInput(path, new InputError(path, "nothing of it is needed"));
      continue;
    }
    const enough = new AbortController();
    try {
      const reading = await readCapture(
        path,
        record => {
          const { number } = record;
          if (number >= from && number <= to) inspection.packet(record);
          if (number === to) enough.abort();
        },
        {
          signal: signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]),
          ...(ranges === undefined ? {} : { windowOctets: EXPLAINED_OCTETS }),
          onSecrets: keyLog => inspection.secrets(keyLog),
          onProgress:
            onProgress &&
            ((read, total) => {
              keepPace = () => onProgress(path, read, total);
              return keepPace();
            }),
        },
      );
      inspection.endInput(path, reading);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      inspection.failInput(path, error);
    }
  }
  let connections = 0;
  for (const _ of inspection.finishing()) {
    // A connection may have very many messages whose outcome is known only now.
    await keepPace();
    if (++connections % CONNECTIONS_A_TURN === 0) await nextTurn();
  }
  return inspection.result();
}
