/** Thrown where a connection needs more memory than it may take: its inspection ends there, and that is reported. */
export class BoundReached extends Error {
  override name = "BoundReached";
}
