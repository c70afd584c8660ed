/** Words for sentences with numbers and names. */
import { grouped } from "./grouped.ts";

/** `1 octet`, `2,048 octets`. */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** With a capital letter, as a sentence begins. */
export function capital(clause: string): string {
  return clause.charAt(0).toUpperCase() + clause.slice(1);
}
