import { test } from "vitest";
import { startBroker } from "../support/private-broker.ts";
import { mutatedStreams } from "../support/mutated-streams.ts";
import { answerTo, type Pace } from "./answer.ts";
import { describeAnswer } from "./compare.ts";
import { Random } from "./streams/random.ts";
test("paces", async () => {
  const broker = await startBroker();
  try {
    const out = new Map<number, Map<string, string>>();
    const kinds = new Map<number, string>();
    for (const pace of ["burst", "whole", "pieces", "pauses"] as Pace[]) {
      const it = mutatedStreams(31, 2000);
      const worker = async () => {
        for (const s of it) {
          kinds.set(s.index, s.kind);
          const a = await answerTo({ host: broker.host, port: broker.port, octets: s.octets, pace, random: new Random(s.index) });
          const m = out.get(s.index) ?? new Map<string, string>();
          m.set(pace, describeAnswer(a)); out.set(s.index, m);
        }
      };
      await Promise.all(Array.from({ length: 150 }, worker));
    }
    let n = 0;
    for (const [i, m] of [...out].sort((a, b) => a[0] - b[0])) {
      if (new Set(m.values()).size > 1) { n++; console.log(kinds.get(i), i, JSON.stringify(Object.fromEntries(m)).slice(0, 420)); }
    }
    console.log(n, "of", out.size);
  } finally { await broker.stop(); }
}, 900_000);
