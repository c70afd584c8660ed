/**
 * The connections, a row each: those with findings first. Laid out here and not by cli-table3, which takes seconds for
 * ten thousand rows and does not know the width of every name a client may choose.
 */

import { grouped } from "../../bytes/grouped.ts";
import { columns, cut, pad, printable } from "../../bytes/printable.ts";
import type { Connection } from "../report.ts";
import { isAboutEnd, isAboutLimit, type Overview } from "./overview.ts";
import type { Page } from "./page.ts";
import {
  clientName,
  counted,
  endpoint,
  isEncrypted,
  library,
  preludeName,
  size,
  tlsName,
  tunnelNames,
} from "./wording.ts";

/** This many connections are listed in any state; beyond this, only those with findings, and this many of them. */
const MAX_LISTED = 10;
const MAX_BROKEN = 20;
/** Connections for which the reason is given why they were not decrypted. */
const MAX_REASONS = 8;
const GAP = "  ";
/** An IPv4 address with a port is never cut. */
const IPV4_COLUMNS = 21;
const NAME_COLUMNS = 14;

interface Column {
  head: string;
  align: "left" | "right";
  /** The width a long column may be cut to, or 0 if a cut would make it useless and must come last of all. */
  least: number;
  cells: string[];
}

export function connectionTable(overview: Overview, page: Page): string[] {
  const { connections } = overview.report;
  if (connections.length === 0) return [];
  const broken = connections.filter(({ id }) => isBroken(id, overview));
  const healthy = connections.filter(({ id }) => !isBroken(id, overview));
  const complete = page.all || connections.length <= MAX_LISTED;
  const shown = complete ? [...broken, ...healthy] : broken.slice(0, MAX_BROKEN);
  const lines = shown.length > 0 ? table(shown, overview, page) : [];
  if (!complete) lines.push(...leftOut(broken.length - shown.length, healthy.length, page));
  const server = commonServer(connections);
  const title = `CONNECTIONS${server === null ? "" : ` to ${server}`}`;
  return [page.paint.strong(cut(title, page.columns)), ...lines, ...undecrypted(connections, page)];
}

/** The connections with records only, and why. */
function undecrypted(connections: readonly Connection[], page: Page): string[] {
  const without = connections.filter(isEncrypted);
  if (without.length === 0) return [];
  const lacking = connections.filter(({ tls }) => tls?.undecrypted !== null && tls?.undecrypted !== "no key log");
  const reasons = lacking.flatMap(({ id, tls }) => (tls === undefined ? [] : [`${id}: ${tls.undecrypted}`]));
  const shown = reasons.slice(0, MAX_REASONS);
  if (reasons.length > shown.length) shown.push(`${counted(reasons.length - shown.length, "more")}`);
  const all = `${counted(without.length, "connection")} not decrypted: records were inspected, the frames in them were not. --tls-keys FILE names a key log.`;
  return [
    ...page.prose(printable(all), page.paint.faint),
    ...shown.flatMap(reason => page.prose(printable(reason), page.paint.faint)),
  ];
}

function table(shown: readonly Connection[], overview: Overview, page: Page): string[] {
  const common = commonServer(overview.report.connections) !== null;
  const column = (head: string, cell: (connection: Connection) => string, least = 0): Column => ({
    head,
    align: "left",
    least,
    cells: shown.map(cell),
  });
  const id = column("id", ({ id }) => printable(id, 12));
  const client = column("client", ({ client }) => endpoint(client), IPV4_COLUMNS);
  const server = column("server", ({ server }) => endpoint(server), IPV4_COLUMNS);
  const name = column("name", label, NAME_COLUMNS);
  const frames = column("frames →/←", c =>
    isEncrypted(c) ? "–" : `${grouped(c.frames.clientToServer)}/${grouped(c.frames.serverToClient)}`,
  );
  const octets = column("size", c => size(c.octets.clientToServer + c.octets.serverToClient));
  frames.align = octets.align = "right";
  const ended = column("ended", ({ ended }) => printable(ended, 5));
  const state = column("state", connection => stateOf(connection, overview));

  const tunnel = column("tunnel", tunnelNames, NAME_COLUMNS);
  const tunnelled = shown.some(({ tunnels }) => tunnels !== undefined);

  const behind = column("behind", preludeName, NAME_COLUMNS);
  const hasPreludes = shown.some(({ preludes }) => preludes !== undefined);

  const way = [...(tunnelled ? [tunnel] : []), ...(hasPreludes ? [behind] : [])];
  const ends = [id, client, ...(common ? [] : [server]), ...way];
  const wanted = [...ends, name, frames, octets, ended, state];
  const { kept, widths } = fitted(wanted, [octets, ended, frames, tunnel, behind, server, name], page.columns);
  const head = kept.map((column, at) => pad(column.head, widths[at]!, column.align)).join(GAP);
  return [
    page.paint.faint(`${GAP}${head}`.trimEnd()),
    ...shown.map((connection, row) => {
      const cells = kept.map((column, at) => pad(column.cells[row]!, widths[at]!, column.align));
      const last = (cells.pop() ?? "").trimEnd();
      return `${GAP}${cells.join(GAP)}${GAP}${inkFor(connection.id, overview, page)(last)}`;
    }),
  ];
}

/** Cuts the widest column that may be cut; if that is not enough, leaves out columns in the order given. */
function fitted(
  wanted: readonly Column[],
  order: readonly Column[],
  total: number,
): { kept: Column[]; widths: number[] } {
  let kept = [...wanted];
  for (const victim of [...order, null]) {
    const widths = kept.map(({ head, cells }) =>
      cells.reduce((most, cell) => Math.max(most, columns(cell)), head.length),
    );
    // With nothing left to leave out every column is cut, to a few letters if necessary.
    const least = kept.map((column, at) => (victim === null ? 4 : column.least || widths[at]!));
    if (shrink(widths, least, total - GAP.length * kept.length) || victim === null) return { kept, widths };
    kept = kept.filter(column => column !== victim);
  }
  return { kept, widths: [] };
}

/** Takes columns from the width that has most to give, one at a time. False when that did not reach the total. */
function shrink(widths: number[], least: readonly number[], total: number): boolean {
  let excess = widths.reduce((sum, width) => sum + width, 0) - total;
  for (; excess > 0; excess--) {
    const spare = widths.map((width, at) => width - least[at]!);
    const most = Math.max(...spare);
    if (most <= 0) return false;
    widths[spare.indexOf(most)]!--;
  }
  return true;
}

function label(connection: Connection): string {
  if (isEncrypted(connection)) return tlsName(connection);
  const name = clientName(connection);
  const maker = library(connection);
  if (name === "") return maker === "" ? "–" : maker;
  return maker === "" ? name : `${name} (${maker})`;
}

function isBroken(id: string, { worst }: Overview): boolean {
  const severity = worst.get(id)?.severity;
  return severity === "error" || severity === "warning";
}

function stateOf(connection: Connection, { worst, report }: Overview): string {
  const finding = worst.get(connection.id);
  if (!finding && report.summary.leftOut !== undefined) return "· none shown";
  if (!finding) return isEncrypted(connection) ? "✓ records" : "✓ clean";
  if (finding.severity === "note") {
    if (isAboutEnd(finding)) return `· ${finding.rule}`;
    if (isAboutLimit(finding)) return "✓ partly seen";
    if (connection.verdict.observed?.outcome === "close") return "✓ closed";
    // A channel that the broker closed may have cost messages.
    return finding.rule === "broker-close" ? "· broker-close" : "✓ clean";
  }
  return `${finding.severity === "error" ? "✗" : "!"} ${printable(finding.rule, 18)}`;
}

function inkFor(id: string, { worst }: Overview, { paint }: Page): (text: string) => string {
  return paint[worst.get(id)?.severity ?? "good"];
}

function commonServer(connections: readonly Connection[]): string | null {
  const first = connections[0];
  if (!first) return null;
  const { address, port } = first.server;
  const common = connections.every(({ server }) => server.address === address && server.port === port);
  return common ? endpoint(first.server) : null;
}

function leftOut(broken: number, healthy: number, page: Page): string[] {
  const parts = [
    broken > 0 ? `${counted(broken, "more connection")} with findings` : "",
    healthy > 0 ? `${counted(healthy, "healthy connection")}` : "",
  ].filter(part => part !== "");
  return parts.length === 0 ? [] : page.prose(`not listed: ${parts.join(", ")}. --all lists them.`, page.paint.faint);
}
