import { expect, it } from "vitest";
import { decodeProperties } from "../../src/amqp/payload.ts";
import { threadNamed } from "../../src/connection/thread-header.ts";
import { field, headerPayload, type Properties } from "../support/wire.ts";

function thread(properties: Properties, cut = 0): string {
  const payload = headerPayload(5, properties);
  return threadNamed(payload, 0, payload.length - cut);
}

it.each<[string, Properties, string]>([
  ["by its name", { headers: { thread: field.S("pool-3") } }, "pool-3"],
  ["by its number", { headers: { "Thread-Id": field.I(-7) } }, "-7"],
  [
    "behind other properties and headers",
    {
      contentType: "text/plain",
      contentEncoding: "gzip",
      headers: { tenant: field.S("é"), when: field.T(1n), goroutine: field.S("18") },
    },
    "18",
  ],
  ["the first of two", { headers: { fiber: field.S("a"), thread: field.S("b") } }, "a"],
  ["a worker whose value looks like an id", { headers: { "worker-id": field.S("host.4") } }, "host.4"],
  ["a worker whose value does not", { headers: { worker: field.S("billing") } }, ""],
  ["a value that is no text or number", { headers: { thread: field.t(true) } }, ""],
  ["nested, it is another's", { headers: { origin: field.F({ thread: field.S("b") }) } }, ""],
  ["long text is cut", { headers: { thread: field.S("x".repeat(100)) } }, "x".repeat(64)],
  ["not in a property", { messageId: "thread" }, ""],
  ["without properties", {}, ""],
])("%s", (_, properties, found) => {
  expect(thread(properties)).toBe(found);
});

it("what stands before a fault is read, however much is missing behind", () => {
  const properties = { headers: { thread: field.S("a"), tenant: field.S("b") }, messageId: "m" };
  const { length } = headerPayload(5, properties);
  for (let cut = 0; cut < length; cut++) {
    const whole = headerPayload(5, properties);
    const decoded = decodeProperties(whole, 0, Math.max(length - cut, 14)).get("headers");
    const named = decoded instanceof Map ? decoded.get("thread") : undefined;
    if (named !== undefined) expect(thread(properties, cut), `without the last ${cut} octets`).toBe(named);
    else expect(["", "a"]).toContain(thread(properties, cut));
  }
});
