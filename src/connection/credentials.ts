import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { type FieldTable, type FieldValue, textOf, walkTable } from "../amqp/field-table.ts";
import { Undecodable } from "../amqp/field-walk.ts";
import { CONNECTION_SECURE_OK, CONNECTION_START_OK, CONNECTION_UPDATE_SECRET, idOctets } from "../amqp/method-keys.ts";
import { type Method, methodOf } from "../amqp/method-registry.ts";
import { decodeArguments, type Values } from "../amqp/payload.ts";
import { FRAME_METHOD, METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { Cursor, PayloadOverrun, textAt } from "../bytes/cursor.ts";
import { equalOctets } from "../bytes/octets.ts";
import type { Discretion } from "./discretion.ts";
import { SECRET_NAME } from "./secret-names.ts";

const KEYS: readonly number[] = [CONNECTION_START_OK, CONNECTION_SECURE_OK, CONNECTION_UPDATE_SECRET];
/** The four octets of class-id and method-id of each. */
const IDS = KEYS.map(idOctets);

/** Whether a method carries what authenticates a client. */
export function carriesCredentials(method: Method): boolean {
  return KEYS.includes(method.key);
}

/**
 * Whether the octets at a broken envelope of a running connection may hold credentials: those of a method on channel 0
 * that does not have the ids of another method, and those behind the ids of a method that carries credentials.
 */
export function mayHoldCredentials(fault: EnvelopeFault): boolean {
  if (fault.type === FRAME_METHOD && fault.channel === 0 && !namesAnother(fault.payload)) return true;
  const octets = [...fault.header, ...fault.payload, ...fault.behind];
  if (holdLoginIds(octets)) return true;
  return beginsInSecret(octets) || TOKEN.test(String.fromCharCode(...octets));
}

/** Whether the ids of a method that carries credentials stand among octets. */
export function holdLoginIds(octets: ArrayLike<number>): boolean {
  for (let at = 0; at + METHOD_IDS_SIZE <= octets.length; at++) {
    if (IDS.some(ids => ids.every((octet, i) => octets[at + i] === octet))) return true;
  }
  return false;
}

/** Whether a method's payload begins with the ids of one without credentials. */
function namesAnother(payload: ArrayLike<number>): boolean {
  if (payload.length < METHOD_IDS_SIZE || payload[0] !== 0 || payload[2] !== 0) return false;
  const method = methodOf(payload[1]!, payload[3]!);
  return method !== undefined && !carriesCredentials(method);
}

/** A JSON web token (RFC 7519): what update-secret carries, wherever its beginning is. */
const TOKEN = /eyJ[\w-]/;

/** Whether octets begin with the rest of a method's ids and the length of its secret: the beginning of its frame is lost. */
function beginsInSecret(octets: readonly number[]): boolean {
  return IDS.some(ids =>
    [1, 2, 3].some(lost => {
      const rest = [...ids.slice(lost), 0, 0];
      const text = octets.slice(rest.length + 2, rest.length + 6);
      return rest.every((octet, i) => octets[i] === octet) && text.every(octet => octet >= 0x20 && octet < 0x7f);
    }),
  );
}

/**
 * A broker's own words without its quote of a start-ok, a secure-ok or an update-secret. Binaries are quoted as Erlang
 * prints them; these begin with the method's ids.
 */
export function withoutCredentials(text: string): string {
  return text.includes("<<") ? text.replace(QUOTED, "<<…>>") : text;
}

/** A reply text holds 255 octets: the quote may be cut. */
const QUOTED = new RegExp(`<<(?:${IDS.join("|")})\\b.*?(?:>>|$)`, "gs");

/** Has a connection's discretion learn what authenticates its client in the arguments of a method that decodes. */
export function learnCredentials(
  method: Method,
  bytes: Uint8Array,
  start: number,
  size: number,
  discretion: Discretion,
): void {
  if (carriesCredentials(method)) learnSecrets(method.name, decodeArguments(method, bytes, start, size), discretion);
}

/** The same of a method by its name, and what its arguments are. */
export function learnSecrets(method: string, values: Values, discretion: Discretion): void {
  if (method === "connection.update-secret") discretion.learn(octetsOf(values.get("new-secret")));
  else if (method === "connection.secure-ok") discretion.learn(octetsOf(values.get("response")));
  else if (method === "connection.start-ok") {
    learnNamed(values, discretion);
    const response = octetsOf(values.get("response"));
    for (const secret of secretsOf(textOf(values.get("mechanism")), response)) discretion.learn(secret);
  }
}

/** Has it learn the texts and octets that a table holds under names of secrets, in tables and arrays of such a name, too. */
export function learnNamed(fields: ReadonlyMap<string, FieldValue>, discretion: Discretion, isSecret = false): void {
  for (const [name, value] of fields) learnValue(value, discretion, isSecret || SECRET_NAME.test(name));
}

function learnValue(value: FieldValue, discretion: Discretion, isSecret: boolean): void {
  if (value instanceof Map) learnNamed(value, discretion, isSecret);
  else if (Array.isArray(value)) for (const each of value) learnValue(each, discretion, isSecret);
  else if (isSecret && (typeof value === "string" || value instanceof Uint8Array)) discretion.learn(octetsOf(value));
}

const UTF_8 = new TextEncoder();

function octetsOf(value: FieldValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : UTF_8.encode(textOf(value));
}

/** The secret parts of a response: not the user of PLAIN and AMQPLAIN. */
function secretsOf(mechanism: string, response: Uint8Array): Uint8Array[] {
  const [user, password] = mechanism === "PLAIN" ? plain(response) : mechanism === "AMQPLAIN" ? amqplain(response) : [];
  if (user === undefined || password === undefined) return [response];
  // A well-known password is no secret: guest, guest.
  return equalOctets(user, password) ? [] : [password];
}

/** The user that a start-ok names by PLAIN or AMQPLAIN; null with other mechanisms. */
export function userOf(startOk: Values): string | null {
  const mechanism = textOf(startOk.get("mechanism"));
  const response = octetsOf(startOk.get("response"));
  const [user] = mechanism === "PLAIN" ? plain(response) : mechanism === "AMQPLAIN" ? amqplain(response) : [];
  return user === undefined ? null : textAt(user, 0, user.length);
}

/** NUL user NUL password (RFC 4616 §2). */
function plain(response: Uint8Array): Uint8Array[] {
  const second = response.indexOf(0, 1);
  return response[0] !== 0 || second < 0 ? [] : [response.subarray(1, second), response.subarray(second + 1)];
}

/** The entries of a table, without its length. */
function amqplain(response: Uint8Array): Uint8Array[] {
  const entries: FieldTable = new Map();
  try {
    const whole = new Uint8Array(4 + response.length);
    new DataView(whole.buffer).setUint32(0, response.length);
    whole.set(response, 4);
    walkTable(new Cursor().over(whole, 0, whole.length), entries);
  } catch (fault) {
    if (!(fault instanceof PayloadOverrun || fault instanceof Undecodable)) throw fault;
    return [];
  }
  return ["LOGIN", "PASSWORD"].flatMap(name => (entries.has(name) ? [octetsOf(entries.get(name))] : []));
}
