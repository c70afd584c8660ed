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
    ["…@localhost:5673", "expected 5673, 127.0.0.1:5673 or [::1]:5673"],
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
    // An @ is nothing special behind the host.
    ["amqp://u:p@broker:5672/a@b", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://u:p@broker/a@b?name=me@home", "broker", 5672, false, "amqp://broker:5672"],
    ["amqps://u:p@[::1]:1/a@b", "::1", 1, true, "amqps://[::1]:1"],
    ["u:p@broker/a@b", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://broker/a@b", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://broker?name=me@home", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://broker:5673/v?name=me@home", "broker", 5673, false, "amqp://broker:5673"],
    ["amqp://[::1]:5673/a@b", "::1", 5673, false, "amqp://[::1]:5673"],
    // Passwords that should have been escaped, and were not.
    ["amqp://user:p@ss@broker/v", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://user:pa/ss@broker/v", "broker", 5672, false, "amqp://broker:5672"],
    ["amqp://user:p?a@ss@broker:1/v", "broker", 1, false, "amqp://broker:1"],
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
    ["broker:65536", 'broker:65536: expected a port from 1 to 65535, found "65536"'],
    ["amqp://user:secret@broker:x", /^amqp:\/\/…@broker:…: expected a port .* behind the colon, found no number$/],
    // The host was forgotten.
    ["amqp://guest:secret", "amqp://guest:…: expected a port from 1 to 65535 behind the colon, found no number"],
    ["guest:secret", "guest:…: expected a port from 1 to 65535 behind the colon, found no number"],
    ["amqp://guest:secret/vhost", /^amqp:\/\/guest:…: expected a port/],
    ["amqp://guest:1secret?x", /^amqp:\/\/guest:…: expected a port/],
    ["amqp://guest:", /^amqp:\/\/guest:…: expected a port/],
    // Either this is a port and that a virtual host, or all of it a password.
    ["amqp://guest:5672/secret@broker", /^amqp:\/\/…@broker: expected one @ .* write %40 and %2F for the others$/],
    ["amqp://guest:5672/secret@secret@b", /^amqp:\/\/…@b: expected one @/],
    ["amqp://user:sec/ret@broker/a@b", /^amqp:\/\/…@b: expected one @/],
    ["amqp://user:sec@s:s/secret@broker", /^amqp:\/\/…@broker: expected one @/],
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
  expect(plainAddress("::FFFF:192.0.2.1")).toBe("192.0.2.1");
  expect(plainAddress("2001:db8::1")).toBe("2001:db8::1");
  expect(plainAddress("fe80::1%eth0")).toBe("fe80::1");
});
