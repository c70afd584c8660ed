import { SEARCH_BUDGET } from "../amqp/frame-boundary-search.ts";
import { WINDOW_BUDGET } from "../forensics/octet-window.ts";
import { MAX_STEPS } from "../forensics/untangle/untangle.ts";
import { REUSE_BUDGET } from "../tls/key-stream-reuse.ts";
import { RECENT_OCTETS_BUDGET } from "../tls/recent-octets.ts";
import type { Carrier } from "./carrier.ts";
import { ConnectionInspection } from "./connection-inspection.ts";
import type { Beginning, Budgets, EngineSetting } from "./setting.ts";

/**
 * Inspects connections, and emits its findings to a sink. Captures, the live proxy and the guard feed it, each
 * connection through its ConnectionObserver. It owns the budgets of all its connections.
 */
export class Engine<By extends Carrier = Carrier> {
  readonly #setting: EngineSetting<By>;
  readonly #budgets: Budgets;
  readonly #maxSteps: number;
  #recognised = 0;

  constructor(setting: EngineSetting<By>) {
    this.#setting = setting;
    this.#maxSteps = setting.untanglingSteps ?? MAX_STEPS;
    this.#budgets = {
      search: { octets: 0, limit: setting.searchOctets ?? SEARCH_BUDGET },
      windows: { octets: 0, limit: WINDOW_BUDGET },
      steps: setting.steps ?? { steps: this.#maxSteps },
      reuse: { octets: 0, limit: REUSE_BUDGET },
      tlsOctets: { octets: 0, limit: RECENT_OCTETS_BUDGET },
    };
  }

  /** A connection whose octets are about to come. */
  connection(carrier: By, beginning: Beginning): ConnectionInspection<By> {
    const nextNumber = (): number => ++this.#recognised;
    return new ConnectionInspection(carrier, beginning, this.#setting, this.#budgets, nextNumber);
  }

  /** Whether octets of one more connection may be kept to explain what breaks in it. */
  get hasRoom(): boolean {
    const { windows, steps } = this.#budgets;
    return windows.octets <= windows.limit && steps.steps > 0;
  }

  /** Returns a share of the steps that untangling may take: for inspections without an end. */
  regainSteps(share: number): void {
    const { steps } = this.#budgets;
    // A reading may take a few steps even if none are left.
    const left = Math.max(0, steps.steps);
    steps.steps = Math.min(this.#maxSteps, left + this.#maxSteps * share);
  }
}
