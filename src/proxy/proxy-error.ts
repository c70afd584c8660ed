import { codeOf } from "../capture/system-error.ts";

/** The proxy cannot do its job: a wrong address, a port in use, a certificate that cannot be read. */
export class ProxyError extends Error {
  override name = "ProxyError";
  /** The address or path of the problem, as it was given but without credentials. */
  readonly where: string;
  /** What is wrong, what was expected and what was found. */
  readonly problem: string;

  constructor(where: string, problem: string, options?: ErrorOptions) {
    super(`${where}: ${problem}`, options);
    this.where = where;
    this.problem = problem;
  }
}

/** The text for an error in brackets: its code, or else its message. */
export function reasonOf(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.message : String(error));
}
