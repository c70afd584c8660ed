/** A secret, and what a recording shows of octets that hold it. */
import { CredentialsMask } from "../../src/connection/credentials-mask.ts";
import { ServerMask } from "../../src/connection/server-mask.ts";
import { spellings } from "./secret-scenes.ts";
import { join } from "./wire.ts";

export const SECRET = "Kq7!zW3#xV9$hT5%";
export const latin1 = new TextDecoder("latin1");
const PIECES = spellings(SECRET).filter(each => each.length === 5);

/** What stands in a recording of octets that come in these pieces. */
export function recorded(pieces: readonly Uint8Array[], of: "client" | "server" = "client"): string {
  const client = new CredentialsMask();
  const mask = of === "client" ? client : new ServerMask(client.masked.pieces);
  return latin1.decode(join(...pieces.map(piece => new Uint8Array(mask.mask(piece)))));
}

/** The octets whole, cut once anywhere, and one by one. */
export function* cuts(octets: Uint8Array): Generator<Uint8Array[]> {
  yield [octets];
  for (let at = 1; at < octets.length; at++) yield [octets.slice(0, at), octets.slice(at)];
  yield Array.from(octets, (_, at) => octets.slice(at, at + 1));
}

/** Five octets of it, in any spelling, that are shown. */
export const leaked = (shown: string): string[] => PIECES.filter(piece => shown.includes(piece));
