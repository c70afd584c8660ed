import { codeOf, meaningOf } from "./system-error.ts";

/** An input that could not be read, or not to its end: our own failure, and not a finding about the traffic. */
export class InputError extends Error {
  override name = "InputError";
  /** The path as it was given; "standard input" for `-`. */
  readonly path: string;
  /** What is wrong, without the path. */
  readonly problem: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options);
    this.path = path;
    this.problem = problem;
  }
}

/** Wraps an error of the operating system (or of Node) in words that a user can act on; `expected` is what was wanted. */
export function inputErrorOf(path: string, cause: unknown, expected = "a capture file"): InputError {
  const code = codeOf(cause);
  const problem =
    meaningOf(code, "read") ?? `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new InputError(path, code === "EISDIR" ? `${problem}, expected ${expected}` : problem, { cause });
}
