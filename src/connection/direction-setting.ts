import type { SearchBudget } from "../amqp/frame-boundary-search.ts";
import type { Moment } from "../net/connection-observer.ts";
import type { IncidentListener, Predictor } from "./observers.ts";

/** What a direction is told when it begins. */
export interface DirectionSetting {
  /** When what is being delivered was captured. */
  moment: Moment;
  /** Octets that a payload may have, until a frame-max is agreed on. */
  sizeLimit: number;
  budget: SearchBudget;
  /** Null where nothing is predicted of this direction. */
  predictor: Predictor | null;
  incidents: IncidentListener | null;
  /** A boundary that has to be guessed is taken for right. */
  trusted: boolean;
}
