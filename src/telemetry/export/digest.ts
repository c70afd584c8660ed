import { hash } from "node:crypto";

/** Hexadecimal digits of SHA-256: nobody can craft messages whose ids equal another's. */
export function digest(text: string): string {
  return hash("sha256", text, "hex");
}
