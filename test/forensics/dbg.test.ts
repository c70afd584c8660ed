import { it } from "vitest";
import { tangledStream } from "../support/tangled-streams.ts";
import { inspected } from "./untangle/inspected.ts";
import { SHAPES } from "./untangle/shapes.ts";
it("dbg", () => {
  const s = tangledStream(process.env.SH!, SHAPES[process.env.SH!]!, Number(process.env.SD));
  const ch = process.env.CH;
  let at = s.preface;
  const out: string[] = [];
  for (const p of s.pieces) { out.push(`${at}+${p.octets.length} ${p.frame?.type ?? "-"}/${p.frame?.channel ?? "-"}/${(p.frame?.octets.length ?? 8) - 8} ${p.frame?.message?.messageId ?? ""} ${p.as ?? ""} w${p.write}`); at += p.octets.length; }
  console.log(out.filter(l => ch === undefined || l.includes(`/${ch}/`)).join("\n"));
  console.log(s.library, s.bodies, s.truth, s.segments.map(x => x.length).slice(0, 60).join(" "));
  for (const f of inspected(s).findings) console.log(f.rule, f.message, f.diagnosis?.kind, f.diagnosis?.confidence, f.diagnosis?.summary, JSON.stringify(f.diagnosis?.torn), JSON.stringify(f.diagnosis?.unexplained));
});
