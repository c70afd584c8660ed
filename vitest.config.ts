import { defineConfig } from "vitest/config";
import { ClosingLines } from "./test/support/closing-lines.ts";

/** Tests that hold a bound of time: they run behind all others, one file at a time. */
const MEASURING = [
  "test/amqp/long-streams.test.ts",
  "test/cli/interruption.test.ts",
  "test/explain/explain.property.test.ts",
  "test/explain/known-lines.test.ts",
  "test/forensics/untangle-bounds.test.ts",
  "test/proxy/live/**/*.test.ts",
  "test/report/json.test.ts",
  "test/report/text/picture.test.ts",
];

/** Tests that put something else in the place of a module, which others may have loaded before them. */
const MOCKING = ["test/proxy/recording-file.test.ts"];

/** Run by name only (`npm run test:clients`): they take clients in five languages, and an hour. */
const BY_NAME = process.env.GHOSTFRAME_CLIENT_RUNS === undefined ? ["test/clients/**"] : [];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", new ClosingLines()],
    // Files share a process where they follow each other: to load the program for each anew took a third of the time.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: {
          name: "side by side",
          include: ["test/**/*.test.ts"],
          exclude: [...MEASURING, ...MOCKING, ...BY_NAME],
          maxWorkers: "100%",
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: "mocking", include: MOCKING, isolate: true, maxWorkers: 1, sequence: { groupOrder: 3 } },
      },
      {
        extends: true,
        test: { name: "measuring", include: MEASURING, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
