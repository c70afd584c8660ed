/** Small sessions whose secrets the test knows: what two writers of one TLS session do to it. */
import { CHANGE_CIPHER_SPEC, clientHello, keyLogLine, serverHello, Writer12, Writer13 } from "./tls-records.ts";
import { frame, join, text } from "./wire.ts";

const SECRETS = [0x11, 0x22, 0x33].map(octet => new Uint8Array(32).fill(octet)) as [Uint8Array, Uint8Array, Uint8Array];
const MASTER = new Uint8Array(48).fill(0x5a);

/** A session after its hellos: what has crossed the wire by then, the two writers, the key log. */
export interface Scene<Writer extends Writer12 | Writer13 = Writer12 | Writer13> {
  name: string;
  opening: [client: Uint8Array, server: Uint8Array];
  client: Writer;
  server: Writer;
  keys: string;
}

export function scenes(): Scene[] {
  return [
    scene13(0x1301, "TLS 1.3, AES-128-GCM"),
    scene13(0x1303, "TLS 1.3, ChaCha20-Poly1305"),
    scene12(0xc02f, "TLS 1.2, AES-128-GCM"),
    scene12(0xcca8, "TLS 1.2, ChaCha20-Poly1305"),
  ];
}

export function scene13(suite: 0x1301 | 0x1303 = 0x1301, name = "TLS 1.3"): Scene<Writer13> {
  const hello = { version: 0x0304, suite } as const;
  const [client, server] = [new Writer13(SECRETS[0], suite), new Writer13(SECRETS[1], suite)];
  const labels = ["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"] as const;
  const keys = labels.map((label, i) => keyLogLine(label, SECRETS[i]!)).join("");
  return { name, opening: [clientHello(hello), serverHello(hello)], client, server, keys };
}

export function scene12(suite: 0xc02f | 0xcca8 = 0xc02f, name = "TLS 1.2"): Scene<Writer12> {
  const hello = { version: 0x0303, suite } as const;
  const opening: [Uint8Array, Uint8Array] = [
    join(clientHello(hello), CHANGE_CIPHER_SPEC),
    join(serverHello(hello), CHANGE_CIPHER_SPEC),
  ];
  const [client, server] = [new Writer12(MASTER, suite, 0), new Writer12(MASTER, suite, 1)];
  return { name, opening, client, server, keys: keyLogLine("CLIENT_RANDOM", MASTER) };
}

/** The three frames of a publish, as pika writes them: one a record. */
export function publish(channel: number, body: string): [method: Uint8Array, header: Uint8Array, body: Uint8Array] {
  const method = join([0, 60, 0, 40, 0, 0, 0, 4], text("jobs"), [0]);
  const header = join([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, body.length, 0x80, 0, 10], text("text/plain"));
  return [frame(1, channel, method), frame(2, channel, header), frame(3, channel, text(body))];
}
