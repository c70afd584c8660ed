import { expect, it } from "vitest";
import { withoutUrlPasswords } from "../../src/connection/url-passwords.ts";

it.each([
  ["amqp://app:S3cr3t@h/v", "amqp://…@h/v"],
  ["x amqps://app:S3c@r3t@h:5671/v y", "x amqps://…@h:5671/v y"],
  ["amqp://a b:S3cr3t@h", "amqp://…@h"],
  ["amqp://app:S3 cr3t@h", "amqp://…@h"],
  ["amqp://:S3cr3t@h", "amqp://…@h"],
  ["amqp://token@h", "amqp://…@h"],
  ["AMQP://app:S3cr3t", "AMQP://…"],
  ["(amqp://app:12345678)", "(amqp://…"],
  ["amqp://app:1234x", "amqp://…"],
  ["amqp://app:5672S", "amqp://…"],
  ["amqp://h:5672 failed for me@x", "amqp://h:5672 failed for me@x"],
  ["amqp://h:5672, amqp://i:5672/v?x", "amqp://h:5672, amqp://i:5672/v?x"],
  ["amqp://[::1]:5672/v", "amqp://[::1]:5672/v"],
  ["see https://www.rabbitmq.com/docs: it says so", "see https://www.rabbitmq.com/docs: it says so"],
  ["no address", "no address"],
])("%s", (text, expected) => {
  expect(withoutUrlPasswords(text)).toBe(expected);
});

it("takes no longer for long texts than they are", () => {
  const texts = [
    "a://".repeat(20_000),
    "a://b:".repeat(10_000),
    `a://${" :".repeat(40_000)}`,
    `a://b:${"@ ".repeat(40_000)}`,
  ];
  const began = performance.now();
  for (const text of texts) withoutUrlPasswords(text);
  expect(performance.now() - began).toBeLessThan(2000);
});
