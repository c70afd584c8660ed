/**
 * Mutants that no test can notice, because the program does the same. A mutant is named by its file, the line it is in
 * and what that line becomes, both trimmed. One that is not found any more is reported.
 *
 * @type {{ file: string, line: string, becomes: string, why: string }[]}
 */
export const EQUIVALENT = [
  {
    file: "src/amqp/frame-scanner.ts",
    line: "gatheredFor = this.#evidence.count;",
    becomes: ";",
    why: "evidence gathered again is the same evidence: it saves time",
  },
  {
    file: "src/amqp/frame-scanner.ts",
    line: "if (mayBeWhole(bytes, at, end)) {",
    becomes: "if (true) {",
    why: "the sink looks for itself whether a message is whole: it saves time",
  },
  {
    file: "src/amqp/frame-scanner.ts",
    line: "if (taken > 0) continue;",
    becomes: "if (taken > 1) continue;",
    why: "a message has many octets",
  },
  {
    file: "src/amqp/frame-scanner.ts",
    line: "let gatheredFor = -1;",
    becomes: "let gatheredFor = -(1 + 1);",
    why: "any number that is no count of faults will do",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "size = 0;",
    becomes: "size = 1;",
    why: "set by the frame's header before it is looked at",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "held: Uint8Array = new Uint8Array(0);",
    becomes: "held: Uint8Array = new Uint8Array(1);",
    why: "too small for any payload, and made larger before the first",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "else if (!this.isHeld && this.held.length < SNIPPET) this.held = new Uint8Array(256);",
    becomes: "else if (!this.isHeld || this.held.length < SNIPPET) this.held = new Uint8Array(256);",
    why: "memory anew for a snippet that has not begun: it costs time",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "else if (!this.isHeld && this.held.length < SNIPPET) this.held = new Uint8Array(256);",
    becomes: "else if (!this.isHeld && this.held.length <= SNIPPET) this.held = new Uint8Array(256);",
    why: "its length is 0, or 256 and more",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "isHeld = false;",
    becomes: "isHeld = true;",
    why: "set when a frame begins, before it is looked at",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "isHoled = false;",
    becomes: "isHoled = true;",
    why: "set when a frame begins, before it is looked at",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "#headerOctets = 0;",
    becomes: "#headerOctets = 1;",
    why: "set when a frame begins, before it is looked at",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "#received = 0;",
    becomes: "#received = 1;",
    why: "set when a frame begins, before it is looked at",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (this.#headerPieces.length > 0) this.#headerPieces = [];",
    becomes: "if (true) this.#headerPieces = [];",
    why: "an empty list in the place of another: it saves an object",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (this.#headerPieces.length > 0) this.#headerPieces = [];",
    becomes: "if (this.#headerPieces.length >= 0) this.#headerPieces = [];",
    why: "an empty list in the place of another: it saves an object",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (this.isHeaderWhole) this.size = long(this.#header, 3);",
    becomes: "if (true) this.size = long(this.#header, 3);",
    why: "nobody looks at the size of a header that is not whole",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (this.isHeld && this.held.length < this.size) this.held = new Uint8Array(Math.max(256, this.size * 2));",
    becomes: "if (true) this.held = new Uint8Array(Math.max(256, this.size * 2));",
    why: "more room than is needed, or new room: it saves memory",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (this.isHeld && this.held.length < this.size) this.held = new Uint8Array(Math.max(256, this.size * 2));",
    becomes:
      "if (this.isHeld || this.held.length < this.size) this.held = new Uint8Array(Math.max(256, this.size * 2));",
    why: "more room than is needed, or new room: it saves memory",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (this.isHeld && this.held.length < this.size) this.held = new Uint8Array(Math.max(256, this.size * 2));",
    becomes:
      "if (this.isHeld && this.held.length <= this.size) this.held = new Uint8Array(Math.max(256, this.size * 2));",
    why: "more room than is needed, or new room: it saves memory",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (this.isHeld && this.held.length < this.size) this.held = new Uint8Array(Math.max(256, this.size * 2));",
    becomes:
      "if (this.isHeld && this.held.length < this.size) this.held = new Uint8Array(Math.max((256 + 1), this.size * 2));",
    why: "more room than is needed, or new room: it saves memory",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (this.isHeld && this.held.length < this.size) this.held = new Uint8Array(Math.max(256, this.size * 2));",
    becomes:
      "if (this.isHeld && this.held.length < this.size) this.held = new Uint8Array(Math.max(256, this.size * (2 + 1)));",
    why: "more room than is needed, or new room: it saves memory",
  },
  {
    file: "src/connection/channel-rules.ts",
    line: "if (contentFault(channel.content, FRAME_METHOD, 0) !== IN_ORDER) {",
    becomes: "if (contentFault(channel.content, FRAME_METHOD, 1) !== IN_ORDER) {",
    why: "the size of a method has no part in the order of content",
  },
  {
    file: "src/connection/channel-rules.ts",
    line: "method.classId === CHANNEL_CLASS ? channelMethod(channel, method, isClient) : notOpen(channel, method.name);",
    becomes: "true ? channelMethod(channel, method, isClient) : notOpen(channel, method.name);",
    why: "channelMethod does the same for methods that it does not know",
  },
  {
    file: "src/amqp/frame-scanner.ts",
    line: "frameOffset = 0;",
    becomes: "frameOffset = 1;",
    why: "set for each frame before it is looked at",
  },
  {
    file: "src/amqp/frame-scanner.ts",
    line: "#split = false;",
    becomes: "#split = true;",
    why: "set before any frame is handed on",
  },
  {
    file: "src/amqp/content-order.ts",
    line: "export const AWAITS_ANY = -2;",
    becomes: "export const AWAITS_ANY = -(2 + 1);",
    why: "any number less than -1 will do",
  },
  {
    file: "src/broker/broker-channel.ts",
    line: "#immediate = false;",
    becomes: "#immediate = true;",
    why: "not looked at before a method with content has set it",
  },
  {
    file: "src/broker/broker-channel.ts",
    line: "#refused = false;",
    becomes: "#refused = true;",
    why: "not looked at before a method with content has set it",
  },
  {
    file: "src/broker/broker-channel.ts",
    line: "if (!decodes || needsStrictJudgement(method)) {",
    becomes: "if (true) {",
    why: "arguments that need no judgement are found good: it saves time",
  },
  {
    file: "src/broker/broker-channel.ts",
    line: "return outcome === null ? null : channelError(outcome, method, this.channelProcess.isBusy);",
    becomes: "return false ? null : channelError(outcome, method, this.channelProcess.isBusy);",
    why: "channelError makes null of null: it saves asking whether the process is busy",
  },
  {
    file: "src/broker/broker-channel.ts",
    line: "if (this.#content === AWAITS_ANY) return null;",
    becomes: "if (false) return null;",
    why: "a body leaves AWAITS_ANY as it is, which is not AWAITS_METHOD",
  },
  {
    file: "src/broker/broker-channel.ts",
    line: "this.#properties = judgeProperties(bytes, headerAt + FRAME_HEADER_SIZE, headerSize, true, this.#broker.user);",
    becomes:
      "this.#properties = judgeProperties(bytes, headerAt + FRAME_HEADER_SIZE, headerSize, false, this.#broker.user);",
    why: "properties that are known to be plain are judged all the same: it saves time",
  },
  {
    file: "src/net/held-segments.ts",
    line: "while (done < length) {",
    becomes: "while (done <= length) {",
    why: "with nothing left to do the loop ends at its break",
  },
  {
    file: "src/net/held-segments.ts",
    line: "if (held === undefined || done >= length) break;",
    becomes: "if (held === undefined && done >= length) break;",
    why: "without a held segment behind it all is done; with all done, nothing is shared",
  },
  {
    file: "src/net/held-segments.ts",
    line: "if (held === undefined || done >= length) break;",
    becomes: "if (held === undefined || done > length) break;",
    why: "with all done, nothing is shared",
  },
  {
    file: "src/net/held-segments.ts",
    line: "const shared = Math.min(length - done, held.octets.length + held.cut - offset);",
    becomes: "const shared = Math.min(length + done, held.octets.length + held.cut - offset);",
    why: "octets behind the new segment's end are not compared, and done beyond its length ends the loop",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "else if (!this.isHeld && this.held.length < SNIPPET) this.held = new Uint8Array(256);",
    becomes: "else if (!this.isHeld && this.held.length < SNIPPET) this.held = new Uint8Array((256 + 1));",
    why: "memory enough for a snippet either way",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (keep > 0 && !this.isHoled) this.held.set(bytes.subarray(at, at + keep), this.#received);",
    becomes: "if (keep >= 0 && !this.isHoled) this.held.set(bytes.subarray(at, at + keep), this.#received);",
    why: "no octets are set",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (piece.from > from) search.receive(this.#header, from, piece.from, moment);",
    becomes: "if (true) search.receive(this.#header, from, piece.from, moment);",
    why: "a search that receives no octets does nothing: only a first piece of one octet is empty",
  },
  {
    file: "src/amqp/partial-frame.ts",
    line: "if (piece.from > from) search.receive(this.#header, from, piece.from, moment);",
    becomes: "if (piece.from >= from) search.receive(this.#header, from, piece.from, moment);",
    why: "a search that receives no octets does nothing",
  },
  {
    file: "src/amqp/frame-scanner.ts",
    line: "if (gatheredFor !== this.#evidence.count) {",
    becomes: "if (true) {",
    why: "evidence gathered again is the same evidence: it saves time",
  },
  {
    file: "src/amqp/frame-scanner.ts",
    line: "while (end - at >= FRAME_ENVELOPE) {",
    becomes: "while (end + at >= FRAME_ENVELOPE) {",
    why: "a frame whose last octet is not among these is left to the next step all the same",
  },
];
