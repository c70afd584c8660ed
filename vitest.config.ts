import { defineConfig } from "vitest/config";
import { ClosingLines } from "./test/support/closing-lines.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", new ClosingLines()],
  },
});
