import type { Method } from "../amqp/method-registry.ts";
import { long } from "../bytes/big-endian.ts";
import { needsStrictJudgement } from "./strict-arguments.ts";

/** An amqp_error that ends the connection; class-id and method-id are those of the method. */
export interface Complaint {
  code: number;
  text: string;
}

/**
 * One channel in the broker: its assembler (rabbit_command_assembler) and its process (rabbit_channel), as far as the
 * client's octets alone tell.
 */
export class BrokerChannel {
  readonly number: number;
  /** What the assembler takes next; "unknown" where octets were missed. */
  awaits: "method" | "header" | "body" | "unknown";
  /** The method whose content is being assembled. */
  method: Method | null = null;
  /** Octets of body still to come; negative after an overrun, which swallows the bodies that follow. */
  remaining = 0;
  immediate = false;
  propertiesDecode = true;
  /** The channel is closed, and forgotten by the connection. */
  gone = false;
  #state: "starting" | "running" | "unknown";

  constructor(number: number, certain: boolean) {
    this.number = number;
    this.awaits = certain ? "method" : "unknown";
    this.#state = certain ? "starting" : "unknown";
  }

  /** Whether arguments of the right lengths may still be refused. */
  strict(method: Method): boolean {
    return method.classId !== 60 || method.methodId === 20 ? needsStrictJudgement(method) : false;
  }

  /** A method without content, whose payload starts at `start`. */
  perform(method: Method, bytes: Uint8Array, start: number): Complaint | null {
    const { classId, methodId } = method;
    if (this.#state === "unknown") this.#state = "running";
    else if (this.#state === "starting") {
      if (classId !== 20 || methodId !== 10) return { code: 504, text: "expected 'channel.open'" };
      this.#state = "running";
      return null;
    }
    if (classId === 20) {
      switch (methodId) {
        case 10:
          return { code: 504, text: "second 'channel.open' seen" };
        case 20:
          return bytes[start + 4]! & 1 ? null : { code: 540, text: "active=false" };
        case 40:
          this.gone = true;
          return null;
        case 41:
          this.gone = true;
          return null;
      }
    }
    if (method.from === "server" || classId === 10) return { code: 503, text: "unimplemented method" };
    if (classId === 60 && methodId === 10 && long(bytes, start + 4) !== 0) {
      return { code: 540, text: `prefetch_size!=0 (${long(bytes, start + 4)})` };
    }
    return null;
  }

  /** A method whose content is complete. */
  performContent(method: Method): Complaint | null {
    if (this.#state === "unknown") this.#state = "running";
    if (this.#state === "starting") return { code: 504, text: "expected 'channel.open'" };
    if (method.from === "server") return { code: 503, text: "unimplemented method" };
    if (this.immediate) return { code: 540, text: "immediate=true" };
    return this.propertiesDecode ? null : { code: 541, text: "" };
  }
}
