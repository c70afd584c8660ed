/** Certificates for a test, made by openssl while it runs. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  /** Paths of PEM files. */
  cert: string;
  key: string;
  /** Their contents. */
  pem: { cert: Buffer; key: Buffer };
}

/** A certificate that signs itself, in the name and at the address of this machine. */
export function selfSigned(folder: string, name: string): Certificate {
  const cert = join(folder, `${name}.pem`);
  const key = join(folder, `${name}.key`);
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", key];
  const named = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...made, ...named], { stdio: "pipe" });
  return { cert, key, pem: { cert: readFileSync(cert), key: readFileSync(key) } };
}
