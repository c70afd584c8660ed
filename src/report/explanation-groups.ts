/** The errors of a log by kind: how many of each, from when to when, and on which clients' connections. */
import type { About, SeenBy } from "../explain/known-lines/known-line.ts";

export interface ErrorGroup {
  /** As the incidents' own: frame_too_large, missed heartbeats, …. */
  name: string;
  about: About | null;
  seenBy: SeenBy | null;
  /** Ids of its incidents, in their order. */
  incidents: string[];
  /** How often they were logged, all together. */
  count: number;
  first: string | null;
  last: string | null;
  /** Clients concerned: a connection's own name, or its address without the port; at most a few. */
  clients: string[];
  moreClients: boolean;
}

/** What is counted for an incident. */
interface CountedIncident {
  id: string;
  name: string;
  about: About | null;
  seenBy: SeenBy | null;
  count: number;
  first: string | null;
  last: string | null;
  connection: { peers: readonly string[]; morePeers: boolean; name: string } | null;
}

const MAX_CLIENTS = 5;

/** The groups, the one logged most often first. */
export function errorGroups(incidents: readonly CountedIncident[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const incident of incidents) {
    const { name, about, seenBy } = incident;
    const key = `${name} ${about} ${seenBy}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = {
        name,
        about,
        seenBy,
        incidents: [],
        count: 0,
        first: null,
        last: null,
        clients: [],
        moreClients: false,
      };
      groups.set(key, group);
    }
    add(group, incident);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

function add(group: ErrorGroup, { id, count, first, last, connection }: CountedIncident): void {
  group.incidents.push(id);
  group.count += count;
  if (first !== null && (group.first === null || first < group.first)) group.first = first;
  if (last !== null && (group.last === null || last > group.last)) group.last = last;
  if (connection === null) return;
  group.moreClients ||= connection.morePeers;
  const addresses = connection.peers.map(peer => peer.replace(/:\d{1,5}$/, ""));
  for (const client of connection.name === "" ? addresses : [connection.name]) {
    if (group.clients.includes(client)) continue;
    if (group.clients.length < MAX_CLIENTS) group.clients.push(client);
    else group.moreClients = true;
  }
}
