/** The broker's URL with the proxy in the broker's place: what is carried over, and what is not. */
import { describe, expect, it } from "vitest";
import { parseBrokerUrl, urlAt } from "../../src/cli/broker-url.ts";

const PROXY = { address: "127.0.0.1", port: 40000 };

describe("a URL", () => {
  it.each<[url: string, upstream: string, atProxy: string]>([
    ["amqp://broker", "amqp://broker:5672", "amqp://127.0.0.1:40000"],
    ["amqp://broker/", "amqp://broker:5672", "amqp://127.0.0.1:40000/"],
    ["AMQP://broker:5673", "amqp://broker:5673", "amqp://127.0.0.1:40000"],
    ["broker:5673", "amqp://broker:5673", "amqp://127.0.0.1:40000"],
    ["amqp://guest:secret@broker/%2f", "amqp://broker:5672", "amqp://guest:secret@127.0.0.1:40000/%2f"],
    ["amqp://guest@broker/%2Fa%2Fb", "amqp://broker:5672", "amqp://guest@127.0.0.1:40000/%2Fa%2Fb"],
    ["amqp://:@broker/", "amqp://broker:5672", "amqp://:@127.0.0.1:40000/"],
    ["amqp://@broker", "amqp://broker:5672", "amqp://@127.0.0.1:40000"],
    ["amqp://u%40x:p%2fq@broker/v", "amqp://broker:5672", "amqp://u%40x:p%2fq@127.0.0.1:40000/v"],
    ["amqp://u:p@[2001:db8::1]/v", "amqp://[2001:db8::1]:5672", "amqp://u:p@127.0.0.1:40000/v"],
    ["amqp://[::1]:5673", "amqp://[::1]:5673", "amqp://127.0.0.1:40000"],
    ["amqp://broker?heartbeat=10", "amqp://broker:5672", "amqp://127.0.0.1:40000?heartbeat=10"],
    ["amqp://u:p@b/v?a=1&b=2#c", "amqp://b:5672", "amqp://u:p@127.0.0.1:40000/v?a=1&b=2#c"],
    // An @ is nothing special behind the host.
    ["amqp://u:p@b/v@w?name=me@home", "amqp://b:5672", "amqp://u:p@127.0.0.1:40000/v@w?name=me@home"],
    ["amqp://b:5673/v?name=me@home", "amqp://b:5673", "amqp://127.0.0.1:40000/v?name=me@home"],
    // A password that should have been escaped, and was not.
    ["amqp://u:p/q@broker/v", "amqp://broker:5672", "amqp://u:p/q@127.0.0.1:40000/v"],
    ["amqp://u:p?q@r@broker:5673/v", "amqp://broker:5673", "amqp://u:p?q@r@127.0.0.1:40000/v"],
    // The proxy speaks no TLS: what configures it goes with it.
    ["amqps://u:p@broker/v", "amqps://broker:5671", "amqp://u:p@127.0.0.1:40000/v"],
    ["amqps://b/v?verify=verify_peer&cacertfile=/ca.pem", "amqps://b:5671", "amqp://127.0.0.1:40000/v"],
    ["amqps://b?certfile=c&heartbeat=5&keyfile=k", "amqps://b:5671", "amqp://127.0.0.1:40000?heartbeat=5"],
    ["amqps://b?ssl_options={'verify_mode':1}#x", "amqps://b:5671", "amqp://127.0.0.1:40000#x"],
    ["amqp://b?verify=none", "amqp://b:5672", "amqp://127.0.0.1:40000?verify=none"],
  ])("%s", (url, upstream, atProxy) => {
    const broker = parseBrokerUrl(url);
    expect(broker.upstream.shown).toBe(upstream);
    expect(urlAt(PROXY, broker)).toBe(atProxy);
  });

  it("with a proxy that listens on IPv6", () => {
    expect(urlAt({ address: "::1", port: 40000 }, parseBrokerUrl("amqp://b/v"))).toBe("amqp://[::1]:40000/v");
  });

  it.each<[url: string, complaint: string]>([
    ["", "found no host"],
    ["amqp://u:secret@", "found no host"],
    ["amqp://u:secret@/vhost", "found no host"],
    ["http://u:secret@broker", 'expected amqp:// or amqps://, found "http://"'],
    ["amqp://u:secret@broker:port", "expected a port from 1 to 65535"],
    ["amqp://u:secret", "expected a port from 1 to 65535"],
    ["amqp://u:5672/secret@broker", "write %40 and %2F"],
    ["amqp://u:secret@broker:70000", "expected a port from 1 to 65535"],
    ["amqp://u:secret@one,two/v", "expected broker, broker:5672"],
    ["amqp://u:secret@2001:db8::1/v", "an IPv6 address without brackets"],
    ["amqp://u:secret@[2001:db8::g]/v", "expected an IPv6 address in brackets"],
    ["amqp://u:sec/ret@bro ker/v", "expected broker, broker:5672"],
  ])("%j is none, and what is said of it holds no credentials", (url, complaint) => {
    const parse = () => parseBrokerUrl(url);
    expect(parse).toThrow(complaint);
    expect(parse).not.toThrow(/sec|ret@/);
  });
});
