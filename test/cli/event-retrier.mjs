/**
 * Writes through the built EventOutput what it is told line by line on standard input, each text of so many octets:
 * `1000`. A line without a number asks how many texts were omitted. Answers, and tells of failures and recoveries, on
 * descriptor 3. What failed is tried again with the next text.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { EventOutput } from "../../dist/cli/event-output.js";

const output = new EventOutput(
  1,
  { failed: code => tell({ failed: code }), recovered: omitted => tell({ recovered: omitted }) },
  0,
);
let number = 0;

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") tell({ omitted: output.omitted });
  else output.write(`${++number}`.padEnd(Number(line) - 1, ".").concat("\n"));
}
await output.close();

function tell(what) {
  writeSync(3, `${JSON.stringify(what)}\n`);
}
