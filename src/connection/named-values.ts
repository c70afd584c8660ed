/**
 * Finds in the octets of method and header frames the values of fields whose names tell that they authenticate somebody
 * (`password`, `x-api-key`: the same names of which reports hide the values), over any chunking, so that a copy of the octets
 * can be masked. A field is known by its octets alone (§4.2.5.5), wherever it stands:
 *
 *     name-length:8  name  type:8  value
 *
 * Lengths, types and names stay, in a table or an array of that name, too; of booleans the value as well. In doubt more is found:
 * of several names that end at an octet the longest counts, and where a frame begins within a value so may its rest.
 */
import { MAX_TABLE_DEPTH } from "../amqp/field-table.ts";
import { Undecodable } from "../amqp/field-walk.ts";
import { isFrameType } from "../amqp/spec/constants.ts";
import { FIELD_SIZES, LENGTH_AND_OCTETS, NO_TYPE, TYPE_BOOLEAN, TYPE_TABLE } from "../amqp/spec/field-types.ts";
import { PayloadOverrun } from "../bytes/cursor.ts";
import { FieldRun, type Following, LOOK } from "./credential-fields.ts";
import { REACH } from "./masked-stretch.ts";
import { SECRET_NAME, SHORTEST_SECRET_NAME } from "./secret-names.ts";

/** Octets that are remembered: as many as the longest name has, its length, and the type behind it. */
const REMEMBERED = 257;
const SPACE = 0x20;

export class NamedValueSearch {
  /** Stretches [from, to) of the octets at hand. */
  readonly #found: [number, number][];
  readonly #latest = new Uint8Array(REMEMBERED);
  /** Octets so far. */
  #count = 0;
  /** The last control character: its place, and itself. No name has one, and the length of a short name is one. */
  #controlAt = -1;
  #control = 0;
  /** The value that is read; null while names are looked for. */
  #value: Following | null = null;
  /** Octets of it that stay, or are found if negative, before it is asked again. */
  #run = 0;
  #looks = false;

  constructor(found: [number, number][]) {
    this.#found = found;
  }

  /** Searches bytes[from, to), which follow those of the last search. */
  search(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; ) at = this.#value === null ? this.#seek(bytes, at, to) : this.#follow(bytes, at, to);
  }

  /** Goes on to the octet behind the type of a value that is not shown; returns its position. */
  #seek(bytes: Uint8Array, from: number, to: number): number {
    const latest = this.#latest;
    let count = this.#count;
    let controlAt = this.#controlAt;
    let control = this.#control;
    let at = from;
    while (at < to && this.#value === null) {
      const octet = bytes[at++]!;
      latest[count % REMEMBERED] = octet;
      if (octet < SPACE) {
        controlAt = count;
        control = octet;
      } else {
        const text = count - controlAt - 1;
        const size = FIELD_SIZES[octet]!;
        if (text >= SHORTEST_SECRET_NAME && size !== NO_TYPE && (text === control || (text > SPACE && size < 0)))
          this.#value = this.#behind(octet, { at: count, text, isShort: text === control });
      }
      count++;
    }
    this.#count = count;
    this.#controlAt = controlAt;
    this.#control = control;
    return at;
  }

  /** Follows a value; returns the position behind it, or the end. */
  #follow(bytes: Uint8Array, from: number, to: number): number {
    let hiddenFrom = -1;
    let at = from;
    for (; at < to; at++) {
      const hides = this.#take(bytes[at]!);
      if (hides && hiddenFrom < 0) hiddenFrom = at;
      if (!hides && hiddenFrom >= 0) {
        this.#found.push([hiddenFrom, at]);
        hiddenFrom = -1;
      }
      if (this.#value === null) break;
    }
    if (hiddenFrom >= 0) this.#found.push([hiddenFrom, to]);
    // What stands in a value is no name.
    this.#controlAt = this.#count - 1;
    this.#control = 0;
    return at;
  }

  /** A frame ended here as it should: nothing goes on behind it. */
  end(): void {
    this.#value = null;
    this.#run = 0;
    this.#looks = false;
    this.#controlAt = this.#count - 1;
    this.#control = 0;
  }

  /** Whether this octet belongs to a value that is not shown. */
  #take(octet: number): boolean {
    while (this.#run === 0 && this.#value !== null) {
      const { done, value } = this.#value.next(this.#looks ? octet : 0);
      this.#looks = done !== true && value === LOOK;
      if (done === true) this.#value = null;
      else this.#run = value;
    }
    if (this.#value === null) return false;
    const hides = this.#run < 0;
    this.#run += hides ? 1 : -1;
    return hides;
  }

  /** The value that begins with this type at `at`, if a name that tells of a secret ends in front of it: behind so much text. */
  #behind(type: number, { at, text, isShort }: { at: number; text: number; isShort: boolean }): Following | null {
    if (type === TYPE_BOOLEAN) return null;
    if (isShort) return SECRET_NAME.test(this.#text(at, text)) ? secretValue(type) : null;
    // The length of a longer name is no control character. Whether it is one nobody knows, but where another length follows.
    for (let length = Math.min(text, REMEMBERED - 1) - 1; length >= SPACE; length--) {
      if (this.#latest[(at - length - 1) % REMEMBERED] !== length) continue;
      return SECRET_NAME.test(this.#text(at, length)) ? secretValue(type) : null;
    }
    return null;
  }

  /** The octets in front of place `at`. */
  #text(at: number, octets: number): string {
    let text = "";
    for (let i = at - octets; i < at; i++) text += String.fromCharCode(this.#latest[i % REMEMBERED]!);
    return text;
  }
}

/** A value behind its type; all octets that follow where it does not decode. */
function* secretValue(type: number): Following {
  try {
    yield* hiddenValue(new FieldRun(Number.POSITIVE_INFINITY), type, 0);
  } catch (fault) {
    if (!(fault instanceof PayloadOverrun || fault instanceof Undecodable)) throw fault;
    yield -REACH;
  }
}

function* hiddenValue(fields: FieldRun, type: number, depth: number): Following {
  const size = FIELD_SIZES[type]!;
  if (size === NO_TYPE || depth > MAX_TABLE_DEPTH) throw new Undecodable(`no value of a field: ${type}`);
  if (size >= 0) {
    yield* type === TYPE_BOOLEAN ? fields.show(size) : fields.mask(size);
    return;
  }
  const first = yield* fields.octet();
  // No field is so long: what stands here is text, or a frame that tears the field.
  if (first !== 0 && depth === 0 && !isFrameType(first)) return;
  if (first !== 0) throw new Undecodable(`a length that begins with ${first}`);
  const length = (yield* fields.octet()) * 65536 + (yield* fields.short());
  const value = fields.part(length);
  if (size !== LENGTH_AND_OCTETS) yield* hiddenFields(value, type === TYPE_TABLE, depth + 1);
  for (let before = length; value.left > 0; ) {
    const octet = yield LOOK;
    // A frame's type and its channel: another writer tears the value, or its length, and where the rest is nobody knows.
    if (octet === 0 && isFrameType(before)) throw new Undecodable("a frame");
    yield* value.mask(1);
    before = octet;
  }
}

/** The entries of a table, or without names of an array. */
function* hiddenFields(fields: FieldRun, named: boolean, depth: number): Following {
  while (fields.left > 0) {
    if (named) yield* fields.show(yield* fields.octet());
    yield* hiddenValue(fields, yield* fields.octet(), depth);
  }
}
