/** Answers as a file of lines, for work on the predictor without a broker at hand. */
import { appendFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { mutatedStream } from "../support/mutated-streams.ts";
import type { Broker } from "../support/private-broker.ts";
import type { Asked } from "./ask-many.ts";
import { linesByPort } from "./broker-log.ts";

/** What the broker says of a connection it had sent to silence comes three seconds later. */
const LAST_LINES = 4500;

export async function record(path: string, broker: Broker, all: readonly Asked[]): Promise<void> {
  await delay(LAST_LINES);
  const lines = linesByPort(broker.readLog());
  writeFileSync(path, "");
  for (const { seed, index, kind, pace, answer } of all) {
    const octets = Buffer.from(mutatedStream(seed, index).octets).toString("base64");
    const log = lines.get(answer.clientPort)?.at(-1) ?? [];
    appendFileSync(path, `${JSON.stringify({ seed, index, kind, pace, octets, ...answer, log })}\n`);
  }
}
