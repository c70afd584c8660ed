/** Answers as a file of lines, for work on the predictor without a broker at hand. */
import { appendFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "../support/private-broker.ts";
import type { Asked } from "./ask-many.ts";
import { linesByPort } from "./broker-log.ts";

/** What the broker says of a connection it had sent to silence comes three seconds later. */
const LAST_LINES = 4500;

export async function record(path: string, broker: Broker, all: readonly Asked[]): Promise<void> {
  await delay(LAST_LINES);
  const lines = linesByPort(broker.readLog());
  writeFileSync(path, "");
  for (const { stream, pace, answer } of all) {
    const { octets, ...of } = stream;
    const base64 = Buffer.from(octets).toString("base64");
    const log = lines.get(answer.clientPort)?.at(-1) ?? [];
    appendFileSync(path, `${JSON.stringify({ ...of, pace, octets: base64, ...answer, log })}\n`);
  }
}
