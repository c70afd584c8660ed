// What the programs of Node.js here share: the arguments PORT SCENARIO QUEUE, and how they keep pace with the test.
import { createInterface } from "node:readline";

export const [port, scenario, queue] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Tells the test that it may do its part, and waits until it has. */
export async function ready() {
  process.stdout.write("ready\n");
  await lines.next();
}

/** The same octets in every run. */
export const body = size => Buffer.from(Array.from({ length: size }, (_, i) => i % 251));
/** Around what one frame holds at a frame-max of 131,072, among others. */
export const SIZES = [0, 1, 100, 4096, 131_063, 131_064, 131_065, 262_128, 1_000_000];
export const SMALL_FRAME_SIZES = [0, 1, 4087, 4088, 4089, 8176, 20_000];
export const headers = number => ({
  n: number,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
});
export const range = count => Array.from({ length: count }, (_, i) => i);

/** Runs the scenario that was asked for. */
export async function run(scenarios) {
  await scenarios[scenario]();
  process.stdout.write("done\n");
  process.exit(0);
}
