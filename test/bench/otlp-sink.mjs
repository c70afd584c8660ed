/**
 * An OTLP receiver for benchmarks, a process of its own: takes everything and looks at nothing. Forked by
 * telemetry-bench.mjs: tells `{ port }` once it listens, and answers any message with its totals.
 */
import { createServer } from "node:http";

const totals = { requests: 0, octets: 0 };

const server = createServer((request, response) => {
  totals.requests++;
  request.on("data", chunk => {
    totals.octets += chunk.length;
  });
  request.on("end", () => response.writeHead(200).end());
});
server.listen({ host: "127.0.0.1", port: 0 }, () => process.send({ port: server.address().port }));
process.on("message", () => process.send(totals));
process.on("disconnect", () => process.exit());
process.on("SIGINT", () => {}); // Ctrl-C is for the benchmark, which then ends us
