/** The report as the views use it: incidents, groups and figures, made once, by the code that the text report uses. */
import { countsOf, type IncidentCounts } from "../../incidents/counts.ts";
import { groupsOf, type IncidentGroup } from "../../incidents/groups.ts";
import { type Incident, incidentsOf } from "../../incidents/incident.ts";
import type { Connection, Report } from "../../report.ts";
import { clientName, endpoint } from "../../text/wording.ts";
import type { PageData } from "../page-data.ts";

export interface Model {
  data: PageData;
  report: Report;
  incidents: Incident[];
  groups: IncidentGroup[];
  counts: IncidentCounts;
  connections: Map<string, Connection>;
}

export function modelOf(data: PageData): Model {
  const { report } = data;
  const incidents = incidentsOf(report);
  return {
    data,
    report,
    incidents,
    groups: groupsOf(incidents),
    counts: countsOf(report, incidents),
    connections: new Map(report.connections.map(connection => [connection.id, connection])),
  };
}

/** A connection's name here: its own name, else its address. */
export function called(connection: Connection | null): string {
  if (connection === null) return "a file";
  return clientName(connection) || endpoint(connection.client);
}

/** The contents of the address bar: the view, what it shows, and how. */
export interface State {
  view: string;
  id: string;
  settings: Map<string, string>;
}

/** Words at the top, which may be typed. */
const PLURALS: ReadonlyMap<string, string> = new Map([
  ["incidents", "incident"],
  ["connections", "connection"],
  ["message", "messages"],
]);

export function stateOf(hash: string): State {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?");
  const [name = "", id = ""] = path.split("/");
  const view = PLURALS.get(name) ?? name;
  return { view: view || "overview", id: decoded(id), settings: new Map(new URLSearchParams(query)) };
}

export function hashOf({ view, id, settings }: State): string {
  const query = new URLSearchParams([...settings]).toString();
  return `#${view}${id === "" ? "" : `/${encodeURIComponent(id)}`}${query === "" ? "" : `?${query}`}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** Changes a setting of the present view; the view is redrawn. */
export function set(name: string, value: string): void {
  const state = stateOf(location.hash);
  state.settings.set(name, value);
  location.hash = hashOf(state);
}
