/** What the broker writes, read as far as this test needs it. Trusts the broker's framing. */

export interface ServerClose {
  code: number;
  text: string;
  classId: number;
  methodId: number;
}

/** AMQP 0-8 gave connection.close and close-ok other numbers: 60 and 61, where 0-9-1 has 50 and 51. */
const CLOSE_0_9 = 50;
const CLOSE_0_8 = 60;

export type ServerEvent =
  | { kind: "protocol-header"; octets: Buffer }
  | { kind: "heartbeat" }
  /** `method-id` as in 0-9-1. */
  | { kind: "method"; channel: number; classId: number; methodId: number; close?: ServerClose }
  | { kind: "content" };

export class ServerFrames {
  #pending: Buffer = Buffer.alloc(0);
  #close = CLOSE_0_9;

  *receive(octets: Buffer): Generator<ServerEvent> {
    this.#pending = this.#pending.length === 0 ? octets : Buffer.concat([this.#pending, octets]);
    for (;;) {
      const buffer = this.#pending;
      if (buffer.length < 8) return;
      if (buffer.toString("latin1", 0, 4) === "AMQP") {
        this.#pending = buffer.subarray(8);
        yield { kind: "protocol-header", octets: buffer.subarray(0, 8) };
        continue;
      }
      const size = buffer.readUInt32BE(3);
      if (buffer.length < size + 8) return;
      this.#pending = buffer.subarray(size + 8);
      yield this.#read(buffer[0]!, buffer.readUInt16BE(1), buffer.subarray(7, 7 + size));
    }
  }

  #read(type: number, channel: number, payload: Buffer): ServerEvent {
    if (type === 8) return { kind: "heartbeat" };
    if (type !== 1) return { kind: "content" };
    const classId = payload.readUInt16BE(0);
    let methodId = payload.readUInt16BE(2);
    if (classId === 10 && methodId === 10 && payload[4] === 8) this.#close = CLOSE_0_8;
    if (classId === 10 && methodId >= this.#close) methodId += CLOSE_0_9 - this.#close;
    const isClose = (classId === 10 && methodId === CLOSE_0_9) || (classId === 20 && methodId === 40);
    const method = { kind: "method" as const, channel, classId, methodId };
    return isClose ? { ...method, close: readClose(payload) } : method;
  }
}

function readClose(payload: Buffer): ServerClose {
  const length = payload[6]!;
  const text = payload.subarray(7, 7 + length).toString("latin1");
  return {
    code: payload.readUInt16BE(4),
    text,
    classId: payload.readUInt16BE(7 + length),
    methodId: payload.readUInt16BE(9 + length),
  };
}
