#!/usr/bin/env node
/**
 * node test/bench/bare-relay.mjs LISTEN-PORT UPSTREAM-PORT
 *
 * The least a relay in Node can be: plain sockets, back-pressure, ends passed on, and not a look at the octets. What
 * ghostframe costs beyond this, it costs for looking.
 */
import { connect, createServer } from "node:net";

const [listenPort, upstreamPort] = process.argv.slice(2).map(Number);
if (!(listenPort > 0) || !(upstreamPort > 0)) {
  console.error("usage: node test/bench/bare-relay.mjs LISTEN-PORT UPSTREAM-PORT");
  process.exit(2);
}

function pass(from, to) {
  from.on("data", chunk => {
    if (!to.write(chunk)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroySoon());
}

createServer({ noDelay: true, allowHalfOpen: true }, client => {
  const upstream = connect({ host: "127.0.0.1", port: upstreamPort, noDelay: true, allowHalfOpen: true });
  pass(client, upstream);
  pass(upstream, client);
}).listen({ host: "127.0.0.1", port: listenPort, backlog: 4096 });
