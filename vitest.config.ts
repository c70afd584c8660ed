import { defineConfig } from "vitest/config";
import { SkippedTests } from "./test/support/skipped-tests.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", new SkippedTests()],
  },
});
