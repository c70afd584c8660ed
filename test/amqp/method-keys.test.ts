/** The constants name what they say: each is compared with the specification's table by its own name. */
import { expect, it } from "vitest";
import * as keys from "../../src/amqp/method-keys.ts";
import { METHODS, methodNamed } from "../../src/amqp/method-registry.ts";

const named = Object.entries(keys).filter(
  (entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] !== "NO_KEY",
);

it.each(named.filter(([name]) => !name.endsWith("_CLASS")))("%s", (name, key) => {
  const [className, ...words] = name.toLowerCase().split("_");
  const method = methodNamed(`${className}.${words.join("-")}`);
  expect(method).toMatchObject({ key });
  expect(key).toBe((method!.classId << 8) | method!.methodId);
  expect(keys.methodIdOf(key)).toBe(method!.methodId);
});

it("classes have their class-ids", () => {
  expect([keys.CONNECTION_CLASS, keys.CHANNEL_CLASS]).toEqual([10, 20]);
});

it("no two methods have one key", () => {
  expect(new Set(METHODS.map(({ key }) => key)).size).toBe(METHODS.length);
});
