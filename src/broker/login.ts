/**
 * Judges a client's start-ok as rabbit_reader:auth_phase/2 and the rabbit_auth_mechanism modules do, as far as its
 * octets show it: whether the mechanism exists, and whether the response has the form that it requires. Only the server
 * can judge names and passwords: they are taken as right. Of a response only the user's name is kept, which is never
 * shown.
 */
import { Cursor } from "../bytes/cursor.ts";
import { fieldType, tableParses } from "./strict-table.ts";

export interface Login {
  /** Why it is refused, as the broker's log gives it; null if it is not. */
  refusal: string | null;
  /** A challenge may follow. */
  challenged: boolean;
  /** The user's name, if the response shows it. */
  user: Uint8Array | null;
}

/** Mechanisms of RabbitMQ and its plugins; a broker lists those that it offers in its connection.start. */
const MECHANISMS = ["PLAIN", "AMQPLAIN", "EXTERNAL", "RABBIT-CR-DEMO"];

/** Judges start-ok, whose arguments in bytes[start + 4, start + size) decode. `offered`: the server's mechanisms. */
export function checkLogin(bytes: Uint8Array, start: number, size: number, offered: string | null): Login {
  const cursor = new Cursor().over(bytes, start + 4, start + size);
  cursor.skip(cursor.long());
  const mechanism = cursor.shortstr();
  const length = cursor.long();
  const from = cursor.skip(length);
  // A Buffer's slice would be no copy.
  const response = new Uint8Array(bytes.subarray(from, from + length));
  const known = offered === null ? MECHANISMS : offered.split(" ");
  const login: Login = { refusal: null, challenged: false, user: null };
  if (!known.includes(mechanism)) login.refusal = `unknown authentication mechanism '${mechanism}'`;
  else if (mechanism === "PLAIN") {
    login.user = userOfPlain(response);
    if (login.user === null) login.refusal = "PLAIN response invalid";
  } else if (mechanism === "AMQPLAIN") {
    if (!namesLogin(response)) login.refusal = "AMQPLAIN auth info invalid";
  } else login.challenged = mechanism !== "EXTERNAL";
  return login;
}

/** NUL user NUL password, no NUL in either. */
function userOfPlain(response: Uint8Array): Uint8Array | null {
  const separator = response.indexOf(0, 1);
  if (response[0] !== 0 || separator < 0 || response.includes(0, separator + 1)) return null;
  return response.slice(1, separator);
}

/** The entries of a table, without its length, among them LOGIN and PASSWORD as long strings. */
function namesLogin(response: Uint8Array): boolean {
  if (!tableParses(response, 0, response.length)) return false;
  return ["LOGIN", "PASSWORD"].every(name => fieldType(response, 0, response.length, name) === "S");
}
