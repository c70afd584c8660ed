/**
 * Writes numbered lines through the built EventOutput, as soon as its standard input ends: `event-writer.mjs LINES`.
 * Says on descriptor 3 what became of them: once when they are written, once when the output is
 * closed and another line was written all the same.
 */
import { writeSync } from "node:fs";
import { EventOutput } from "../../dist/cli/event-output.js";

const lines = Number(process.argv[2]);
const failures = [];
const output = new EventOutput(1, { failed: code => failures.push(code), recovered: () => {} });

process.stdin.resume().on("end", async () => {
  output.write("");
  for (let i = 0; i < lines; i++) output.write(`${i}`.padEnd(1023, ".").concat("\n"));
  tell({ omitted: output.omitted });
  const written = await output.close();
  output.write("afterwards\n");
  tell({ omitted: output.omitted, written, failures });
  process.exitCode = 7;
  if (!written) process.exit();
});

function tell(what) {
  writeSync(3, `${JSON.stringify(what)}\n`);
}
