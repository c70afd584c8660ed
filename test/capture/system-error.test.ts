/** What errors of the system and of TLS say to a user. */
import { describe, expect, it } from "vitest";
import { codeOf, isOfTls, meaningOf, systemSentence, tlsReason } from "../../src/capture/system-error.ts";

function error(message: string, more: object = {}): Error {
  return Object.assign(new Error(message), more);
}

describe("errors of TLS", () => {
  it.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", true],
    ["SELF_SIGNED_CERT_IN_CHAIN", true],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", true],
    ["CERT_HAS_EXPIRED", true],
    ["ERR_TLS_CERT_ALTNAME_INVALID", true],
    ["ERR_SSL_WRONG_VERSION_NUMBER", true],
    ["EPROTO", true],
    ["ECONNREFUSED", false],
    ["ECONNRESET", false],
    ["", false],
  ])("%s: %s", (code, isOne) => {
    expect(isOfTls(error("no", code === "" ? {} : { code }))).toBe(isOne);
  });

  it("say why, without OpenSSL's addresses, and with their code", () => {
    const openssl = error("4047A5:error:0A00010B:SSL routines:wrong version number:../ssl/record.c:354:", {
      code: "ERR_SSL_WRONG_VERSION_NUMBER",
      reason: "wrong version number",
    });
    expect(tlsReason(openssl)).toBe("wrong version number (ERR_SSL_WRONG_VERSION_NUMBER)");
    expect(tlsReason(error("bad\u001b[2J"))).toBe(String.raw`bad\x1b[2J`);
  });
});

describe("errors of the system", () => {
  it("say what they mean to whoever reads, and name the path", () => {
    const missing = error("ENOENT: no such file or directory", { code: "ENOENT", syscall: "open", path: "a.pcap" });
    expect(systemSentence(missing)).toBe("a.pcap: no such file");
    expect([codeOf(missing), codeOf("text")]).toEqual(["ENOENT", ""]);
    expect(systemSentence(error("no system's"))).toBeNull();
    expect([meaningOf("ENOSPC", "write"), meaningOf("toString", "write")]).toEqual(["there is no space left", null]);
  });
});
