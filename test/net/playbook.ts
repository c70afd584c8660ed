/**
 * A playbook: segments in, what the observer hears out, both as lines of text.
 *
 * ```text
 * > S 99             the client's SYN, sequence number 99; letters as in test/support/segments.ts, "." for none
 * < S 499:100        the server's answer; a number behind the colon sets ACK
 * > . 100:500 hello  five octets
 * > F 105 world/2    five octets of which the capture has two, and a FIN
 * ```
 *
 * What is heard: `> hello #3` octets and the packet they were in, `> gap 5 #4`, `> gap ? #4`, `> cut 5 #4`,
 * `> end fin #9`. `>` is side 0. From the second connection on, its ordinal stands in front.
 */
import { describe, expect, it } from "vitest";
import type { ConnectionObserver, Side } from "../../src/net/connection-observer.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";
import type { TcpLimits } from "../../src/net/tcp-limits.ts";
import { carrying } from "../support/segments.ts";

export class Playbook {
  readonly log: string[] = [];
  readonly connections: TcpConnection[] = [];
  readonly assembler: TcpAssembler;
  #number = 0;
  /** Added to every sequence number, to move a play across the wrap at 2^32. */
  readonly #base: number;
  readonly #clientPort: number;

  constructor(options: { base?: number; clientPort?: number; limits?: Partial<TcpLimits>; foreign?: boolean } = {}) {
    this.#base = options.base ?? 0;
    this.#clientPort = options.clientPort ?? 40000;
    this.assembler = new TcpAssembler(connection => {
      this.connections.push(connection);
      return options.foreign ? null : this.observerOf(connection);
    }, options.limits);
  }

  observerOf(connection: TcpConnection): ConnectionObserver {
    const prefix = connection.ordinal === 0 ? "" : `${connection.ordinal + 1} `;
    const add = (side: Side, what: string) => {
      this.log.push(`${prefix}${side === 0 ? ">" : "<"} ${what} #${this.assembler.moment.packet}`);
    };
    return {
      data: (side, bytes, start, end) => add(side, new TextDecoder().decode(bytes.slice(start, end))),
      gap: (side, missing, cut) => add(side, `${cut ? "cut" : "gap"} ${missing < 0 ? "?" : missing}`),
      end: (side, reason) => add(side, `end ${reason}`),
    };
  }

  /** Feeds the segments, one a line. Empty lines and what follows `--` are for the reader. */
  feed(lines: string): this {
    for (const line of lines.split("\n")) {
      const text = line.replace(/--.*/, "").trim();
      if (text !== "") this.#segment(text);
    }
    return this;
  }

  finish(): string[] {
    this.assembler.finish();
    return this.log;
  }

  #segment(line: string): void {
    const match = /^([<>]) ([A-Z]+|\.) (-?\d+)(?::(-?\d+))?(?: ([^\s/]+))?(?:\/(\d+))?$/.exec(line);
    if (match === null) throw new Error(`not a segment: ${line}`);
    const [, direction, flags, sequence, acknowledgment, payload = "", captured] = match;
    const client = direction === ">";
    const packet = carrying(payload)
      .tcp({
        from: client ? this.#clientPort : 5672,
        to: client ? 5672 : this.#clientPort,
        flags: acknowledgment === undefined ? flags! : `${flags}A`,
        sequence: this.#base + Number(sequence),
        acknowledgment: acknowledgment === undefined ? 0 : this.#base + Number(acknowledgment),
      })
      .ipv4({ source: client ? "10.0.0.1" : "10.0.0.2", destination: client ? "10.0.0.2" : "10.0.0.1" })
      .ethernet();
    if (captured !== undefined) packet.cutTo(packet.bytes.length - payload.length + Number(captured));
    this.assembler.packet(packet.record(1, ++this.#number));
  }
}

/** What the observer hears of these segments, the end of the timeline included. */
export function play(lines: string, options?: ConstructorParameters<typeof Playbook>[0]): string[] {
  return new Playbook(options).feed(lines).finish();
}

export interface Play {
  rule: string;
  segments: string;
  log: string[];
  limits?: Partial<TcpLimits>;
}

/**
 * Tests that each play is heard as written, and again with every sequence number moved so that the wrap at 2^32, and
 * the change of sign at 2^31, falls on each octet of the handshake and of what follows.
 */
export function describePlays(title: string, plays: readonly Play[]): void {
  describe(title, () => {
    it.each(plays)("$rule", ({ segments, log, limits = {} }) => {
      expect(play(segments, { limits })).toEqual(log);
      for (const edge of [2 ** 31, 2 ** 32]) {
        for (let before = 95; before <= 115; before++) {
          expect(play(segments, { base: edge - before, limits }), `100 at ${edge - before + 100}`).toEqual(log);
        }
      }
    });
  });
}

export const HANDSHAKE = `
  > S 99
  < S 499:100
  > . 100:500
`;
