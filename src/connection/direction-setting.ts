import type { SearchBudget } from "../amqp/frame-boundary-search.ts";
import type { Moment } from "../net/connection-observer.ts";
import type { IncidentListener, Predictor } from "./observers.ts";

/** What a direction needs to know when it begins. */
export interface DirectionSetting {
  /** When the present octets were captured. */
  moment: Moment;
  /** Octets that a payload may have, until a frame-max is agreed on. */
  sizeLimit: number;
  budget: SearchBudget;
  /** Null if nothing is predicted for this direction. */
  predictor: Predictor | null;
  incidents: IncidentListener | null;
  /** A guessed boundary is taken as right. */
  trusted: boolean;
}
