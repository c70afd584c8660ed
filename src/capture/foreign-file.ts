/**
 * What a file that is no capture looks like. Users pass logs, exports and archives of captures, and "bad magic number"
 * does not help them.
 */

interface Look {
  /** Continues "not a pcap or pcapng capture: ". */
  says: string;
  /** Hex of the first octets, or a test of them. */
  when: string | ((first: Uint8Array) => boolean);
}

interface TextLook {
  says: string;
  when: RegExp;
}

const LOOKS: readonly Look[] = [
  { when: first => first.length === 0, says: "it is empty" },
  { when: first => first.length < 4, says: "it has fewer octets than a magic number" },
  { when: first => first.every(octet => octet === 0), says: "it begins with nothing but zeros" },
  { when: "1f8b", says: "it is gzip within gzip: decompress it once" },
  { when: "fd377a585a00", says: "it is xz-compressed: decompress it first (xz -dc FILE | ghostframe inspect -)" },
  { when: "28b52ffd", says: "it is zstd-compressed: decompress it first (zstd -dc FILE | ghostframe inspect -)" },
  { when: "425a68", says: "it is bzip2-compressed: decompress it first (bzip2 -dc FILE | ghostframe inspect -)" },
  { when: "04224d18", says: "it is lz4-compressed: decompress it first (lz4 -dc FILE | ghostframe inspect -)" },
  {
    when: "02214c18",
    says: "it is lz4-compressed, in the old way: decompress it first (lz4 -dc FILE | ghostframe inspect -)",
  },
  {
    when: "1f9d",
    says: "it is compressed by compress (.Z): decompress it first (gzip -dc FILE | ghostframe inspect -)",
  },
  { when: "504b0304", says: "it is a zip archive: extract the capture first" },
  { when: "377abcaf271c", says: "it is a 7z archive: extract the capture first" },
  { when: first => ascii(first, 257, 262) === "ustar", says: "it is a tar archive: extract the capture first" },
  { when: "7f454c46", says: "it is an ELF program" },
  { when: "25504446", says: "it is a PDF document" },
  { when: "89504e470d0a1a0a", says: "it is a PNG image" },
  { when: "736e6f6f7000", says: "it is a snoop capture: convert it (editcap -F pcapng FILE OUT.pcapng)" },
  {
    when: "474d4255",
    says: "it is a Microsoft Network Monitor capture: convert it (editcap -F pcapng FILE OUT.pcapng)",
  },
  {
    when: "52545353",
    says: "it is a Microsoft Network Monitor capture: convert it (editcap -F pcapng FILE OUT.pcapng)",
  },
  {
    when: "5452534e494646206461746120202020",
    says: "it is a Sniffer capture (DOS): convert it (editcap -F pcapng FILE OUT.pcapng)",
  },
  { when: "aaaaaaaa", says: "it is a 5Views capture: convert it (editcap -F pcapng FILE OUT.pcapng)" },
  { when: "5452006400", says: "it is a nettl trace of HP-UX: convert it (editcap -F pcapng FILE OUT.pcapng)" },
  {
    when: "000000010000000000",
    says: "it is a nettl trace of HP-UX 9: convert it (editcap -F pcapng FILE OUT.pcapng)",
  },
  { when: isEventTrace, says: "it is an event trace of Windows (.etl): convert it (etl2pcapng FILE OUT.pcapng)" },
  { when: "414d5150", says: "it is AMQP without a capture around it, beginning with a protocol header" },
  { when: isConnectionFrame, says: "it is AMQP without a capture around it, beginning with a method frame" },
  { when: hasMangledMagic, says: "it was a pcapng capture, until a transfer in text mode converted its line ends" },
  { when: "efbfbd", says: "its octets were decoded as text on the way, which cannot be undone" },
  {
    when: "fffe",
    says: "it is UTF-16 text. If PowerShell's > wrote it, let the capture program write the file itself",
  },
  { when: "feff", says: "it is UTF-16 text" },
  // ERF has no magic number, so all formats that have one go first.
  { when: isErf, says: "it is an ERF capture of a DAG card: convert it (editcap -F pcapng FILE OUT.pcapng)" },
];

const TEXT_LOOKS: readonly TextLook[] = [
  { when: /^version https:\/\/git-lfs/, says: "it is a Git LFS pointer: fetch the file itself (git lfs pull)" },
  { when: /^\s*<(!doctype\s+html|html)/i, says: "it is an HTML page, perhaps of a login or an error" },
  { when: /^\s*<\?xml|^\s*<pdml/, says: "it is XML; of Wireshark's exports only pcap and pcapng hold the octets" },
  {
    when: /frame_too_large|\[(error|info|warning|notice|debug)\]|=(ERROR|INFO|WARNING) REPORT/,
    says: "it is a broker's log: ghostframe explain reads those",
  },
  { when: /^\s*[[{]/, says: "it is JSON; of Wireshark's exports only pcap and pcapng hold the octets" },
  { when: /^(1MOyoQ|obLD1A|TTyyoQ|obI8TQ|Cg0NC)/, says: "it is a capture in base64: decode it first (base64 -d)" },
  {
    when: /^\d\d:\d\d:\d\d\.\d+ (IP6? |ARP)/,
    says: "it is what tcpdump prints: let it write a capture (tcpdump -w FILE)",
  },
  {
    when: /^(0x)?[0-9a-f]{4,8}:?\s+([0-9a-f]{2} ?){8}/i,
    says: "it is a hex dump: make a capture of it (text2pcap FILE OUT.pcapng)",
  },
];

/** What the file that begins with `first` looks like, as a clause: "it is a zip archive: extract the capture first". */
export function looksLike(first: Uint8Array): string {
  const look = LOOKS.find(({ when }) =>
    typeof when === "string" ? hex(first, when.length / 2) === when : when(first),
  );
  if (look !== undefined) return look.says;
  if (isText(first)) {
    const text = new TextDecoder().decode(first);
    return TEXT_LOOKS.find(({ when }) => when.test(text))?.says ?? "it is text";
  }
  return `it begins with ${hex(first, 8).replace(/..(?=.)/g, "$& ")}`;
}

function hex(bytes: Uint8Array, octets: number): string {
  return Array.from(bytes.subarray(0, octets), octet => octet.toString(16).padStart(2, "0")).join("");
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

/** Method frame of class 10 (connection) on channel 0: type 1, channel 2, size 4, class-id 2. */
function isConnectionFrame(first: Uint8Array): boolean {
  return hex(first, 3) === "010000" && hex(first.subarray(7), 2) === "000a";
}

/**
 * Event trace log: a buffer header of 72 octets, and behind it the first event's: version 2, type 1 or 2 (32 or 64 bit),
 * and the marker of a system event.
 */
function isEventTrace(first: Uint8Array): boolean {
  return first.length > 76 && /^0200(01|02)c0$/.test(hex(first.subarray(72), 4));
}

/**
 * Extensible record format: time 8 | type 1 | flags 1 | record length 2 | lost 2 | length on the wire 2, big-endian but
 * for the time. Two records that follow one another are one.
 */
function isErf(first: Uint8Array): boolean {
  const length = erfRecord(first, 0);
  return length > 0 && erfRecord(first, length) > 0;
}

/** Octets of the ERF record at `at`, or 0 where none can be. */
function erfRecord(bytes: Uint8Array, at: number): number {
  if (at + 16 > bytes.length) return 0;
  const type = bytes[at + 8]! & 0x7f;
  const length = (bytes[at + 10]! << 8) | bytes[at + 11]!;
  const wire = (bytes[at + 14]! << 8) | bytes[at + 15]!;
  return type >= 1 && type <= 48 && length >= 16 && length <= 16_384 && wire > 0 && wire <= 16_384 ? length : 0;
}

/** The section header's type is a line end in several customs, so that a conversion shows; its magic then survives. */
function hasMangledMagic(first: Uint8Array): boolean {
  return /^(0d0a|0a)(0d0a|0d|0a).{0,24}(1a2b3c4d|4d3c2b1a)/.test(hex(first, 24));
}

/** No control characters but the usual ones. Octets above 0x7F pass: UTF-8 or an old code page, text in any case. */
function isText(first: Uint8Array): boolean {
  return first.every(octet => octet >= 0x20 || (octet >= 0x08 && octet <= 0x0d) || octet === 0x1b);
}
