/** Readings that may still be looked at. */
export interface StepBudget {
  steps: number;
}
