/**
 * Mutants that no test can notice, because the program does the same. A mutant is named by its file, the line it is in
 * and what that line becomes, both trimmed. One that is not found any more is reported.
 *
 * @type {{ file: string, line: string, becomes: string, why: string }[]}
 */
export const EQUIVALENT = [
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
];
