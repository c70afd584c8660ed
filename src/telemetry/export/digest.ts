import { hash } from "node:crypto";

/** Hexadecimal digits of SHA-256: nobody can write messages whose ids are another one's. */
export function digest(text: string): string {
  return hash("sha256", text, "hex");
}
