import { test } from "vitest";
import { mutatedStream } from "../support/mutated-streams.ts";
import type { Prediction } from "../support/predict.ts";
import { startBroker } from "../support/private-broker.ts";
import { type Asked, askMany } from "./ask-many.ts";
import { differ, summary } from "./differential.ts";
import { record } from "./record.ts";

test("record", async () => {
  {
    const t = Date.now();
    let n = 0;
    for (let i = 0; i < 500; i++) n += mutatedStream(77, i).octets.length;
    console.log("generate 500", Date.now() - t, n);
  }
  const broker = await startBroker({ completeLog: process.env.REC !== undefined });
  try {
    for (const seed of (process.env.SEEDS ?? "1").split(",").map(Number)) {
      const t = Date.now();
      const count = Number(process.env.COUNT ?? 1000);
      const asked: Asked[] = [];
      const known = new Map<string, Prediction | null>();
      await askMany({
        broker,
        seed,
        count,
        linger: 400,
        concurrency: Number(process.env.CONC ?? 150),
        answered: (a, s) => {
          asked.push(a);
          const { answer } = a;
          const p: Prediction | null = answer.close
            ? { outcome: "close", ...answer.close }
            : answer.ended
              ? { outcome: "reset", reason: "x" }
              : null;
          if (process.env.SELF) known.set(Buffer.from(s.octets).toString("latin1"), p);
        },
      });
      asked.sort((a, b) => a.index - b.index);
      console.log(seed, asked.length, Date.now() - t);
      if (process.env.REC) await record(`${process.env.REC}/seed-${seed}.jsonl`, broker, asked);
      if (process.env.SELF) {
        const t2 = Date.now();
        const r = await differ(broker, o => known.get(Buffer.from(o).toString("latin1"))!, seed, count);
        console.log(summary(r, 100), Date.now() - t2);
      }
    }
  } finally {
    await broker.stop();
  }
}, 900_000);
