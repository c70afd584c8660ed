/** Properties of class basic (§1.8.3.1) in the order in which their flags and values stand. */
export const BASIC_CLASS = 60;

export type PropertyType = "octet" | "longlong" | "shortstr" | "table";

export const BASIC_PROPERTIES = [
  ["content-type", "shortstr"],
  ["content-encoding", "shortstr"],
  ["headers", "table"],
  ["delivery-mode", "octet"],
  ["priority", "octet"],
  ["correlation-id", "shortstr"],
  ["reply-to", "shortstr"],
  ["expiration", "shortstr"],
  ["message-id", "shortstr"],
  ["timestamp", "longlong"],
  ["type", "shortstr"],
  ["user-id", "shortstr"],
  ["app-id", "shortstr"],
  ["reserved", "shortstr"],
] as const satisfies readonly (readonly [name: string, type: PropertyType])[];
