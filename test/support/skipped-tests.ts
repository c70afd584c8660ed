/**
 * Says aloud which tests were skipped. With CI set a skipped test is a failure: nothing else would tell that what it
 * tests was never run there.
 */
import type { Reporter, TestModule, Vitest } from "vitest/node";

/** What may be skipped in CI as well, and why. */
const MAY_SKIP: ReadonlyMap<string, string> = new Map([
  [
    "test/proxy/recorder.test.ts > when the disk does not take it > a folder without permission, too",
    "as root there is no such folder",
  ],
  ...["where this user can make nothing", "where this user can make no folder"].map(
    name =>
      [
        `test/cli/proxy-command.test.ts > no place for the recording > ${name}`,
        "only root can become such a user",
      ] as const,
  ),
]);

export class SkippedTests implements Reporter {
  #isFiltered = false;

  onInit({ config }: Vitest): void {
    this.#isFiltered = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#isFiltered) return;
    const skipped = modules.flatMap(module =>
      [...module.children.allTests("skipped")].map(test => `${module.relativeModuleId} > ${test.fullName}`),
    );
    if (skipped.length > 0)
      console.warn(["", `SKIPPED, not tested here: ${skipped.length}`, ...skipped, ""].join("\n"));
    if (!process.env.CI) return;
    const unexplained = skipped.filter(name => !MAY_SKIP.has(name));
    if (unexplained.length === 0) return;
    console.error(["No test may be skipped in CI (test/support/skipped-tests.ts):", ...unexplained, ""].join("\n"));
    process.exitCode = 1;
  }
}
