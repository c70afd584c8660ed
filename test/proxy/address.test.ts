import { describe, expect, it } from "vitest";
import { endpointText, parseListen, parseUpstream, plainAddress } from "../../src/proxy/address.ts";
import { ProxyError } from "../../src/proxy/proxy-error.ts";

describe("where to listen", () => {
  it.each([
    ["5673", "127.0.0.1", 5673],
    [":5673", "127.0.0.1", 5673],
    ["127.0.0.1:5673", "127.0.0.1", 5673],
    ["localhost:0", "localhost", 0],
    ["0.0.0.0:5673", "0.0.0.0", 5673],
    ["[::1]:5673", "::1", 5673],
    ["[::]:65535", "::", 65535],
    ["[fe80::1%eth0]:5673", "fe80::1%eth0", 5673],
  ])("%s", (text, host, port) => {
    expect(parseListen(text)).toEqual({ host, port });
  });

  it.each([
    ["", "expected 5673, 127.0.0.1:5673 or [::1]:5673, found no port"],
    ["localhost", "expected 5673, 127.0.0.1:5673 or [::1]:5673, found no port"],
    ["[::1]", "expected 5673, 127.0.0.1:5673 or [::1]:5673, found no port"],
    ["::1", "expected 5673, 127.0.0.1:5673 or [::1]:5673, found an IPv6 address without brackets"],
    ["[127.0.0.1]:1", 'expected an IPv6 address in brackets, found "127.0.0.1"'],
    ["65536", 'expected a port from 0 to 65535, found "65536"'],
    ["localhost:amqp", 'expected a port from 0 to 65535, found "amqp"'],
    ["localhost:", 'expected a port from 0 to 65535, found ""'],
    ["localhost:-1", 'expected a port from 0 to 65535, found "-1"'],
    ["two words:1", "expected 5673, 127.0.0.1:5673 or [::1]:5673"],
    ["a:1:2", 'expected a port from 0 to 65535, found "1:2"'],
  ])("not %s", (text, problem) => {
    expect(() => parseListen(text)).toThrow(new ProxyError(text, problem));
  });
});

describe("the broker", () => {
  it.each([
    ["broker", "broker", 5672, false, "amqp://broker:5672"],
    ["broker:5673", "broker", 5673, false, "amqp://broker:5673"],
    ["amqp://broker", "broker", 5672, false, "amqp://broker:5672"],
    ["AMQPS://broker", "broker", 5671, true, "amqps://broker:5671"],
    ["amqps://broker:1", "broker", 1, true, "amqps://broker:1"],
    ["amqp://user:pass@broker:5672/vhost", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://user:p@ss/w?rd@broker", "broker", 5672, false, "amqp://broker:5672"],
    ["user:pass@broker", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://broker/%2f?heartbeat=10&password=x", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://[2001:db8::1]:5672", "2001:db8::1", 5672, false, "amqp://[2001:db8::1]:5672"],
    ["[::1]", "::1", 5672, false, "amqp://[::1]:5672"],
  ])("%s", (text, host, port, tls, shown) => {
    expect(parseUpstream(text)).toEqual({ host, port, tls, shown });
  });

  it.each([
    ["http://broker", 'http://broker: expected amqp:// or amqps://, found "http://"'],
    ["", ": expected broker, broker:5672, [::1]:5672, amqp://broker:5672 or amqps://broker, found no host"],
    ["amqp://", /found no host$/],
    ["amqp:///vhost", /found no host$/],
    ["::1", /found an IPv6 address without brackets$/],
    ["broker:0", 'broker:0: expected a port from 1 to 65535, found "0"'],
    ["amqp://user:secret@broker:x", 'amqp://…@broker:x: expected a port from 1 to 65535, found "x"'],
    ["http://user:secret@broker", 'http://…@broker: expected amqp:// or amqps://, found "http://"'],
    ["amqp://user:secret@", /^amqp:\/\/…@: expected .*found no host$/],
    [
      "amqp://\u001b[2J",
      "amqp://\\x1b[2J: expected broker, broker:5672, [::1]:5672, amqp://broker:5672 or amqps://broker",
    ],
  ])("not %s", (text, message) => {
    let thrown: unknown;
    try {
      parseUpstream(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ProxyError);
    if (typeof message === "string") expect((thrown as Error).message).toBe(message);
    else expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message).not.toContain("secret");
  });
});

it("an endpoint as text", () => {
  expect(endpointText("127.0.0.1", 5672)).toBe("127.0.0.1:5672");
  expect(endpointText("::1", 5672)).toBe("[::1]:5672");
});

it("an IPv4 address in IPv6 clothes", () => {
  expect(plainAddress("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(plainAddress("2001:db8::1")).toBe("2001:db8::1");
});
