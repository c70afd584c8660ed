import { describe, expect, it } from "vitest";
import { METHODS, methodName, methodOf } from "../../src/amqp/method-registry.ts";
import { CLASSES, type ClassSpec } from "../../src/amqp/spec/methods.ts";
import { BASIC_PROPERTIES } from "../../src/amqp/spec/properties.ts";

describe("the method table (AMQP 0-9-1 part 1, and RabbitMQ's extensions)", () => {
  it.each([
    // class-id, name, methods of the specification, of RabbitMQ on top
    [10, "connection", 10, 4],
    [20, "channel", 6, 0],
    [30, "access", 2, 0],
    [40, "exchange", 4, 4],
    [50, "queue", 10, 0],
    [60, "basic", 17, 4],
    [85, "confirm", 0, 2],
    [90, "tx", 6, 0],
  ])("class %i is %s: %i methods, and %i of RabbitMQ's", (id, name, specified, more) => {
    const spec: ClassSpec | undefined = Object.entries<ClassSpec>(CLASSES).find(([key]) => Number(key) === id)?.[1];
    expect(spec?.name).toBe(name);
    expect(Object.keys(spec?.methods ?? {})).toHaveLength(specified + more);
  });

  it("has no other classes", () => {
    expect(Object.keys(CLASSES)).toHaveLength(8);
    expect(METHODS).toHaveLength(69);
  });

  it("every name is there once", () => {
    const names = METHODS.map(method => method.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(METHODS)("$classId,$methodId is $name", method => {
    expect(methodOf(method.classId, method.methodId)).toBe(method);
    expect(methodName(method.classId, method.methodId)).toBe(method.name);
  });

  it("knows no other pair of ids", () => {
    const known = new Set(METHODS.map(({ classId, methodId }) => classId * 65_536 + methodId));
    for (let classId = 0; classId < 300; classId++) {
      for (let methodId = 0; methodId < 300; methodId++) {
        const expected = known.has(classId * 65_536 + methodId);
        if ((methodOf(classId, methodId) !== undefined) !== expected) expect.fail(`${classId},${methodId}`);
      }
    }
    expect(methodOf(65_535, 65_535)).toBeUndefined();
    expect(methodName(60, 99)).toBe("method 60,99");
  });

  it("publish, return, deliver and get-ok carry content, and nothing else does (§4.2.6)", () => {
    const content = METHODS.filter(method => method.content).map(method => method.name);
    expect(content).toEqual(["basic.publish", "basic.return", "basic.deliver", "basic.get-ok"]);
  });

  it("what one end asks, the other answers", () => {
    const byName = new Map(METHODS.map(method => [method.name, method]));
    const answers = METHODS.filter(({ name }) => name.endsWith("-ok") && name !== "basic.get-ok");
    expect(answers.length).toBeGreaterThan(25);
    for (const answer of answers) {
      const from = byName.get(answer.name.slice(0, -"-ok".length))?.from;
      expect({ client: "server", server: "client", both: "both" }[from ?? "both"], answer.name).toBe(answer.from);
    }
  });

  it("what both ends may send", () => {
    const both = METHODS.filter(method => method.from === "both").map(method => method.name);
    expect(both).toEqual([
      "connection.close",
      "connection.close-ok",
      "channel.flow",
      "channel.flow-ok",
      "channel.close",
      "channel.close-ok",
      "basic.cancel",
      "basic.cancel-ok",
      "basic.ack",
      "basic.nack",
    ]);
  });

  it("class basic has fourteen properties, the first of flag bit 15 (§1.8.3.1)", () => {
    expect(BASIC_PROPERTIES.map(([name]) => name)).toEqual([
      "content-type",
      "content-encoding",
      "headers",
      "delivery-mode",
      "priority",
      "correlation-id",
      "reply-to",
      "expiration",
      "message-id",
      "timestamp",
      "type",
      "user-id",
      "app-id",
      "reserved",
    ]);
  });
});
