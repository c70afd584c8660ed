/** Errors where the proxy listens. */
import { codeOf } from "../capture/system-error.ts";
import { endpointText, type ListenAddress } from "./address.ts";
import { ProxyError, reasonOf } from "./proxy-error.ts";

/** Milliseconds between two reports about one listener. */
const REPORT_MS = 1000;

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there, expected a free port",
  EACCES: "permission to listen there is denied, expected a port above 1023 or the right to use this one",
  EADDRNOTAVAIL: "this machine has no such address, expected one of its own",
  ENOTFOUND: "the name has no address, expected one of this machine's",
  EAI_AGAIN: "the name cannot be looked up now, expected an address of this machine",
};

/** Why it cannot listen there, and what was expected. */
export function listenError({ host, port }: ListenAddress, cause: Error): ProxyError {
  const code = codeOf(cause);
  const problem = LISTEN_PROBLEMS[code];
  const said = problem === undefined ? `cannot listen there: ${cause.message}` : `${problem} (${code})`;
  return new ProxyError(endpointText(host, port), said, { cause });
}

/**
 * Reports that clients could not be accepted. A listener may fail for every client that waits: one report a second is
 * enough. When file descriptors run out, libuv closes waiting clients without an error. Then usually the connection to
 * the broker fails (EMFILE), which is reported.
 */
export function acceptProblems(where: string, problem: (message: string) => void): (error: Error) => void {
  let last = Number.NEGATIVE_INFINITY;
  return error => {
    const now = performance.now();
    if (now - last < REPORT_MS) return;
    last = now;
    problem(`${where}: a client could not be accepted (${reasonOf(error)})`);
  };
}
