/** Readings that may still be examined. */
export interface StepBudget {
  steps: number;
}
