import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/report/report.ts";
import { inspected, segmented } from "../forensics/untangle/inspected.ts";
import { randomNumbers } from "../support/chunkings.ts";
import { type Conversation, connectionOf, conversation } from "../support/frame-log.ts";
import { clientHandshake, field, headerPayload, join, type Properties, type Wire, wire } from "../support/wire.ts";

/** The client names its library where `product` does. */
function warnings(client: Wire, product = "", version = "2.0.0"): Finding[] {
  const properties = product === "" ? {} : { product: field.S(product), version: field.S(version) };
  const opened = clientHandshake({ properties }).channelOpen(1).channelOpen(2).channelOpen(3);
  return inspected({ segments: segmented(join(opened.octets, client.octets), 65_000) }).findings;
}

function rules(client: Wire, product?: string, version?: string): string[] {
  return warnings(client, product, version).map(({ rule, severity }) => `${severity} ${rule}`);
}

/** What is found in a conversation. */
function foundIn(conversation: Conversation): string[] {
  return connectionOf(conversation).incidents.map(({ rule, severity }) => `${severity} ${rule}`);
}

function named(properties: Readonly<Record<string, string>>): Properties {
  return { headers: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, field.S(value)])) };
}

function trace(id: number): string {
  return `00-${String(id).padStart(32, "0")}-00000000000000aa-01`;
}

/** Publishes on channel 1, one after the other, each by the producer that the list says. */
function published(producers: readonly string[], header = "thread"): Wire {
  const client = wire();
  for (const producer of producers) client.publish(1, "hello", { properties: named({ [header]: producer }) });
  return client;
}

describe("shared-channel", () => {
  /** A and B by turns, until a producer has come back so often. */
  const turns = (returns: number): string[] => Array.from({ length: returns + 2 }, (_, i) => "AB"[i % 2]!);

  it.each([
    { what: "a producer that comes back five times after another may be chance", producers: turns(5), found: [] },
    { what: "one that comes back six times is none", producers: turns(6), found: ["warning shared-channel"] },
    {
      what: "producers that follow each other and never come back",
      producers: "ABCDEFGHIJKLMNOP".split(""),
      found: [],
    },
    { what: "one producer", producers: "A".repeat(100).split(""), found: [] },
    { what: "long turns", producers: "AAAAABBBBBCCCCC".repeat(2).split(""), found: [] },
    { what: "a pool of three, by turns", producers: "ABC".repeat(8).split(""), found: ["warning shared-channel"] },
  ])("$what", ({ producers, found }) => {
    expect(rules(published(producers))).toEqual(found);
  });

  it("says how many there are, how often they came back, and which", () => {
    const [finding] = warnings(published("ABC".repeat(8).split("")));
    expect(finding?.message).toBe(
      "3 threads take turns on channel 1: 21 times one published again right after another had (“C” after “B”). A channel is for one producer; where two publish at a time, their frames mix.",
    );
  });

  it.each(["thread", "Thread-Id", "goroutine", "x-fiber-name"])("header %s names one", header => {
    expect(rules(published(turns(6), header))).toEqual(["warning shared-channel"]);
  });

  it.each(["x-worker", "worker_name", "process id"])("header %s names one if its value looks like an id", header => {
    const ids = turns(6).map(name => `pool-${name === "A" ? 1 : 2}`);
    expect(rules(published(ids, header))).toEqual(["warning shared-channel"]);
    const steps = turns(6).map(name => (name === "A" ? "billing" : "shipping"));
    expect(rules(published(steps, header))).toEqual([]);
  });

  it("is a note where the library keeps whole messages together", () => {
    expect(rules(published(turns(6)), "Bunny", "2.19.0")).toEqual(["note shared-channel"]);
    expect(rules(published(turns(6)), "py-amqp", "5.1.1")).toEqual(["warning shared-channel"]);
  });

  it("is found wherever in a connection it begins", () => {
    const alone = Array.from({ length: 1000 }, () => "A");
    expect(rules(published([...alone, ...turns(100)]))).toEqual(["warning shared-channel"]);
  });

  it("needs a publish that is not confirmed yet, where there are confirms", () => {
    const handshake = () => conversation().client(wire().channelOpen(1).frame(1, 1, [0, 85, 0, 10, 0]));
    const publish = (thread: string) => wire().publish(1, "hello", { properties: named({ thread }) });
    let waits = handshake().server(wire().channelOpenOk(1));
    let goesOn = handshake().server(wire().channelOpenOk(1));
    for (const [i, thread] of turns(10).entries()) {
      waits = waits.client(publish(thread)).server(wire().ack(1, i + 1));
      goesOn = goesOn.client(publish(thread));
    }
    expect(foundIn(waits)).toEqual([]);
    expect(foundIn(goesOn)).toEqual(["warning shared-channel"]);
  });

  it("producers whose headers this client passes on are none", () => {
    let relay = conversation().client(wire().channelOpen(1).channelOpen(2)).server(wire().channelOpenOk(1));
    const headers = (thread: string) => ({ properties: named({ thread }) });
    for (const thread of turns(20)) relay = relay.server(wire().deliver(2, "hello", headers(thread)));
    for (const thread of turns(20)) relay = relay.client(wire().publish(1, "hello", headers(thread)));
    expect(foundIn(relay)).toEqual([]);
  });

  it.each(["threads", "host", "tenant", "x-request-id"])("header %s does not", header => {
    expect(rules(published(turns(6), header))).toEqual([]);
  });

  it("a trace is a request, and no producer", () => {
    const client = wire();
    for (let i = 0; i < 40; i++) client.publish(1, "hello", { properties: named({ traceparent: trace(i % 2) }) });
    expect(rules(client)).toEqual([]);
  });

  it("each thread on a channel of its own is as it should be", () => {
    const client = wire();
    for (let i = 0; i < 60; i++)
      client.publish(1 + (i % 3), "hello", { properties: named({ thread: `worker-${i % 3}` }) });
    expect(rules(client)).toEqual([]);
  });
});

describe("split-content", () => {
  /** Publishes on channel 1; so many of them have a heartbeat's channel, or channel 2, inside. */
  const splits = (count: number, publishes: number, where: "method" | "header"): Wire => {
    const client = wire();
    for (let i = 0; i < publishes; i++) {
      client.publishMethod(1);
      if (i < count && where === "method") client.ack(2, i + 1);
      client.frame(2, 1, headerPayload(5));
      if (i < count && where === "header") client.ack(2, i + 1);
      client.body(1, "hello");
    }
    return client;
  };

  it.each([
    { what: "two are too few", client: splits(2, 9, "header"), found: [] },
    { what: "three are a habit", client: splits(3, 3, "header"), found: ["warning split-content"] },
    { what: "whatever their share", client: splits(3, 500, "method"), found: ["warning split-content"] },
  ])("of a library that writes a publish in one go, $what", ({ client, found }) => {
    expect(rules(client, "Pika Python Client Library")).toEqual(found);
  });

  it.each([
    { product: "amqplib", version: "0.10.3", level: "note" },
    { product: "AMQP 0.9.1 Client", version: "1.9.0", level: "note" },
    { product: "Bunny", version: "1.7.1", level: "note" },
    { product: "Bunny", version: "2.19.0", level: "warning" },
    { product: "py-amqp", version: "5.1.1", level: "warning" },
    { product: "AMQPLib", version: "3.5.1", level: "warning" },
    { product: "nobody knows it", version: "1", level: "note" },
  ])("$product $version: a $level", ({ product, version, level }) => {
    expect(rules(splits(30, 40, "method"), product, version)).toEqual([`${level} split-content`]);
  });

  it("says how many there are and where the closest came", () => {
    expect(warnings(splits(12, 40, "method"))[0]?.message).toBe(
      "Other channels' frames stand inside 12 of 40 publishes (12 times right behind the method, before its content header; first channel 2 inside channel 1): legal (§4.2.6). This client writes a publish in pieces: where several threads write, only a lock around each piece keeps frames whole.",
    );
    expect(warnings(splits(12, 40, "header"))[0]?.message).toContain("always between content header and body");
  });

  it("a publish counts once, however many frames come into it", () => {
    const client = wire();
    let tag = 0;
    for (let i = 0; i < 5; i++) {
      client.publishMethod(1).heartbeat().ack(2, ++tag).ack(3, ++tag).ack(2, ++tag).frame(2, 1, headerPayload(2));
      client.ack(3, ++tag).body(1, "a").ack(2, ++tag).body(1, "b");
    }
    expect(rules(client)).toEqual([]);
  });
});

describe("many channels used properly", () => {
  it("is nothing to warn of: whole publishes on three channels, acks and heartbeats between them", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = randomNumbers(seed);
      const client = wire();
      for (let i = 0; i < 200; i++) {
        const channel = 1 + Math.floor(random() * 3);
        const kind = random();
        if (kind < 0.15) client.heartbeat();
        else if (kind < 0.3) client.ack(channel, i + 1);
        else {
          const properties = named({ thread: `worker-${channel}`, traceparent: trace(i) });
          client.publish(channel, "x".repeat(Math.floor(random() * 9000)), { properties });
        }
      }
      expect(rules(client), `seed ${seed}`).toEqual([]);
    }
  });
});
