/**
 * Stands in for inspection-worker.js in tests of the pool: says who was given what, and crashes where the path says so.
 */
import { parentPort, threadId, workerData } from "node:worker_threads";

if (workerData.broker === "none") throw new Error("no broker");

parentPort.on("message", async tasks => {
  for (const { index, path } of tasks) {
    await new Promise(resolve => setImmediate(resolve));
    if (path.includes("throw")) throw new Error("thrown for a test");
    if (path.includes("exit")) process.exit(3);
    if (path.includes("hang")) return;
    if (path.includes("sorry")) parentPort.postMessage({ index, problem: "sorry" });
    else parentPort.postMessage({ index, result: { inputs: [inputOf(path, tasks.length)], connections: [] } });
  }
});

/** Its format tells who had it, and its packets with how many others. */
function inputOf(path, given) {
  const none = { unread: [], findings: [] };
  const traffic = { excluded: 0, leftAlone: [], resynchronisations: 0, evictedConnections: 0 };
  const file = { format: `thread ${threadId}`, packets: given, octets: 0, notes: [], error: null, ...none };
  return { position: 0, path, begin: null, file, traffic };
}
