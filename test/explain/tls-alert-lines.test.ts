/** TLS alerts of a broker's log, which name no peer: whose connection they ended. */
import { describe, expect, it } from "vitest";
import { BrokerLog } from "../../src/explain/broker-log.ts";
import { unsupportedRecordType } from "../../src/explain/tls-alert-lines.ts";

const time = (seconds: number) => `2026-11-29 18:28:${seconds.toFixed(6).padStart(9, "0")}+00:00`;

function alert(process: number, seconds: number, reason = "{unsupported_record_type,155}"): string[] {
  const prefix = `${time(seconds)} [notice] <0.${process}.0> `;
  const what =
    "TLS server: In state connection at tls_record.erl:564 generated SERVER ALERT: Fatal - Unexpected Message";
  return [prefix + what, `${prefix} - ${reason}`];
}

function closing(process: number, port: number, seconds: number): string[] {
  const prefix = `${time(seconds)} [warning] <0.${process}.0> `;
  return [
    `${prefix}closing AMQP connection <0.${process}.0> (10.0.0.1:${port} -> 10.0.0.5:5671 - orders, vhost: '/', user: 'guest'):`,
    `${prefix}client unexpectedly closed TCP connection`,
  ];
}

/** The client's port of each entry; null where its connection is not known. */
function ports(...lines: string[][]): (number | null)[] {
  const log = new BrokerLog();
  for (const line of lines.flat()) log.line(line);
  log.end();
  return log.entries.map(({ site }) => site.peer?.port ?? null);
}

describe("a TLS alert belongs to the connection", () => {
  it("whose process was started behind the one that speaks TLS, and that closes then", () => {
    expect(ports(alert(893, 1), closing(896, 4000, 1.0005))).toEqual([4000, 4000]);
  });

  it("though others close in between", () => {
    const lines = [alert(893, 1), closing(700, 5000, 1.0001), closing(2000, 5001, 1.0002), closing(896, 4000, 1.0005)];
    expect(ports(...lines)).toEqual([4000, 5000, 5001, 4000]);
  });

  it("one behind the other", () => {
    const lines = [alert(893, 1), closing(896, 4000, 1.1), alert(993, 2), closing(996, 4001, 2.1)];
    expect(ports(...lines)).toEqual([4000, 4000, 4001, 4001]);
  });

  it.each([
    ["that closes long after", [alert(893, 1), closing(896, 4000, 9)]],
    ["whose process is another", [alert(893, 1), closing(960, 4000, 1.1)]],
  ])("and to none %s", (_what, lines) => {
    expect(ports(...lines)).toEqual([null, 4000]);
  });

  it("and to none where two may be meant", () => {
    expect(ports(alert(893, 1), alert(894, 1), closing(897, 4000, 1.1))).toEqual([null, null, 4000]);
  });
});

it("alerts of handshakes that fail are not kept", () => {
  const failed = alert(893, 1).map(line => line.replace("state connection", "state start"));
  expect(ports(failed, closing(896, 4000, 1.1))).toEqual([4000]);
});

it("the record type that the broker does not know is read, however its line is wrapped", () => {
  expect(unsupportedRecordType([" - {unsupported_record_type,155}"])).toBe(155);
  expect(unsupportedRecordType([" - {unsupported_record_type,", "   7}"])).toBe(7);
  expect(unsupportedRecordType(["decryption_failed"])).toBeNull();
});
