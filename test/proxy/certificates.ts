/** Certificates for tests, made by openssl: an authority, and whom it vouches for. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface CertificateFiles {
  cert: string;
  key: string;
}

export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), "ghostframe-certificates-"));
  /** The authority's certificate. */
  readonly ca: string;
  readonly #key: string;

  constructor() {
    this.#key = join(this.folder, "ca.key");
    this.ca = join(this.folder, "ca.pem");
    const subject = ["-days", "2", "-subj", "/CN=ghostframe test authority"];
    openssl("req", "-x509", ...NEW_KEY, "-keyout", this.#key, "-out", this.ca, ...subject);
  }

  /** A certificate for a name, with the names and addresses it is good for: `DNS:localhost,IP:127.0.0.1`. */
  issue(name: string, subjectAltName: string): CertificateFiles {
    const [key, cert, request] = ["key", "pem", "csr"].map(kind => join(this.folder, `${name}.${kind}`)) as [
      string,
      string,
      string,
    ];
    const extensions = join(this.folder, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${subjectAltName}\n`);
    openssl("req", "-new", ...NEW_KEY, "-keyout", key, "-out", request, "-subj", `/CN=${name}`);
    const authority = ["-CA", this.ca, "-CAkey", this.#key, "-CAcreateserial"];
    openssl("x509", "-req", "-in", request, ...authority, "-days", "2", "-extfile", extensions, "-out", cert);
    return { cert, key };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function openssl(...options: string[]): void {
  execFileSync("openssl", options, { stdio: ["ignore", "ignore", "pipe"] });
}
