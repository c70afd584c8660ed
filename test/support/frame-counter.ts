/** Counts the frames of each connection as tshark is asked to: by type, and methods by "class.method". */
import type { FrameListener } from "../../src/connection/observers.ts";
import { count } from "./oracle-tools.ts";

/** `counts`: by the connection's id. */
export function frameCounter(): { counts: Map<string, Map<string, number>>; listener: FrameListener } {
  const counts = new Map<string, Map<string, number>>();
  const of = (connection: number) => {
    const known = counts.get(`c${connection}`) ?? new Map<string, number>();
    counts.set(`c${connection}`, known);
    return known;
  };
  const listener: FrameListener = {
    wantsMessages: true,
    frame({ connection }, type, _channel, bytes, start, size) {
      count(of(connection), `type ${type}`);
      if (type !== 1 || size < 4) return;
      const ids = Buffer.from(bytes.subarray(start, start + 4));
      count(of(connection), `${ids.readUInt16BE(0)}.${ids.readUInt16BE(2)}`);
    },
    hiddenFrame({ connection }, type) {
      count(of(connection), `type ${type}`);
    },
    brokenEnvelope() {},
    boundaryFound() {},
    guessRefuted() {},
  };
  return { counts, listener };
}
