import { layoutOf } from "./argument-skip.ts";
import { FIELD_KINDS, type FieldKind } from "./field-kinds.ts";
import { keyOf } from "./method-keys.ts";
import { type ArgumentType, CLASSES, type ClassSpec } from "./spec/methods.ts";

/** One method of the specification, ready for use. */
export interface Method {
  classId: number;
  methodId: number;
  /** The number by which code distinguishes methods (method-keys.ts). */
  key: number;
  /** As the specification writes it: `basic.publish`. */
  name: string;
  from: "client" | "server" | "both";
  /** A content header and content bodies follow. */
  content: boolean;
  arguments: readonly Argument[];
  /** The layout with which argument-skip.ts steps over its arguments. */
  layout: Int8Array | null;
}

export interface Argument {
  name: string;
  type: ArgumentType;
  kind: FieldKind;
}

// Filled from end to end: an array with holes of this size becomes a hash table, and is read for every method frame.
const registry: (Method | undefined)[] = Array.from({ length: 1 << 15 }, () => undefined);
export const METHODS: Method[] = [];

for (const [classId, spec] of Object.entries<ClassSpec>(CLASSES)) {
  for (const [methodId, method] of Object.entries(spec.methods)) {
    const list = method.arguments.map(([name, type]) => ({ name, type, kind: FIELD_KINDS[type] }));
    const entry: Method = {
      classId: Number(classId),
      methodId: Number(methodId),
      key: keyOf(Number(classId), Number(methodId)),
      name: `${spec.name}.${method.name}`,
      from: method.from,
      content: method.content === true,
      arguments: list,
      layout: layoutOf(list),
    };
    METHODS.push(entry);
    registry[entry.key] = entry;
  }
}

/** The method of a class-id and method-id, or undefined where the specification has none. */
export function methodOf(classId: number, methodId: number): Method | undefined {
  return classId < 128 && methodId < 256 ? registry[keyOf(classId, methodId)] : undefined;
}

/** The method with this name in the specification (`basic.publish`), or undefined. */
export function methodNamed(name: string): Method | undefined {
  return METHODS.find(method => method.name === name);
}

/** `basic.publish`, or `method 60,99` for a pair the specification does not have. */
export function methodName(classId: number, methodId: number): string {
  return methodOf(classId, methodId)?.name ?? `method ${classId},${methodId}`;
}
