/** The gate of the hot path: a commit that allocates for each frame fails here, on any machine. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("clean traffic is inspected without an object for each frame", () => {
  const gate = fileURLToPath(new URL("allocations.mjs", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [gate], { encoding: "utf8" });
  expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: "" });
});
