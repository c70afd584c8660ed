/** How often the untangling is right, measured on streams of which the truth is known. The table goes into the README. */
import { it } from "vitest";
import { tangledStream } from "../support/tangled-streams.ts";
import { inspected } from "./untangle/inspected.ts";
import { figures, isExact, judge, precision, recall } from "./untangle/score.ts";
import { SHAPES } from "./untangle/shapes.ts";

const N = Number(process.env.N ?? 60);
const S = Number(process.env.SEED ?? 1);
const SHOW = Number(process.env.SHOW ?? 1);
const only = process.env.ONLY;
it("score", () => {
  const rows: string[] = [];
  const all: { confidence: number; right: boolean }[] = [];
  for (const [name, shape] of Object.entries(SHAPES)) {
    if (only !== undefined && name !== only) continue;
    const t0 = performance.now();
    const judged = Array.from({ length: N }, (_, i) => {
      const stream = tangledStream(name, shape, S * 1000 + i);
      return judge(stream, inspected(stream));
    });
    const f = figures(name, judged);
    for (const j of judged) all.push(...j.told);
    rows.push(
      `${name.padEnd(26)} r ${recall(f).toFixed(3)} p ${precision(f).toFixed(3)} kind ${(f.kinds / N).toFixed(3)} exact ${(f.exact / N).toFixed(3)}  ${(performance.now() - t0).toFixed(0)} ms`,
    );
    let shown = 0;
    for (const j of judged)
      if (!isExact(j) && shown++ < SHOW)
        rows.push(
          `   seed ${j.stream.seed} ${j.stream.bodies} kind ${j.stream.truth.kinds} ${j.kindRight} told ${j.told.map(t => t.confidence)} | real: ${j.real.join(" ; ")} | claimed: ${j.claimed.join(" ; ")}`.slice(
            0,
            900,
          ),
        );
  }
  const bins = new Map<number, [number, number]>();
  for (const { confidence, right } of all) {
    const b = bins.get(confidence) ?? [0, 0];
    b[1]++;
    if (right) b[0]++;
    bins.set(confidence, b);
  }
  for (const [c, [r, n]] of [...bins].sort((a, b) => b[0] - a[0]))
    rows.push(`confidence ${c}: ${r}/${n} = ${(r / n).toFixed(3)}`);
  console.log(rows.join("\n"));
});
