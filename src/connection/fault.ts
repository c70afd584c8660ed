import type { RuleId } from "./rules.ts";

/** What is wrong with one frame by one rule. Rules return faults, and do not handle them. */
export interface Fault {
  readonly rule: RuleId;
  /** One sentence with a capital letter and without its full stop. */
  readonly clause: string;
}

/** Returned for nearly every frame, so that nothing has to be made for it. */
export const NO_FAULTS: readonly Fault[] = [];
