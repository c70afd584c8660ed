import type { RuleId } from "./rules.ts";

/** What a rule has to say against one frame. Rules return faults; what becomes of them is not their concern. */
export interface Fault {
  readonly rule: RuleId;
  /** One sentence with a capital letter and without its full stop. */
  readonly clause: string;
}

/** Returned for nearly every frame, so that nothing has to be made for it. */
export const NO_FAULTS: readonly Fault[] = [];
