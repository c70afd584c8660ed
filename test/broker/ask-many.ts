/** Hundreds of connections at a time: most of what an answer takes is waiting for silence. */

import { type MutatedStream, mutatedStreams } from "../support/mutated-streams.ts";
import type { Broker } from "../support/private-broker.ts";
import { type Answer, answerTo, type Pace } from "./answer.ts";
import { Random } from "./streams/random.ts";

export interface Asked {
  seed: number;
  index: number;
  kind: string;
  pace: Pace;
  answer: Answer;
}

export interface Asks {
  broker: Pick<Broker, "host" | "port">;
  seed: number;
  count: number;
  /** Connections at a time. */
  concurrency?: number;
  /** See Asking. */
  linger?: number;
  /** Called with each answer as it comes, while the stream's octets are at hand. */
  answered: (asked: Asked, stream: MutatedStream) => void;
}

export async function askMany({ broker, seed, count, concurrency = 150, linger = 0, answered }: Asks): Promise<void> {
  const { host, port } = broker;
  const streams = mutatedStreams(seed, count);
  const worker = async (): Promise<void> => {
    for (const stream of streams) {
      const { index, kind, octets } = stream;
      const random = new Random(seed, index, 1);
      const pace = random.pick(PACES);
      const answer = await answerTo({ host, port, octets, pace, random, linger });
      answered({ seed, index, kind, pace, answer }, stream);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

const PACES: readonly Pace[] = ["whole", "pieces", "burst"];
