/** The place of a result: a capture's artifact, and in it a connection. */
import { printable } from "../../bytes/printable.ts";
import type { Finding } from "../../report/report.ts";
import { type CheckedCapture, type CheckResult, CONFIG_FILE } from "../check-result.ts";
import { connectionOf, route } from "./result-wording.ts";

const BASE = "%SRCROOT%";
/** Code scanning shows a result only with a region, and a capture has no lines. */
export const FIRST_LINE = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

/** What relative paths of artifacts are relative to. */
export const BASE_IDS = { [BASE]: { description: { text: "The folder that captures are named from." } } };

export interface CaptureArtifact {
  capture: CheckedCapture;
  /** Index of the capture's artifact. */
  index: number;
}

/** Violations of the call stand where the config is, or would be. */
export function hasCallArtifact({ violations }: CheckResult): boolean {
  return violations.length > 0;
}

export function callArtifact({ config, captures }: CheckResult): { location: object } {
  return { location: locationOf(config ?? CONFIG_FILE, captures.length) };
}

export function artifactLocation({ capture, index }: CaptureArtifact): object {
  return locationOf(capture.path, index);
}

function locationOf(name: string, index: number): object {
  const uri = uriOf(name);
  return uri.startsWith("file:") ? { uri, index } : { uri, uriBaseId: BASE, index };
}

/** `captures/a%20b.pcap`, or file:///… of a path that begins at the root. */
export function uriOf(name: string): string {
  const segments = name
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .split("/")
    .filter(segment => segment !== ".")
    .map(encodeURIComponent);
  // A drive's colon has to stay: C:/captures/a.pcap.
  if (/^[A-Za-z]:\//.test(name)) return `file:///${[name.slice(0, 2), ...segments.slice(1)].join("/")}`;
  return name.startsWith("/") ? `file://${segments.join("/")}` : segments.join("/");
}

export function location(finding: Finding, place: CaptureArtifact): object {
  const connection = connectionOf(place.capture, finding);
  const logical =
    connection === undefined
      ? []
      : [
          {
            name: printable(connection.id, 12),
            fullyQualifiedName: [route(connection), finding.direction ?? "", at(finding)]
              .filter(part => part !== "")
              .join(" "),
            kind: "connection",
          },
        ];
  return {
    physicalLocation: {
      artifactLocation: artifactLocation(place),
      region: FIRST_LINE,
    },
    ...(logical.length === 0 ? {} : { logicalLocations: logical }),
  };
}

function at({ streamOffset }: Finding): string {
  return streamOffset === null ? "" : `@${streamOffset}`;
}
