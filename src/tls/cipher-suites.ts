/** Cipher suites by number (IANA's registry), as data: what is needed to name them, and to decrypt with them. */

/** How a suite protects records. */
export type Protection =
  /** AES-GCM: in TLS 1.2 with 8 octets of the nonce in front of the ciphertext (RFC 5288), in 1.3 without. */
  | "gcm"
  /** AES-CCM (RFC 6655), as GCM. */
  | "ccm"
  /** AES-CCM with a tag of 8 octets. */
  | "ccm-8"
  /** ChaCha20-Poly1305 (RFC 7905): no octet of the nonce is sent. */
  | "chacha20-poly1305"
  /** AES-CBC with HMAC. */
  | "cbc";

export interface CipherSuite {
  /** IANA's name. */
  name: string;
  protection: Protection;
  /** Octets of the key. */
  keySize: 16 | 32;
  /** Hash of the pseudo-random function or HKDF. TLS 1.0 and 1.1 have their own. */
  hash: "sha256" | "sha384";
  /** Hash of HMAC, for CBC suites. */
  mac?: "sha1" | "sha256" | "sha384";
  isTls13: boolean;
}

/** The suite, or undefined if this table does not have it. */
export function cipherSuite(id: number): CipherSuite | undefined {
  return SUITES.get(id);
}

/** A suite's name, or its number. */
export function cipherSuiteName(id: number): string {
  return SUITES.get(id)?.name ?? `suite 0x${id.toString(16).padStart(4, "0")}`;
}

/** Octets of a nonce that stand in front of each record's ciphertext. */
export function explicitNonceSize({ protection, isTls13 }: CipherSuite): number {
  return !isTls13 && (protection === "gcm" || protection === "ccm" || protection === "ccm-8") ? 8 : 0;
}

/** Octets of the authentication tag; 0 for CBC. */
export function tagSize({ protection }: CipherSuite): number {
  if (protection === "cbc") return 0;
  return protection === "ccm-8" ? 8 : 16;
}

const SUITES = new Map<number, CipherSuite>();

/** AEAD suites of TLS 1.3 (RFC 8446 §B.4). */
for (const [id, name, protection, keySize, hash] of [
  [0x1301, "TLS_AES_128_GCM_SHA256", "gcm", 16, "sha256"],
  [0x1302, "TLS_AES_256_GCM_SHA384", "gcm", 32, "sha384"],
  [0x1303, "TLS_CHACHA20_POLY1305_SHA256", "chacha20-poly1305", 32, "sha256"],
  [0x1304, "TLS_AES_128_CCM_SHA256", "ccm", 16, "sha256"],
  [0x1305, "TLS_AES_128_CCM_8_SHA256", "ccm-8", 16, "sha256"],
] as const) {
  SUITES.set(id, { name, protection, keySize, hash, isTls13: true });
}

/** Key exchanges of TLS 1.2 and earlier, with the numbers of their suites by protection. */
const KEY_EXCHANGES: readonly (readonly [
  exchange: string,
  suites: Readonly<Partial<Record<OldProtection, number>>>,
])[] = [
  [
    "RSA",
    {
      AES_128_CBC_SHA: 0x002f,
      AES_256_CBC_SHA: 0x0035,
      AES_128_CBC_SHA256: 0x003c,
      AES_256_CBC_SHA256: 0x003d,
      AES_128_GCM_SHA256: 0x009c,
      AES_256_GCM_SHA384: 0x009d,
      AES_128_CCM: 0xc09c,
      AES_256_CCM: 0xc09d,
      AES_128_CCM_8: 0xc0a0,
      AES_256_CCM_8: 0xc0a1,
    },
  ],
  [
    "DHE_RSA",
    {
      AES_128_CBC_SHA: 0x0033,
      AES_256_CBC_SHA: 0x0039,
      AES_128_CBC_SHA256: 0x0067,
      AES_256_CBC_SHA256: 0x006b,
      AES_128_GCM_SHA256: 0x009e,
      AES_256_GCM_SHA384: 0x009f,
      AES_128_CCM: 0xc09e,
      AES_256_CCM: 0xc09f,
      AES_128_CCM_8: 0xc0a2,
      AES_256_CCM_8: 0xc0a3,
      CHACHA20_POLY1305_SHA256: 0xccaa,
    },
  ],
  [
    "ECDHE_ECDSA",
    {
      AES_128_CBC_SHA: 0xc009,
      AES_256_CBC_SHA: 0xc00a,
      AES_128_CBC_SHA256: 0xc023,
      AES_256_CBC_SHA384: 0xc024,
      AES_128_GCM_SHA256: 0xc02b,
      AES_256_GCM_SHA384: 0xc02c,
      AES_128_CCM: 0xc0ac,
      AES_256_CCM: 0xc0ad,
      AES_128_CCM_8: 0xc0ae,
      AES_256_CCM_8: 0xc0af,
      CHACHA20_POLY1305_SHA256: 0xcca9,
    },
  ],
  [
    "ECDHE_RSA",
    {
      AES_128_CBC_SHA: 0xc013,
      AES_256_CBC_SHA: 0xc014,
      AES_128_CBC_SHA256: 0xc027,
      AES_256_CBC_SHA384: 0xc028,
      AES_128_GCM_SHA256: 0xc02f,
      AES_256_GCM_SHA384: 0xc030,
      CHACHA20_POLY1305_SHA256: 0xcca8,
    },
  ],
  [
    "PSK",
    {
      AES_128_GCM_SHA256: 0x00a8,
      AES_256_GCM_SHA384: 0x00a9,
      CHACHA20_POLY1305_SHA256: 0xccab,
    },
  ],
];

const OLD_PROTECTIONS = {
  AES_128_CBC_SHA: { protection: "cbc", keySize: 16, hash: "sha256", mac: "sha1" },
  AES_256_CBC_SHA: { protection: "cbc", keySize: 32, hash: "sha256", mac: "sha1" },
  AES_128_CBC_SHA256: { protection: "cbc", keySize: 16, hash: "sha256", mac: "sha256" },
  AES_256_CBC_SHA256: { protection: "cbc", keySize: 32, hash: "sha256", mac: "sha256" },
  AES_256_CBC_SHA384: { protection: "cbc", keySize: 32, hash: "sha384", mac: "sha384" },
  AES_128_GCM_SHA256: { protection: "gcm", keySize: 16, hash: "sha256" },
  AES_256_GCM_SHA384: { protection: "gcm", keySize: 32, hash: "sha384" },
  AES_128_CCM: { protection: "ccm", keySize: 16, hash: "sha256" },
  AES_256_CCM: { protection: "ccm", keySize: 32, hash: "sha256" },
  AES_128_CCM_8: { protection: "ccm-8", keySize: 16, hash: "sha256" },
  AES_256_CCM_8: { protection: "ccm-8", keySize: 32, hash: "sha256" },
  CHACHA20_POLY1305_SHA256: { protection: "chacha20-poly1305", keySize: 32, hash: "sha256" },
} as const satisfies Record<string, Omit<CipherSuite, "name" | "isTls13">>;
type OldProtection = keyof typeof OLD_PROTECTIONS;

for (const [exchange, suites] of KEY_EXCHANGES) {
  for (const [protection, id] of Object.entries(suites) as [OldProtection, number][]) {
    SUITES.set(id, { name: `TLS_${exchange}_WITH_${protection}`, ...OLD_PROTECTIONS[protection], isTls13: false });
  }
}
