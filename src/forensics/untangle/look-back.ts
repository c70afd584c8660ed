/**
 * Frames that went on unseen. Where nothing starts, it is not visible that an interrupted frame goes on; but its end
 * is: behind its frame-end octet another frame starts, or a segment ends. It lacks `left` octets, so it went on `left`
 * octets before, and there the frame under way was cut: the cut need not be guessed.
 */
import { FRAME_END } from "../../amqp/spec/constants.ts";
import type { Moves } from "./moves.ts";
import * as price from "./prices.ts";
import { IN_FRAME, IN_HEADER, IN_JUNK, OVERDUE, type Reading, type Unfinished } from "./reading.ts";
import { HEADER_AND_IDS } from "./sender.ts";
import { NO_START, WHOLE_START } from "./starts.ts";

/** Frames that went on and ended one behind the other, all unseen. */
const MAX_CHAIN = 3;
/** Places tried at which a whole rest of a frame may lie inside another. */
const MAX_SWALLOWED = 2;

/** Readings in which interrupted frames ended at `at`, unseen until there. */
export function lookBack(moves: Moves, reading: Reading, at: number): void {
  const { octets } = moves.stretch;
  if (reading.mode === IN_JUNK || octets[at - 1] !== FRAME_END) return;
  if (reading.others.length === 0) return;
  chain(moves, reading, at, at, []);
  if (reading.mode === IN_FRAME || reading.mode === OVERDUE) swallowed(moves, reading, at);
}

/** `ended` went on one behind the other from `behind` to `at`; frames that went on before them ended at `behind`. */
function chain(moves: Moves, reading: Reading, at: number, behind: number, ended: readonly Unfinished[]): void {
  const { octets, starts } = moves.stretch;
  for (const each of reading.others) {
    if (each.left <= 0 || each.header !== null || ended.includes(each)) continue;
    const from = behind - each.left;
    if (from <= reading.from) continue;
    const resumed = [each, ...ended];
    if (isPlaceOfCut(reading, from)) {
      let next = moves.cut(reading, from);
      if (next !== null) {
        if (starts.strengthAt(from) === WHOLE_START) next.price += price.RESUMED_OVER_START;
        let to = from;
        for (const one of resumed) {
          to += one.left;
          next = moves.finishUnseen(next, one, to);
        }
        moves.atBoundary(next, at, null);
      }
    }
    if (resumed.length < MAX_CHAIN && octets[from - 1] === FRAME_END && starts.strengthAt(from) === NO_START) {
      chain(moves, reading, at, from, resumed);
    }
  }
}

/** Whether the frame under way can have been cut here. */
function isPlaceOfCut(reading: Reading, at: number): boolean {
  return reading.mode === IN_HEADER ? at - reading.from < HEADER_AND_IDS : at < reading.end;
}

/** The frame under way ends at `at`, and the whole rest of another one lies inside it. */
function swallowed(moves: Moves, reading: Reading, at: number): void {
  const { octets, places } = moves.stretch;
  for (const each of reading.others) {
    if (each.left <= 0 || each.header !== null || reading.end + each.left !== at) continue;
    const tries: { from: number; cost: number }[] = [];
    let end = octets.indexOf(FRAME_END, reading.from + each.left);
    for (; end >= 0 && end + 1 < at; end = octets.indexOf(FRAME_END, end + 1)) {
      const from = end + 1 - each.left;
      if (from <= reading.from) continue;
      if (from >= reading.end) break;
      tries.push({ from, cost: places.cutPrice(from, reading.lastCut, true) });
    }
    tries.sort((a, b) => a.cost - b.cost);
    for (const { from } of tries.slice(0, MAX_SWALLOWED)) {
      const cut = moves.cut(reading, from);
      if (cut === null) continue;
      const open = cut.others.at(-1)!;
      const behind = moves.finishUnseen(cut, each, from + each.left);
      const next = moves.finishUnseen(behind, open, at);
      moves.atBoundary(next, at, null);
    }
  }
}
