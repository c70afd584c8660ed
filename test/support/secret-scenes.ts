/** Clients that log in with a secret, what may become of the octets that carry it, and how a secret may be spelt. */
import type { Segment } from "./conversation-capture.ts";
import { field, join, table, text, type Wire, wire } from "./wire.ts";

const PIECE = 5;
const SECRET = "Kq7!zW3#xV9$hT5%";
export const TOKEN = "eyJhbGciOi.Zq8vR2mXw4Lk.yT6nB1cJ9d";

/** Logs in with a mechanism, works, and refreshes its token: each method with a secret as octets of its own. */
export interface Client {
  name: string;
  /** Protocol header, start-ok, what may follow up to open, and channel.open. */
  opening: readonly Uint8Array[];
  /** Which of the opening's methods carries the secret. */
  carrier: number;
  secret: string;
}

function client(name: string, mechanism: string, response: string | Uint8Array, secret: string, challenge?: string) {
  const shake: Wire[] = [wire().protocolHeader(), wire().startOk({ product: field.S("rails") }, mechanism, response)];
  if (challenge !== undefined) shake.push(wire().secureOk(challenge));
  const opening = [...shake, wire().tuneOk(), wire().open(), wire().channelOpen(1), wire().channelOpen(2)];
  return { name, opening: opening.map(({ octets }) => octets), carrier: challenge === undefined ? 1 : 2, secret };
}

const amqplain = table({ LOGIN: field.S("rabbit"), PASSWORD: field.S(SECRET) }).subarray(4);
export const CLIENTS: readonly Client[] = [
  client("PLAIN", "PLAIN", `\0rabbit\0${SECRET}`, SECRET),
  client("AMQPLAIN", "AMQPLAIN", amqplain, SECRET),
  client("EXTERNAL", "EXTERNAL", SECRET, SECRET),
  client("RABBIT-CR-DEMO", "RABBIT-CR-DEMO", "rabbit", SECRET, `My password is ${SECRET}`),
];
/** A client that refreshes a token; its login says nothing of it. */
export const REFRESHING = client("OAuth", "PLAIN", "\0rabbit\0rabbit", TOKEN);
export const REFRESH = wire().updateSecret(TOKEN).octets;
const SERVER = wire().start().tune().openOk().channelOpenOk(1).channelOpenOk(2).octets;
/** A token that is no JSON web token, as long as what a broker quotes. */
export const OPAQUE = "S3cr3tP4ssw0rdXY";
export const OPAQUE_REFRESH = wire().updateSecret(OPAQUE, "").octets;
/** What a broker may answer to it. */
export const QUOTING = wire().close(501, `FRAME_ERROR - type 3, first 16 octets = <<"${OPAQUE}">>: {x,97}`).octets;
export const WORK = wire().publish(1, "d".repeat(190)).octets;
const AFTER = wire().publish(1, "e".repeat(40)).heartbeat().publish(1, "f".repeat(40)).octets;

export function spellings(secret: string): string[] {
  return Array.from({ length: secret.length - PIECE + 1 }, (_, at) => secret.slice(at, at + PIECE))
    .flatMap(piece => {
      const octets = [...text(piece)];
      const hex = octets.map(octet => octet.toString(16).padStart(2, "0"));
      return [
        piece,
        JSON.stringify(piece).slice(1, -1),
        octets.join(","),
        octets.join(", "),
        hex.join(""),
        hex.join(" "),
        hex.join('","'),
      ];
    })
    .concat([0, 1, 2].map(cut => Buffer.from(secret.slice(cut)).toString("base64").slice(0, 8)));
}

/** What becomes of a method with a secret, among a client's other octets. */
export function* damages(method: Uint8Array, all: boolean): Generator<[name: string, octets: Uint8Array]> {
  const publish = wire().publish(2, "p".repeat(60)).octets;
  const cut = Math.floor(method.length / 2);
  yield ["whole, and again", join(method, method)];
  yield ["torn by a publish", join(method.subarray(0, cut), publish, method.subarray(cut))];
  for (const at of [4, 9, 30, 60, 190, 230]) {
    yield [`tears a publish at ${at}`, join(WORK.subarray(0, at), method, WORK.subarray(at))];
    if (at < method.length) yield [`head of ${at}`, join(method.subarray(0, at), WORK)];
  }
  for (let lost = 1; lost < method.length; lost += all ? 1 : 5)
    yield [`without its first ${lost}`, method.subarray(lost)];
  for (let at = 0; at < 15; at++) {
    for (const value of all ? [0, 1, 2, 3, 8, 0x3c, 0xff] : [3, 0xff]) {
      const changed = method.slice();
      changed[at] = value;
      yield [`octet ${at} is ${value}`, changed];
    }
  }
}

/** A method with a secret without its beginning, or torn in its ids: nothing else in it tells what it is. */
export function* tornIds(method: Uint8Array): Generator<[name: string, octets: Uint8Array]> {
  const publish = wire().publish(2, "p".repeat(60)).octets;
  for (const lost of [9, 11, 12, 14, 16]) yield [`without its first ${lost}`, method.subarray(lost)];
  for (const at of [2, 8, 9, 10]) {
    yield [`torn behind ${at}`, join(method.subarray(0, at), publish, method.subarray(at))];
    yield [
      `torn behind ${at} within a torn publish`,
      join(WORK.subarray(0, 150), method.subarray(0, at), WORK.subarray(150), method.subarray(at)),
    ];
  }
  yield ["in two halves that changed places", join(method.subarray(13), method.subarray(0, 13))];
}

export const opened = ({ opening }: Client): Segment[] => [
  { side: 0, octets: opening[0]! },
  { side: 1, octets: SERVER },
  ...opening.slice(1).map((octets): Segment => ({ side: 0, octets })),
];
export const running = (octets: Uint8Array): Segment[] =>
  [WORK, octets, AFTER].map(each => ({ side: 0, octets: each }));
