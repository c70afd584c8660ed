/** The meaning of the process's exit status, for every command. */
export const EXIT = {
  /** Nothing at or above the threshold. */
  CLEAN: 0,
  /** Findings; or nothing has what was asked for. */
  FINDINGS: 1,
  /** The job could not be done: wrong usage, or an input that could not be read, or is corrupt from some octet on. */
  FAILED: 2,
  /** Stopped by Ctrl-C. */
  INTERRUPTED: 130,
} as const;
