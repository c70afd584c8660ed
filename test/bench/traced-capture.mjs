#!/usr/bin/env node
/**
 * node test/bench/traced-capture.mjs OUT MESSAGES
 *
 * Writes a clean capture of so many messages, half of them published and confirmed, half of them the same ones delivered
 * and acknowledged, each in a trace of its own. The same octets every time.
 */
import { pathToFileURL } from "node:url";
import { CaptureFile } from "./capture-file.mjs";
import { Connection, longlong, short, shortstr, table, Write } from "./make-capture.mjs";

const CONNECTIONS = 8;
const BODY_OCTETS = 300;
/** Messages of one write. */
const AT_ONCE = 4;

/** @param {string} path @param {number} messages */
export function makeTracedCapture(path, messages) {
  const file = new CaptureFile(path, "pcapng");
  const connections = Array.from({ length: CONNECTIONS }, (_, number) => new Connection(file, number));
  for (const connection of connections) {
    connection.open();
    connection.send(0, new Write().method(1, 85, 10, [0]));
    connection.send(1, new Write().method(1, 85, 11));
  }
  const tags = connections.map(() => 0);
  for (let number = 0; number < messages / 2; number += AT_ONCE) {
    const which = (number / AT_ONCE) % CONNECTIONS;
    const [published, confirmed, delivered, acknowledged] = [new Write(), new Write(), new Write(), new Write()];
    for (let i = number; i < Math.min(number + AT_ONCE, messages / 2); i++) {
      const tag = longlong(++tags[which]);
      published.method(1, 60, 40, short(0), shortstr("orders"), shortstr("eu.new"), [0]);
      content(published, 1, i);
      confirmed.method(1, 60, 80, tag, [0]);
      delivered.method(2, 60, 60, shortstr("ctag1"), tag, [0], shortstr("orders"), shortstr("eu.new"));
      content(delivered, 2, i);
      acknowledged.method(2, 60, 80, tag, [0]);
    }
    const writes = /** @type {const} */ ([
      [0, published],
      [1, confirmed],
      [1, delivered],
      [0, acknowledged],
    ]);
    for (const [side, write] of writes) connections[which].send(side, write);
  }
  file.close();
  return { path, messages, octets: file.octets, packets: file.packets };
}

/** @param {Write} write @param {number} channel @param {number} number */
function content(write, channel, number) {
  const id = (number + 1).toString(16);
  const traceparent = `00-${id.padStart(32, "a")}-${id.padStart(16, "b")}-01`;
  const properties = [...shortstr("application/json"), ...table({ traceparent }), ...shortstr(`m${number}`)];
  write.frame(2, channel, [...short(60), ...short(0), ...longlong(BODY_OCTETS), ...short(0xa080), ...properties]);
  write.frame(3, channel, Buffer.alloc(BODY_OCTETS, `{"number":${number}}`));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path, messages] = process.argv.slice(2);
  if (!path || !(Number(messages) >= 2)) {
    console.error("usage: node test/bench/traced-capture.mjs OUT MESSAGES");
    process.exit(2);
  }
  console.log(JSON.stringify(makeTracedCapture(path, Number(messages))));
}
