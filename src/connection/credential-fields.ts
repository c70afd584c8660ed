/**
 * The methods that carry credentials, followed octet by octet as they come: which octets may be shown, and which are
 * masked. The reader is a generator, as a method may be cut anywhere. It yields what it wants next: LOOK, or a number
 * of octets. After LOOK it receives that octet.
 *
 * What does not decode throws PayloadOverrun or Undecodable before an octet behind it is shown. Tables are walked
 * through: otherwise a wrong length of client-properties would show the response as a part of them.
 */

import { MAX_TABLE_DEPTH } from "../amqp/field-table.ts";
import { Undecodable } from "../amqp/field-walk.ts";
import { FRAME_END } from "../amqp/spec/constants.ts";
import { FIELD_SIZES, LENGTH_AND_FIELDS, NO_TYPE, TYPE_LONGSTR, TYPE_TABLE } from "../amqp/spec/field-types.ts";
import { overrun, PayloadOverrun } from "../bytes/cursor.ts";

/** The next octet is to be looked at; the next yield decides whether it is shown. */
export const LOOK = 0;

/** Yields LOOK, n for n octets to be shown, −n for n octets to be masked. */
export type Following<Result = void> = Generator<number, Result, number>;

/** Longer names are not user names. */
const LONGEST_USER = 255;
const SPACE = 0x20;

/** A number of octets, from which a method's fields are read. */
export class FieldRun {
  left: number;

  constructor(octets: number) {
    this.left = octets;
  }

  /** A part of it that is followed on its own. */
  part(octets: number): FieldRun {
    this.#spend(octets);
    return new FieldRun(octets);
  }

  /** The next octet, which is shown. */
  *octet(): Following<number> {
    this.#spend(1);
    const octet = yield LOOK;
    yield 1;
    return octet;
  }

  /** The next octet, which is shown if it is right. */
  *expected(isRight: (octet: number) => boolean): Following<number> {
    if (this.left === 0) throw overrun(1, 0);
    const octet = yield LOOK;
    if (!isRight(octet)) throw new Undecodable(`octet ${octet} should be another`);
    this.left--;
    yield 1;
    return octet;
  }

  *short(): Following<number> {
    return (yield* this.octet()) * 256 + (yield* this.octet());
  }

  *long(): Following<number> {
    return (yield* this.short()) * 65536 + (yield* this.short());
  }

  /** A long that gives the number of octets that follow: so few that its first octet is zero. */
  *length(): Following<number> {
    yield* this.expected(octet => octet === 0);
    return (yield* this.octet()) * 65536 + (yield* this.short());
  }

  *show(octets: number): Following {
    this.#spend(octets);
    if (octets > 0) yield octets;
  }

  /** Shows those of `octets` octets that are text; from the first control character on they are masked. */
  *showText(octets: number): Following {
    this.#spend(octets);
    let isText = true;
    for (let i = 0; i < octets; i++) {
      isText &&= (yield LOOK) >= SPACE;
      yield isText ? 1 : -1;
    }
  }

  *mask(octets: number): Following {
    this.#spend(octets);
    if (octets > 0) yield -octets;
  }

  #spend(octets: number): void {
    if (octets > this.left) throw overrun(octets, this.left);
    this.left -= octets;
  }
}

/** client-properties table, mechanism shortstr, response longstr, locale shortstr. */
export function* startOk(fields: FieldRun): Following {
  yield* shownTable(fields.part(yield* fields.length()), true, 0);
  let mechanism = "";
  for (let left = yield* fields.octet(); left > 0; left--) {
    mechanism += String.fromCharCode(yield* fields.expected(isOfMechanism));
  }
  const response = fields.part(yield* fields.length());
  if (mechanism === "PLAIN") yield* plain(response);
  else if (mechanism === "AMQPLAIN") yield* amqplain(response);
  else yield* response.mask(response.left);
  yield* lastShortstr(fields, true);
}

/** Capitals, digits, hyphen and underscore (RFC 4422 §3.1): a length too large shows nothing of the response. */
function isOfMechanism(octet: number): boolean {
  return /[A-Z0-9_-]/.test(String.fromCharCode(octet));
}

/** response longstr. */
export function* secureOk(fields: FieldRun): Following {
  yield* fields.mask(yield* fields.length());
}

/** new-secret longstr, reason shortstr; octets behind a secret could be the rest of it, and are masked too. */
export function* updateSecret(fields: FieldRun): Following {
  yield* fields.mask(yield* fields.length());
  yield* lastShortstr(fields, false);
}

export function* frameEnd(): Following {
  yield* new FieldRun(1).expected(octet => octet === FRAME_END);
}

/** reply-code short, reply-text shortstr, class-id and method-id short. */
export function* close(fields: FieldRun): Following {
  yield* fields.show(2);
  const text = yield* fields.expected(octet => octet === fields.left - 5);
  yield* fields.showText(text);
  yield* fields.show(4);
}

/** A shortstr with nothing behind it. */
function* lastShortstr(fields: FieldRun, shown: boolean): Following {
  const length = yield* fields.expected(octet => octet === fields.left - 1);
  yield* shown ? fields.show(length) : fields.mask(length);
}

/** The entries of a table, or without names of an array. */
function* shownTable(fields: FieldRun, named: boolean, depth: number): Following {
  if (depth > MAX_TABLE_DEPTH) throw new Undecodable("a table nested too deep");
  while (fields.left > 0) {
    if (named) yield* fields.show(yield* fields.octet());
    const type = yield* fields.octet();
    const size = FIELD_SIZES[type]!;
    if (size === NO_TYPE) throw new Undecodable(`no type of a field: ${type}`);
    if (size === LENGTH_AND_FIELDS) {
      yield* shownTable(fields.part(yield* fields.length()), type === TYPE_TABLE, depth + 1);
    } else yield* fields.show(size >= 0 ? size : yield* fields.length());
  }
}

/** NUL user NUL password. All NULs are shown, so that the form is judged as it was. */
function* plain(response: FieldRun): Following {
  let position = 0;
  let separators = 0;
  for (; response.left > 0; position++) {
    response.left--;
    const nul = (yield LOOK) === 0;
    if (nul) separators++;
    // Without a NUL at its beginning it is no PLAIN response, and its parts are not known.
    else if (position === 0) separators = 2;
    yield nul || (separators === 1 && position <= LONGEST_USER) ? 1 : -1;
  }
}

/**
 * The entries of a table, LOGIN and PASSWORD among them; the names of others are masked with their values. What does
 * not decode is masked to the response's end.
 */
function* amqplain(response: FieldRun): Following {
  try {
    while (response.left > 0) {
      const name = yield* knownName(response);
      const type = yield* response.expected(octet => FIELD_SIZES[octet] !== NO_TYPE);
      const fixed = FIELD_SIZES[type]!;
      const size = fixed >= 0 ? fixed : yield* response.length();
      if (name === "LOGIN" && type === TYPE_LONGSTR && size <= LONGEST_USER) yield* response.showText(size);
      else yield* response.mask(size);
    }
  } catch (fault) {
    if (!(fault instanceof PayloadOverrun || fault instanceof Undecodable)) throw fault;
  }
  yield* response.mask(response.left);
}

/** LOGIN or PASSWORD. For another name only the part in common with these is shown, and "" is returned. */
function* knownName(fields: FieldRun): Following<string> {
  const length = yield* fields.expected(octet => octet < fields.left);
  const known = ["LOGIN", "PASSWORD"].find(name => name.length === length) ?? "";
  let isKnown = known !== "";
  const name = fields.part(length);
  for (let i = 0; name.left > 0; i++) {
    isKnown &&= (yield LOOK) === known.charCodeAt(i);
    yield* isKnown ? name.show(1) : name.mask(1);
  }
  return isKnown ? known : "";
}
