/**
 * What follows when a guard stops a client. The stop is reported when it is decided: the client may be gone a moment
 * later. Then the client may send more of what it writes, and the inspector explains it, so that the close frame gives
 * the reason. A client that ends its stream before that gets the close frame at once.
 */
import type { BrokerChoice } from "../broker/versions.ts";
import { envelopeSentence } from "../connection/envelope-sentence.ts";
import type { Incident } from "../connection/incident.ts";
import { GUARD_CODE, OWN_MARK } from "../connection/own-close.ts";
import { connectionClose } from "./close-frame.ts";
import type { ConnectionTap, Relayed, RelayedConnection } from "./connection-tap.ts";
import type { EventMessage, FindingMessage } from "./event-message.ts";
import { Guard } from "./guard.ts";
import type { Inspector } from "./inspector.ts";
import { reasonOf } from "./proxy-error.ts";

/** Milliseconds in which a stopped client may send more of what it writes, before its incident is concluded. */
const LISTENS = 100;
/** Milliseconds that the inspector then has to explain it. */
const EXPLAINS = 400;

export interface GuardingOptions {
  broker: BrokerChoice;
  inspector: Inspector;
  /** Gets what the operator should know. */
  problem: (message: string) => void;
}

export class Guarding {
  /** Clients that were stopped. */
  stops = 0;
  readonly #options: GuardingOptions;
  /** Those that still wait for their close frame. */
  readonly #stopping = new Map<number, Stop>();

  constructor(options: GuardingOptions) {
    this.#options = options;
  }

  /** A guard for one connection, whose events `tap` gets. */
  guard(connection: RelayedConnection, relayed: Relayed, tap: ConnectionTap): Guard {
    const { broker, inspector, problem } = this.#options;
    const { number } = connection;
    const guard: Guard = new Guard(broker, {
      broken: incident => {
        this.stops++;
        inspector.guarded(connection, sentenceOf(incident));
        const stop = new Stop({ number, guard, relayed, tap, inspector, incident }, () =>
          this.#stopping.delete(number),
        );
        this.#stopping.set(number, stop);
        stop.listen().catch((error: unknown) => {
          problem(`c${number} could not be sent why it is stopped: ${reasonOf(error)}`);
          relayed.stop(null);
        });
      },
      clientEnded: () => this.#stopping.get(number)?.clientEnded(),
      brokerBroken: incident => {
        const what = sentenceOf(incident);
        problem(`c${number}: the broker's own octets broke, its client is guarded all the same: ${what}`);
      },
    });
    return guard;
  }

  /** A finding of the inspector may explain a stop. */
  received({ number, finding }: EventMessage): void {
    if (finding?.severity === "error") this.#stopping.get(number)?.found(finding);
  }
}

interface StopContext {
  number: number;
  guard: Guard;
  relayed: Relayed;
  tap: ConnectionTap;
  inspector: Inspector;
  incident: Incident;
}

/** One client that was stopped, until it has its close frame. */
class Stop {
  readonly #context: StopContext;
  readonly #over: () => void;
  /** The error reported for it since then. */
  #finding: FindingMessage | null = null;
  #isClosed = false;

  constructor(context: StopContext, over: () => void) {
    this.#context = context;
    this.#over = over;
  }

  found(finding: FindingMessage): void {
    this.#finding = finding;
  }

  async listen(): Promise<void> {
    const { number, inspector } = this.#context;
    await new Promise(resolve => setTimeout(resolve, LISTENS));
    if (this.#isClosed) return;
    const finding = this.#finding;
    const concluded = await inspector.conclude(number, finding === null ? EXPLAINS : 0);
    this.#close(finding ?? concluded);
  }

  clientEnded(): void {
    // From here on, only the guard sends to the client.
    void this.#context.inspector.conclude(this.#context.number, 0);
    this.#close(null);
  }

  /** Sends the close frame, with what is known by now. */
  #close(finding: FindingMessage | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#over();
    const { guard, relayed, tap, incident } = this.#context;
    const reason = (finding ?? this.#finding)?.reason ?? sentenceOf(incident);
    const closeFrame = guard.clientAtBoundary ? connectionClose(GUARD_CODE, OWN_MARK + reason) : null;
    if (closeFrame !== null) tap.data(1, closeFrame);
    relayed.stop(closeFrame);
  }
}

function sentenceOf({ envelope, foundAt, endOffset, secret, message }: Incident): string {
  return envelope === null ? message : envelopeSentence(envelope, foundAt, endOffset, secret);
}
