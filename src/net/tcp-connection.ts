/** One TCP connection of the capture: its ends, its size, how it ended; and the state of reassembly. */
import { type ConnectionObserver, type InjectedReset, Moment, type Side } from "./connection-observer.ts";
import { ipv4Text, ipv6Text } from "./ip-address.ts";
import { isAfter } from "./moment-order.ts";
import type { TcpSegment } from "./tcp-segment.ts";
import { TcpStream } from "./tcp-stream.ts";
import type { TunnelPaths } from "./tunnel-path.ts";

/** Tunnels by which one connection's segments come, besides the first. */
const MAX_OTHER_PATHS = 16;

/** Side 0 sent the SYN, or received the SYN-ACK; in mid-stream it is the end with the higher port. */
export class TcpConnection {
  /** Counts connections in the order of their first packet, from 0. */
  readonly ordinal: number;
  /** Null until the first octets, and for a connection without an observer. Set to null, it gets no more octets. */
  observer: ConnectionObserver | null = null;
  /** Whether an observer was asked for. */
  opened = false;
  /** The first and the last packet. */
  readonly first = new Moment();
  readonly last = new Moment();
  /** Packets seen, those without octets included. */
  packets = 0;
  /** When the SYN was answered; null if that was not captured. */
  synAck: Moment | null = null;
  /** When the first RST was accepted; null if there was none. */
  rst: Moment | null = null;
  /** That RST, if neither end sent it. */
  injectedReset: InjectedReset | null = null;

  readonly version: number;
  readonly #port0: number;
  readonly #port1: number;
  readonly #address00: number;
  readonly #address01: number;
  readonly #address02: number;
  readonly #address03: number;
  readonly #address10: number;
  readonly #address11: number;
  readonly #address12: number;
  readonly #address13: number;

  /** Tunnels by which a side's segments come, as tunnel-path.ts numbers them. */
  #path0: number;
  #path1: number;
  readonly #paths: TunnelPaths;
  /** Other tunnels by which the same segments come: side and path, side and path, … */
  #otherPaths: number[] | null = null;

  readonly stream0 = new TcpStream();
  readonly stream1 = new TcpStream();
  /** Streams that hold segments back, 0 to 2. */
  holding = 0;

  /** The connection table's own: hash of the end points, chain of equal hashes, place in a list by last use. */
  readonly hash: number;
  chained: TcpConnection | null = null;
  older: TcpConnection | null = null;
  newer: TcpConnection | null = null;
  /** In the list of connections that have no observer, or are over. */
  spare = true;

  /** `from` is the side that sent `segment`. */
  constructor(ordinal: number, hash: number, segment: TcpSegment, from: Side, paths: TunnelPaths) {
    this.ordinal = ordinal;
    this.#paths = paths;
    this.hash = hash;
    const forward = from === 0;
    const wide = segment.version === 6;
    this.version = segment.version;
    this.#path0 = segment.path;
    this.#path1 = segment.path;
    this.#port0 = forward ? segment.sourcePort : segment.destinationPort;
    this.#port1 = forward ? segment.destinationPort : segment.sourcePort;
    this.#address00 = forward ? segment.source0 : segment.destination0;
    this.#address10 = forward ? segment.destination0 : segment.source0;
    this.#address01 = wide ? (forward ? segment.source1 : segment.destination1) : 0;
    this.#address02 = wide ? (forward ? segment.source2 : segment.destination2) : 0;
    this.#address03 = wide ? (forward ? segment.source3 : segment.destination3) : 0;
    this.#address11 = wide ? (forward ? segment.destination1 : segment.source1) : 0;
    this.#address12 = wide ? (forward ? segment.destination2 : segment.source2) : 0;
    this.#address13 = wide ? (forward ? segment.destination3 : segment.source3) : 0;
  }

  /** The side that sent `segment`, or −1 when it belongs to another connection. */
  sideOf(segment: TcpSegment): Side | -1 {
    const side = this.endOf(segment);
    if (side === 0) return segment.path === this.#path0 || this.#knowsPath(0, segment.path) ? 0 : -1;
    if (side === 1) return segment.path === this.#path1 || this.#knowsPath(1, segment.path) ? 1 : -1;
    return -1;
  }

  /** The side whose address and port sent `segment`, whatever tunnel it came by; or −1. */
  endOf(segment: TcpSegment): Side | -1 {
    if (segment.version !== this.version) return -1;
    const wide = segment.version === 6;
    if (
      segment.sourcePort === this.#port0 &&
      segment.destinationPort === this.#port1 &&
      segment.source0 === this.#address00 &&
      segment.destination0 === this.#address10 &&
      (!wide ||
        (segment.source1 === this.#address01 &&
          segment.source2 === this.#address02 &&
          segment.source3 === this.#address03 &&
          segment.destination1 === this.#address11 &&
          segment.destination2 === this.#address12 &&
          segment.destination3 === this.#address13))
    ) {
      return 0;
    }
    if (
      segment.sourcePort === this.#port1 &&
      segment.destinationPort === this.#port0 &&
      segment.source0 === this.#address10 &&
      segment.destination0 === this.#address00 &&
      (!wide ||
        (segment.source1 === this.#address11 &&
          segment.source2 === this.#address12 &&
          segment.source3 === this.#address13 &&
          segment.destination1 === this.#address01 &&
          segment.destination2 === this.#address02 &&
          segment.destination3 === this.#address03))
    ) {
      return 1;
    }
    return -1;
  }

  /** The tunnel by which a side's segments come. */
  path(side: Side): number {
    return side === 0 ? this.#path0 : this.#path1;
  }

  /** From now on a side's segments may come by this tunnel as well. */
  addPath(side: Side, path: number): void {
    const others = this.#otherPaths ?? [];
    if (others.length >= 2 * MAX_OTHER_PATHS) others.splice(0, 2);
    others.push(side, path);
    this.#otherPaths = others;
  }

  #knowsPath(side: Side, path: number): boolean {
    const others = this.#otherPaths;
    if (others === null) return false;
    for (let i = 0; i < others.length; i += 2) if (others[i] === side && others[i + 1] === path) return true;
    return false;
  }

  /** The tunnels that its packets came through, as text, each once. */
  tunnels(): string[] {
    const paths = [this.#path0, ...(this.#otherPaths ?? []).filter((_, i) => i % 2 === 1)];
    return [...new Set(paths.map(path => this.#paths.describe(path)))].filter(text => text !== "");
  }

  /** IP address of a side as text, made when asked. */
  address(side: Side): string {
    if (this.version === 4) return ipv4Text(side === 0 ? this.#address00 : this.#address10);
    return side === 0
      ? ipv6Text(this.#address00, this.#address01, this.#address02, this.#address03)
      : ipv6Text(this.#address10, this.#address11, this.#address12, this.#address13);
  }

  port(side: Side): number {
    return side === 0 ? this.#port0 : this.#port1;
  }

  stream(side: Side): TcpStream {
    return side === 0 ? this.stream0 : this.stream1;
  }

  /** The stream of the side that sent `segment`. */
  sender(segment: TcpSegment): TcpStream {
    return this.sideOf(segment) === 0 ? this.stream0 : this.stream1;
  }

  /** The stream of the side that `segment` goes to. */
  receiver(segment: TcpSegment): TcpStream {
    return this.sideOf(segment) === 0 ? this.stream1 : this.stream0;
  }

  /** The connection has no observer. */
  get leftAlone(): boolean {
    return this.opened && this.observer === null;
  }

  /** The connection's beginning is in the capture. */
  get sawSyn(): boolean {
    return this.stream0.sawSyn || this.stream1.sawSyn;
  }

  /** Segments of a side wait for others that are missing in front of them. */
  holdsBack(side: Side): boolean {
    return this.stream(side).held !== null;
  }

  /** Octets of a side delivered to the observer. */
  octets(side: Side): number {
    return this.stream(side).octets;
  }

  /** Gaps of a side reported to the observer. */
  gaps(side: Side): number {
    return this.stream(side).gaps;
  }

  /** Octets in a side's gaps, as far as they could be counted. */
  missing(side: Side): number {
    return this.stream(side).missing;
  }

  /** When the first FIN was seen; null where there was none. */
  get fin(): Moment | null {
    const fins = [this.stream0, this.stream1].filter(({ closing }) => closing === "fin").map(each => each.closeMoment!);
    const [one = null, other = one] = fins;
    return one === null || other === null || !isAfter(one, other) ? one : other;
  }

  /** An RST was accepted. */
  get reset(): boolean {
    return this.rst !== null;
  }

  /** How it ended: `rst` after any reset, `fin` after one side's FIN or both. */
  get ended(): "fin" | "rst" | "open" {
    if (this.reset) return "rst";
    return this.stream0.closing !== null || this.stream1.closing !== null ? "fin" : "open";
  }

  /** Nothing new can come: reset, or a FIN from both sides. */
  get over(): boolean {
    return this.reset || (this.stream0.closing !== null && this.stream1.closing !== null);
  }
}
