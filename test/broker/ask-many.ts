/** Hundreds of connections at a time: most of what an answer takes is waiting for silence. */

import { type MutatedStream, mutatedStreams } from "../support/mutated-streams.ts";
import type { Broker } from "../support/private-broker.ts";
import { type Answer, answerTo, type Pace } from "./answer.ts";
import { Random } from "./streams/random.ts";

export interface Asked {
  stream: MutatedStream;
  pace: Pace;
  answer: Answer;
}

export interface Asks {
  broker: Pick<Broker, "host" | "port">;
  seed: number;
  count: number;
  /** Connections at a time. */
  concurrency?: number;
  linger?: number;
  done?: (asked: Asked) => void;
}

export async function askMany({ broker, seed, count, concurrency = 150, linger, done }: Asks): Promise<Asked[]> {
  const streams = mutatedStreams(seed, count);
  const asked: Asked[] = [];
  const worker = async (): Promise<void> => {
    for (const stream of streams) {
      const random = new Random(stream.seed, stream.index, 1);
      const pace = random.pick<Pace>(["whole", "pieces", "burst"]);
      const { host, port } = broker;
      const { octets } = stream;
      const answer = await answerTo({ host, port, octets, pace, random, ...(linger === undefined ? {} : { linger }) });
      const entry = { stream, pace, answer };
      asked.push(entry);
      done?.(entry);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return asked.sort((a, b) => a.stream.index - b.stream.index);
}
