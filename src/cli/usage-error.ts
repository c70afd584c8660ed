/** Options or settings that contradict each other. */
export class UsageError extends Error {
  override name = "UsageError";
}
