/** A broker's log beside a capture: what belongs to which connection. */
import { describe, expect, it } from "vitest";
import { BrokerLog, type Candidate, exceptionIn, logDiffers, tieEntries } from "../../src/explain/broker-log.ts";

const AT = Date.parse("2026-11-21T18:20:00Z");

function read(...lines: string[]): BrokerLog {
  const log = new BrokerLog();
  for (const line of lines.join("\n").split("\n")) log.line(line);
  log.end();
  return log;
}

/** An incident's two messages, `seconds` after AT. */
function incident(peer: string, seconds = 1, zone = "+00:00", host = "10.0.0.5:5672"): string {
  const time = new Date(AT + seconds * 1000 + (zone === "+02:00" ? 7_200_000 : 0)).toISOString();
  const prefix = `${time.replace("T", " ").replace("Z", zone)} [error] <0.7.0> `;
  return [
    `${prefix}Error on AMQP connection <0.7.0> (${peer} -> ${host} - orders, vhost: '/', user: 'guest', state: running), channel 1:`,
    `${prefix} operation none caused a connection exception unexpected_frame: "expected method frame, got non method frame instead"`,
  ].join("\n");
}

function candidate(id: string, client: string, parts: Partial<Candidate> = {}): Candidate {
  const colon = client.lastIndexOf(":");
  return {
    id,
    client: { address: client.slice(0, colon), port: Number(client.slice(colon + 1)) },
    server: { address: "10.0.0.5", port: 5672 },
    start: AT,
    end: AT + 5000,
    ...parts,
  };
}

/** Ids of the connections that have entries, and the reasons of the others. */
function ties(log: BrokerLog, ...candidates: Candidate[]): { tied: Record<string, number>; reasons: string[] } {
  const { tied, untied } = tieEntries(log.entries, candidates);
  return {
    tied: Object.fromEntries([...tied].map(([id, entries]) => [id, entries.length])),
    reasons: untied.map(({ reason }) => reason),
  };
}

describe("what is kept of a log", () => {
  const prefix = "2026-11-21 18:20:01.5+00:00";
  it("errors of a channel, tied to the connection they name", () => {
    const channel = (pid: number, client: string): string =>
      `${prefix} [error] <0.${pid + 1}.0> Channel error on connection <0.${pid}.0> (${client} -> 10.0.0.5:5672, vhost: '/', user: 'guest'), channel 3:\n` +
      `${prefix} [error] <0.${pid + 1}.0> operation basic.publish caused a channel exception not_found: no exchange 'orders' in vhost '/'`;
    const log = read(channel(70, "10.0.0.1:4000"), channel(80, "10.0.0.1:4001"), channel(90, "10.0.0.1:4002"));
    expect(log.entries.map(({ site: { pid, peer } }) => [pid, peer?.port])).toEqual([
      ["<0.70.0>", 4000],
      ["<0.80.0>", 4001],
      ["<0.90.0>", 4002],
    ]);
    const { tied, reasons } = ties(log, candidate("c1", "10.0.0.1:4000"), candidate("c2", "10.0.0.1:4001"));
    expect(tied).toEqual({ c1: 1, c2: 1 });
    expect(reasons).toHaveLength(1);
  });
  it("errors and ends for a reason, not ends in peace", () => {
    const { entries, lines } = read(
      `${prefix} [info] <0.7.0> accepting AMQP connection <0.7.0> (10.0.0.1:4000 -> 10.0.0.5:5672)`,
      incident("10.0.0.1:4000"),
      `${prefix} [error] <0.7.0> closing AMQP connection <0.7.0> (10.0.0.1:4000 -> 10.0.0.5:5672, duration: '1M, 2s'):`,
      `${prefix} [error] <0.7.0> fatal_frame_error`,
      `${prefix} [info] <0.8.0> closing AMQP connection <0.8.0> (10.0.0.1:4001 -> 10.0.0.5:5672, vhost: '/', user: 'guest', duration: '2s')`,
      `${prefix} [info] <0.9.0> Server startup complete`,
    );
    expect(lines).toBe(7);
    expect(entries.map(({ lines }) => lines.at(-1)?.trim())).toEqual([
      'operation none caused a connection exception unexpected_frame: "expected method frame, got non method frame instead"',
      "fatal_frame_error",
    ]);
    expect(entries[0]?.site).toMatchObject({ peer: { address: "10.0.0.1", port: 4000 }, name: "orders" });
  });

  it("a crash report, which names the process only", () => {
    const { entries } = read(
      `${prefix} [info] <0.7.0> accepting AMQP connection <0.7.0> (10.0.0.1:4000 -> 10.0.0.5:5672)`,
      `${prefix} [error] <0.7.0>   crasher:`,
      `${prefix} [error] <0.7.0>     pid: <0.7.0>`,
      `${prefix} [error] <0.7.0>     exception exit: {unknown_method_id,{60,41}}`,
    );
    expect(entries.map(({ site }) => site.peer)).toEqual([{ address: "10.0.0.1", port: 4000 }]);
  });

  it("no more than is bearable", () => {
    const log = new BrokerLog();
    for (let at = 0; at < 12_000; at++) {
      for (const line of incident(`10.0.0.1:${1000 + at}`)
        .replaceAll("<0.7.0>", `<0.${at}.0>`)
        .split("\n"))
        log.line(line);
    }
    log.end();
    expect([log.entries.length, log.omitted]).toEqual([10_000, 2000]);
  });
});

describe("a message is tied", () => {
  it("by addresses and ports at both ends", () => {
    const log = read(incident("10.0.0.1:4000"));
    expect(ties(log, candidate("c1", "10.0.0.1:4001"), candidate("c2", "10.0.0.1:4000")).tied).toEqual({ c2: 1 });
    expect(ties(log, candidate("c1", "10.0.0.2:4000")).reasons).toEqual([
      "the capture has its peer's port, but not its address (behind a NAT or a proxy?)",
    ]);
    const elsewhere = candidate("c1", "10.0.0.1:4000", { server: { address: "10.0.0.5", port: 5673 } });
    expect(ties(log, elsewhere).reasons).toEqual([
      "the capture has its peer, but at another address or port of the broker",
    ]);
    expect(ties(log).reasons[0]).toContain("the capture");
    expect(ties(log, candidate("c1", "10.9.9.9:1")).reasons).toEqual(["its peer is not in the capture"]);
  });

  it("over IPv6, IPv4 written as IPv6, and a name that was looked up", () => {
    const six = candidate("c1", "2001:db8::1:4000", { server: { address: "2001:db8::5", port: 5672 } });
    expect(ties(read(incident("[2001:db8::1]:4000", 1, "+00:00", "[2001:db8::5]:5672")), six).tied).toEqual({ c1: 1 });
    const mapped = read(incident("[::ffff:10.0.0.1]:4000", 1, "+00:00", "[::ffff:10.0.0.5]:5672"));
    expect(ties(mapped, candidate("c1", "10.0.0.1:4000")).tied).toEqual({ c1: 1 });
    const named = read(incident("app-3.example:4000", 1, "+00:00", "mq.example:5672"));
    expect(ties(named, candidate("c1", "10.0.0.1:4000")).tied).toEqual({ c1: 1 });
  });

  it("whatever time zone the log's times are in", () => {
    expect(ties(read(incident("10.0.0.1:4000", 1, "+02:00")), candidate("c1", "10.0.0.1:4000")).tied).toEqual({
      c1: 1,
    });
    // Three hours off, and no zone: a zone, not another time.
    const local = incident("10.0.0.1:4000", 3 * 3600 + 2, "").replaceAll("+00:00", "");
    expect(ties(read(local), candidate("c1", "10.0.0.1:4000")).tied).toEqual({ c1: 1 });
    const other = incident("10.0.0.1:4000", 400, "");
    expect(ties(read(other), candidate("c1", "10.0.0.1:4000")).reasons).toEqual([
      "the capture has its peer, but 395 s apart from it in time",
    ]);
  });

  it("in spite of clocks that differ by seconds, not by minutes", () => {
    for (const seconds of [-20, 0, 3, 25]) {
      expect(ties(read(incident("10.0.0.1:4000", seconds)), candidate("c1", "10.0.0.1:4000")).tied).toEqual({ c1: 1 });
    }
    const later = candidate("c2", "10.0.0.1:4001", { start: AT + 600_000, end: AT + 605_000 });
    expect(ties(read(incident("10.0.0.1:4000", 300)), candidate("c1", "10.0.0.1:4000"), later).reasons).toEqual([
      "the capture has its peer, but 295 s apart from it in time",
    ]);
    expect(ties(read(incident("10.0.0.1:4000", 300)), candidate("c1", "10.0.0.1:4000")).reasons).toEqual([
      "it was logged after the capture",
    ]);
  });

  it("to the nearest in time where a port is used twice", () => {
    const twice = [
      candidate("c1", "10.0.0.1:4000"),
      candidate("c2", "10.0.0.1:4000", { start: AT + 20_000, end: AT + 25_000 }),
    ];
    expect(ties(read(incident("10.0.0.1:4000", 2)), ...twice).tied).toEqual({ c1: 1 });
    expect(ties(read(incident("10.0.0.1:4000", 8)), ...twice).tied).toEqual({ c1: 1 });
    expect(ties(read(incident("10.0.0.1:4000", 18)), ...twice).tied).toEqual({ c2: 1 });
    const timeless = incident("10.0.0.1:4000").replace(/^.*?<0\.7\.0> /gm, "");
    expect(ties(read(timeless), ...twice).reasons[0]).toContain("more than once");
    expect(ties(read(timeless), twice[0]!).tied).toEqual({ c1: 1 });
  });
});

describe("the log and the prediction", () => {
  const logged = read(incident("10.0.0.1:4000")).entries;
  const predicted = (text: string) => [
    "Error on AMQP connection <…> (…, state: running), channel 1:",
    ` operation none caused a connection exception ${text}`,
  ];

  it("agree, however the text is quoted and wrapped", () => {
    expect(
      logDiffers(logged, predicted('unexpected_frame: "expected method frame, got non method frame instead"')),
    ).toBeNull();
    const plain = 'frame_error: "type 3, first 16 octets = <<\\"{\\\\\\"task\\">>: {invalid_frame_end_marker,98}"';
    const wrapped = plain.replace(",98}", `,\\n${" ".repeat(54)}98}`);
    expect(exceptionIn(predicted(wrapped))).toBe(exceptionIn(predicted(plain)));
    expect(exceptionIn(predicted(plain))).toBe(
      'frame_error: type 3, first 16 octets = <<"{\\"task">>: {invalid_frame_end_marker,98}',
    );
  });

  it("differ, and it is said in one sentence", () => {
    const text = 'frame_error: "type 4, all octets = <<>>: unknown_frame"';
    expect(logDiffers(logged, predicted(text))).toBe(
      "The broker logged unexpected_frame: expected method frame, got non method frame instead, where frame_error: type 4, all octets = <<>>: unknown_frame was predicted: a broker of another version, or octets that are missing from the capture.",
    );
    expect(logDiffers(logged, null)).toContain("let expect no error");
  });

  it("are not compared where the broker closed for a reason of its own", () => {
    const forced = read(
      incident("10.0.0.1:4000").replace(
        /unexpected_frame: .*/,
        "connection_forced: \"broker forced connection closure with reason 'shutdown'\"",
      ),
    ).entries;
    expect(logDiffers(forced, null)).toBeNull();
    expect(logDiffers([], null)).toBeNull();
  });

  it("are compared for crashes too", () => {
    const crash = ["exception exit: {unknown_method_id,{60,41}}"];
    expect(exceptionIn(crash)).toBe("unknown_method_id,{60,41}");
  });
});
