/**
 * Interface description block: where packets come from, and what their clock's ticks mean.
 *
 *      0  block type (1)  4          16  options  code 2, length 2, value, padding to 4 octets, …
 *      4  block length    4              if_tsresol   9  1 octet: 10^-n seconds, or 2^-n with the top bit set
 *      8  link type       2              if_tsoffset 14  8 octets: seconds to add to every time, signed
 *     10  reserved        2              opt_endofopt 0
 *     12  snap length     4           …  block length    4
 *
 * Interface statistics block: what the interface counted meanwhile. Only its losses are of interest here.
 *
 *      8  interface       4          20  options
 *     12  time            8              isb_ifdrop   5  8 octets: dropped by the interface
 *                                        isb_osdrop   7  8 octets: dropped by the operating system
 *
 * An enhanced packet block gives in epb_dropcount (4, 8 octets) what was lost since the interface's packet before it.
 */
import { half, word } from "./byte-order.ts";
import type { PacketRecord } from "./packet-record.ts";
import { eachOption } from "./pcapng-options.ts";

/** Octets of an interface description block without options. */
export const INTERFACE_DESCRIPTION = 20;
/** Octets of an interface statistics block without options. */
export const INTERFACE_STATISTICS = 24;

/** Octets of the option epb_dropcount. */
export const DROP_COUNT = 12;

const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
const ISB_IFDROP = 5;
const ISB_OSDROP = 7;

const EPB_DROPCOUNT = 4;
/** In the obsolete packet block: the number is not known. */
const UNKNOWN_DROPS = 0xffff;

/** Below this a quotient of two doubles is less than a whole second off. */
const EXACT_SECONDS = 2 ** 50;
/** The highest power of ten that the arithmetic of `stamp` can do without BigInt. */
const MOST_DIGITS = 9;

/** One interface of a pcapng section. */
export class CaptureInterface {
  readonly linkType: number;
  /** Octets of a packet that are captured at most; 0 where there is no limit. */
  readonly snapLength: number;
  readonly timeDigits: number;
  /** Packets that were lost before they could be captured, by the last statistics block. */
  #dropped = 0;
  /** The same, by the drop counts of its packets. */
  #droppedBetween = 0;
  /** 0 if only the exact way will do. */
  readonly #ticksPerSecond: number;
  readonly #nanosecondsPerTick: number;
  readonly #exactTicksPerSecond: bigint;
  readonly #offset: number;

  /**
   * @param resolution if_tsresol as it stands in the file: 6 for microseconds, 0x80 + 10 for 2^-10 seconds
   * @param offset if_tsoffset, seconds
   */
  constructor(linkType: number, snapLength: number, resolution: number, offset: number) {
    this.linkType = linkType;
    this.snapLength = snapLength;
    const exponent = resolution & 0x7f;
    const binary = resolution > 0x7f;
    const quick = !binary && exponent <= MOST_DIGITS;
    this.timeDigits = quick ? exponent : MOST_DIGITS;
    this.#ticksPerSecond = quick ? 10 ** exponent : 0;
    this.#nanosecondsPerTick = quick ? 10 ** (MOST_DIGITS - exponent) : 0;
    this.#exactTicksPerSecond = (binary ? 2n : 10n) ** BigInt(exponent);
    this.#offset = offset;
  }

  /** Packets that were lost before they could be captured. A loss that a file gives twice is counted once. */
  get dropped(): number {
    return Math.max(this.#dropped, this.#droppedBetween);
  }

  /** The interface statistics block bytes[at, at + length), of INTERFACE_STATISTICS octets at least. */
  countStatistics(bytes: Uint8Array, at: number, length: number, littleEndian: boolean): void {
    this.#dropped = 0;
    eachOption(bytes, at + 20, at + length - 4, littleEndian, (code, value, octets) => {
      if ((code === ISB_IFDROP || code === ISB_OSDROP) && octets === 8)
        this.#dropped += count(bytes, value, littleEndian);
    });
  }

  /** The options of an enhanced packet block that end at `end`, behind the captured octets and their padding. */
  countBetween(bytes: Uint8Array, captured: number, end: number, littleEndian: boolean): void {
    eachOption(bytes, captured + ((end - captured) & 3), end, littleEndian, (code, value, octets) => {
      if (code === EPB_DROPCOUNT && octets === 8) this.#droppedBetween += count(bytes, value, littleEndian);
    });
  }

  /** The drop count of the obsolete packet block. */
  countDrops(drops: number): void {
    if (drops !== UNKNOWN_DROPS) this.#droppedBetween += drops;
  }

  /** Sets the record's time to high × 2^32 + low ticks. Cuts off what is less than a nanosecond. */
  stamp(record: PacketRecord, high: number, low: number): void {
    const perSecond = this.#ticksPerSecond;
    // The ticks do not fit a double, their whole seconds do: as an estimate that is one off at most. The remaining
    // ticks are then less than 2^31 either way, so that arithmetic modulo 2^32 gives them exactly.
    let seconds = perSecond === 0 ? EXACT_SECONDS : Math.floor((high * 4294967296 + low) / perSecond);
    if (seconds >= EXACT_SECONDS) {
      this.#stampExactly(record, high, low);
      return;
    }
    let ticks = (low - Math.imul(seconds, perSecond)) | 0;
    if (ticks < 0) {
      ticks += perSecond;
      seconds--;
    } else if (ticks >= perSecond) {
      ticks -= perSecond;
      seconds++;
    }
    record.seconds = seconds + this.#offset;
    record.nanoseconds = ticks * this.#nanosecondsPerTick;
  }

  #stampExactly(record: PacketRecord, high: number, low: number): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const perSecond = this.#exactTicksPerSecond;
    record.seconds = Number(ticks / perSecond) + this.#offset;
    record.nanoseconds = Number(((ticks % perSecond) * 1_000_000_000n) / perSecond);
  }
}

/** The contents of an interface description block, and whether its options end where its block does. */
export interface InterfaceDescription {
  interface: CaptureInterface;
  /** false: an option claims more octets than its block has, or than its kind can have. It was ignored. */
  optionsAreSound: boolean;
}

/** Decodes the interface description block that is bytes[at, at + length), of INTERFACE_DESCRIPTION octets at least. */
export function describeInterface(
  bytes: Uint8Array,
  at: number,
  length: number,
  littleEndian: boolean,
): InterfaceDescription {
  let resolution = 6;
  let offset = 0;
  let understood = true;
  const sound = eachOption(bytes, at + 16, at + length - 4, littleEndian, (code, value, octets) => {
    if (code === IF_TSRESOL && octets === 1) resolution = bytes[value]!;
    else if (code === IF_TSOFFSET && octets === 8) offset = signedSeconds(bytes, value, littleEndian);
    else if (code === IF_TSRESOL || code === IF_TSOFFSET) understood = false;
  });
  const linkType = half(bytes, at + 8, littleEndian);
  const snapLength = word(bytes, at + 12, littleEndian);
  return {
    interface: new CaptureInterface(linkType, snapLength, resolution, offset),
    optionsAreSound: sound && understood,
  };
}

function count(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const first = word(bytes, at, littleEndian);
  const second = word(bytes, at + 4, littleEndian);
  const whole = littleEndian ? second * 4294967296 + first : first * 4294967296 + second;
  return Number.isSafeInteger(whole) ? whole : 0; // all ones: not known
}

function signedSeconds(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const first = word(bytes, at, littleEndian);
  const second = word(bytes, at + 4, littleEndian);
  const high = littleEndian ? second : first;
  const low = littleEndian ? first : second;
  return (high | 0) * 4294967296 + low;
}
