/** Which thread published a message, where its headers say so. */
import { valueAt } from "../amqp/field-table.ts";
import { type FieldVisitor, Undecodable, walkFields } from "../amqp/field-walk.ts";
import { LEAST_CONTENT_HEADER } from "../amqp/spec/constants.ts";
import { Cursor, PayloadOverrun, textAt } from "../bytes/cursor.ts";

/** Headers in which applications name the publishing thread; and those that do so if their value looks like an id. */
const THREAD_HEADER = /^(x-)?(thread|goroutine|fiber)([-_. ]?(id|name))?$/i;
const WORKER_HEADER = /^(x-)?(worker|process)([-_. ]?(id|name))?$/i;
const LOOKS_LIKE_ID = /^[\w.:@-]{0,48}\d$|^[0-9a-f-]{8,36}$/i;
/** How long the names above are, shortest and longest. */
const NAME_OCTETS = [5, 16] as const;
const MAX_TEXT = 64;

/** Where a content header's payload has its property flags, and the bits of the first ones (§4.2.6.1). */
const FLAGS_AT = 12;
const CONTENT_TYPE = 0x80;
const CONTENT_ENCODING = 0x40;
const HEADERS = 0x20;
/** In the second octet: another word of flags follows, which class basic has not. */
const MORE_FLAGS = 0x01;

/** Takes the first header that names a thread. Only names that are as long as one of them are looked at as text. */
class ThreadField implements FieldVisitor {
  bytes: Uint8Array = new Uint8Array(0);
  thread = "";

  value(type: number, at: number, size: number, nameAt: number, nameSize: number): void {
    if (this.thread !== "" || nameSize < NAME_OCTETS[0] || nameSize > NAME_OCTETS[1]) return;
    const name = textAt(this.bytes, nameAt, nameSize);
    const named = THREAD_HEADER.test(name);
    if (!named && !WORKER_HEADER.test(name)) return;
    const value = valueAt(this.bytes, type, at, size);
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") return;
    const text = String(value).slice(0, MAX_TEXT);
    if (named || LOOKS_LIKE_ID.test(text)) this.thread = text;
  }

  /** What is nested is of no header. */
  enter(): boolean {
    return false;
  }

  leave(): void {}
}

const cursor = new Cursor();
const field = new ThreadField();

/** The thread that a content header names, whose payload is bytes[start, start + size), or "". */
export function threadNamed(bytes: Uint8Array, start: number, size: number): string {
  const flags = size < LEAST_CONTENT_HEADER ? 0 : bytes[start + FLAGS_AT]!;
  if ((flags & HEADERS) === 0 || (bytes[start + FLAGS_AT + 1]! & MORE_FLAGS) !== 0) return "";
  field.bytes = bytes;
  field.thread = "";
  cursor.over(bytes, start + LEAST_CONTENT_HEADER, start + size);
  try {
    if ((flags & CONTENT_TYPE) !== 0) cursor.skip(cursor.octet());
    if ((flags & CONTENT_ENCODING) !== 0) cursor.skip(cursor.octet());
    const octets = cursor.long();
    const at = cursor.skip(octets);
    walkFields(cursor.over(bytes, at, at + octets), field);
  } catch (fault) {
    // What stands before the fault is named all the same: whether a header decodes is judged elsewhere.
    if (!(fault instanceof PayloadOverrun || fault instanceof Undecodable)) throw fault;
  }
  return field.thread;
}
