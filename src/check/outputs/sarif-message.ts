/**
 * Plain text as a message. Braces are doubled because single ones hold placeholders (section 3.11.5), and where text
 * from the wire would make a link, its brackets are escaped (section 3.11.6).
 */
export function message(text: string): object {
  const plain = text.replace(/[{}]/g, "$&$&");
  return { text: plain.includes("](") ? plain.replace(/[[\]\\]/g, "\\$&") : plain };
}
