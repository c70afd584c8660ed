/**
 * The state of messages that are published again, a line each, so that a run that was killed can be continued:
 *
 *     ghostframe-resume/1 amqp://broker:5672 /
 *     sent 127.0.0.1:59768/2026-11-21T18:19:51.905717512Z/2/162110
 *     confirmed 127.0.0.1:59768/2026-11-21T18:19:51.905717512Z/2/162110
 *
 * Lines are written at once, and so outlive the process.
 */
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { codeOf } from "../capture/system-error.ts";
import { OutputFileError, outputFileErrorOf } from "./output-file-error.ts";

const SCHEMA = "ghostframe-resume/1";

export type Fact = "sent" | "confirmed" | "returned" | "nacked";

export class ResumeFile {
  readonly path: string;
  /** From an earlier run: confirmed; and sent, with no answer. */
  readonly confirmed = new Set<string>();
  readonly unanswered = new Set<string>();
  readonly #descriptor: number;

  /**
   * Opens the file, or begins it. `target`: where messages go, without credentials.
   *
   * @throws OutputFileError if it cannot be written, is another file, or has another target
   */
  constructor(path: string, target: string) {
    this.path = path;
    const header = `${SCHEMA} ${target}`;
    const [first, ...lines] = this.#read().split("\n");
    if (first !== "" && first !== header) {
      const found = first!.startsWith(SCHEMA) ? `is of ${first!.slice(SCHEMA.length + 1)}` : "is another file";
      throw new OutputFileError(`${path}: ${found}, expected a resume file of ${target}`);
    }
    // The text behind the last line feed was being written when the process was killed.
    const torn = lines.pop();
    for (const line of lines) this.#take(line);
    try {
      this.#descriptor = openSync(path, "a", 0o600);
      if (first === "") this.#write(`${header}\n`);
      else if (torn !== "" && torn !== undefined) this.#write("\n");
    } catch (cause) {
      throw outputFileErrorOf(path, cause);
    }
  }

  /** @throws OutputFileError */
  note(fact: Fact, key: string): void {
    try {
      this.#write(`${fact} ${key}\n`);
    } catch (cause) {
      throw outputFileErrorOf(this.path, cause);
    }
  }

  close(): void {
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
  }

  #write(text: string): void {
    const octets = Buffer.from(text);
    for (let at = 0; at < octets.length; ) at += writeSync(this.#descriptor, octets, at);
  }

  #take(line: string): void {
    const space = line.indexOf(" ");
    const fact = line.slice(0, space);
    const key = line.slice(space + 1);
    if (fact === "confirmed") this.confirmed.add(key);
    if (fact === "sent") this.unanswered.add(key);
    else this.unanswered.delete(key);
  }

  #read(): string {
    try {
      // A device may have no end.
      if (statSync(this.path).isFile()) return readFileSync(this.path, "utf8");
      throw new OutputFileError(`${this.path}: is a device or a pipe, expected a file`);
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return "";
      throw outputFileErrorOf(this.path, cause);
    }
  }
}
