/** Real TLS peers as oracle: what they said is what is decrypted, and nothing is found wrong with their records. */
import { describe, expect, it } from "vitest";
import { ObservedTls } from "../support/tls-observed.ts";
import { converse, type PeerOptions, type TlsConversation } from "../support/tls-peers.ts";
import { text } from "../support/wire.ts";

const LINES = [
  text("AMQP0091"),
  text("a short answer"),
  new Uint8Array(40_000).fill(0x2a),
  text("x"),
  new Uint8Array(16_384).fill(7),
  new Uint8Array(70_000).fill(9),
];

const CASES: readonly (readonly [name: string, options: Omit<PeerOptions, "lines">])[] = [
  ["TLS_AES_128_GCM_SHA256", { version: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256" }],
  ["TLS_AES_256_GCM_SHA384", { version: "TLSv1.3", ciphers: "TLS_AES_256_GCM_SHA384" }],
  ["TLS_CHACHA20_POLY1305_SHA256", { version: "TLSv1.3", ciphers: "TLS_CHACHA20_POLY1305_SHA256" }],
  ["TLS_AES_128_CCM_SHA256", { version: "TLSv1.3", ciphers: "TLS_AES_128_CCM_SHA256" }],
  ["TLS_AES_128_CCM_8_SHA256", { version: "TLSv1.3", ciphers: "TLS_AES_128_CCM_8_SHA256" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", { version: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", { version: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" }],
  ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", { version: "TLSv1.2", ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CCM", { version: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-CCM" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", { version: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-CCM8" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", { version: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", { version: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", { version: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-SHA384" }],
  ["TLS_RSA_WITH_AES_128_GCM_SHA256", { version: "TLSv1.2", ciphers: "AES128-GCM-SHA256", certificate: "rsa" }],
  ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", { version: "TLSv1.2", ciphers: "ECDHE-RSA-AES256-SHA", certificate: "rsa" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", { version: "TLSv1.1", ciphers: "ECDHE-ECDSA-AES256-SHA" }],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", { version: "TLSv1", ciphers: "ECDHE-ECDSA-AES256-SHA" }],
];

function observe({ pieces, keys }: TlsConversation, decrypts: boolean): ObservedTls {
  const observed = new ObservedTls(decrypts ? { keys } : {});
  for (const [side, octets] of pieces) observed.data(side, octets);
  return observed.end();
}

describe.each(CASES)("%s", (name, options) => {
  it(`is read over ${options.version}`, async () => {
    const conversation = await converse({ ...options, lines: LINES });
    const closed = observe(conversation, false);
    expect(closed.recognised).toBe(true);
    expect(closed.findings).toEqual([]);
    expect(closed.connection.session.suite?.name).toBe(name);
    expect(closed.connection.session.clientHello?.serverName).toBe("localhost");
    if (options.version !== "TLSv1.3") {
      expect(closed.connection.session.certificateNames).toEqual(["broker.example", "localhost", "127.0.0.1"]);
    }
    expect(closed.connection.alerts.map(alert => alert !== null)).toEqual([true, true]);
    expect(closed.plaintext(0)).toHaveLength(0);

    const opened = observe(conversation, true);
    expect(opened.findings).toEqual([]);
    expect(opened.gaps).toEqual([]);
    for (const side of [0, 1] as const) {
      expect(Buffer.from(opened.plaintext(side)).equals(conversation.said[side])).toBe(true);
      expect(opened.connection.decryption?.[side].unopened).toBe(0);
      expect(opened.connection.alerts[side]?.content).toEqual({ level: 1, description: 0 });
    }
  });
});

describe.each(["TLSv1.2", "TLSv1.3"] as const)("a session resumed over %s", version => {
  it("is decrypted with its own secrets", async () => {
    let session: Buffer | undefined;
    const ciphers = version === "TLSv1.3" ? "TLS_AES_128_GCM_SHA256" : "ECDHE-ECDSA-AES128-GCM-SHA256";
    const options = { version, ciphers, lines: LINES };
    await converse({
      ...options,
      onSession: made => {
        session = made;
      },
    });
    expect(session).toBeDefined();
    const conversation = await converse({ ...options, session: session! });
    const observed = observe(conversation, true);
    expect(observed.findings).toEqual([]);
    expect(Buffer.from(observed.plaintext(0)).equals(conversation.said[0])).toBe(true);
    if (version === "TLSv1.2") expect(observed.connection.session.keysExchanged).toBe(false);
  });
});

it("says so where the key log has other sessions only", async () => {
  const conversation = await converse({ version: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256", lines: LINES });
  const keys = conversation.keys.replaceAll(/ [0-9a-f]{64} /g, ` ${"0".repeat(64)} `);
  const observed = observe({ ...conversation, keys }, true);
  expect(observed.connection.decryption).toBeNull();
  expect(observed.plaintext(0)).toHaveLength(0);
});
