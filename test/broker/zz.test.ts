import { test } from "vitest";
import type { Prediction } from "../support/predict.ts";
import { startBroker } from "../support/private-broker.ts";
import { askMany } from "./ask-many.ts";
import { differ, summary } from "./differential.ts";
import { record } from "./record.ts";
test("record", async () => {
  const broker = await startBroker({ completeLog: process.env.REC !== undefined });
  try {
    for (const seed of (process.env.SEEDS ?? "1").split(",").map(Number)) {
      const t = Date.now();
      const count = Number(process.env.COUNT ?? 1000);
      const asked = await askMany({ broker, seed, count, linger: 400, concurrency: Number(process.env.CONC ?? 100) });
      console.log(seed, asked.length, Date.now() - t);
      if (process.env.REC) await record(`${process.env.REC}/seed-${seed}.jsonl`, broker, asked);
      if (process.env.SELF) {
        const known = new Map<string, Prediction | null>();
        for (const { stream, answer } of asked) {
          const p: Prediction | null = answer.close ? { outcome: "close", ...answer.close } : answer.ended ? { outcome: "reset", reason: "x" } : null;
          known.set(Buffer.from(stream.octets).toString("latin1"), p);
        }
        const t2 = Date.now();
        const r = await differ(broker, o => known.get(Buffer.from(o).toString("latin1"))!, seed, count);
        console.log(summary(r, 100), Date.now() - t2);
      }
    }
  } finally { await broker.stop(); }
}, 900_000);
