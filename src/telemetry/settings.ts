/** What is to be sent, where to, and as what: from the options of the command and the standard variables of OpenTelemetry. */
import type { Attributes } from "./records.ts";

export const SIGNALS = ["traces", "metrics", "logs"] as const;
export type Signal = (typeof SIGNALS)[number];

export type Protocol = "http/protobuf" | "http/json";

/** A signal's way out: its URL, and how it is written. */
export interface HttpTarget {
  url: string;
  protocol: Protocol;
}

export interface TelemetrySetting {
  /**
   * A folder with a file of JSON lines for each signal, one file for all of them, which is written anew, or where each
   * signal is sent; a signal that is not there is not sent.
   */
  target:
    | { kind: "folder"; directory: string; signals: readonly Signal[] }
    | { kind: "file"; path: string; signals: readonly Signal[] }
    | { kind: "http"; signals: Partial<Record<Signal, HttpTarget>> };
  serviceName: string;
  resource: Attributes;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The file of a signal, in the folder of `--otlp=file:DIR`. */
export function signalFile(directory: string, signal: Signal): string {
  return `${directory}/${signal}.jsonl`;
}

/** A setting that cannot be used: what, where, expected, found. */
export class TelemetryError extends Error {
  override name = "TelemetryError";
  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`);
  }
}

/** Where OpenTelemetry's SDKs send to when nobody says where. */
const DEFAULT_URL = "http://localhost:4318";
const SERVICE_NAME = "ghostframe";

/**
 * The value of the option `--otlp`: a URL, `file:DIR`, true for the option without a value, undefined without the option;
 * or the file of `--output otlp=FILE`.
 */
export type OtlpTarget = string | true | { file: string } | undefined;

/** Returns null where nothing is to be sent. Throws a TelemetryError. */
export function telemetrySetting(otlp: OtlpTarget, environment: Environment): TelemetrySetting | null {
  if (environment.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return null;
  const wanted = SIGNALS.filter(signal => environment[`OTEL_${signal.toUpperCase()}_EXPORTER`]?.trim() !== "none");
  const target = targetOf(otlp, environment, wanted);
  if (target === null) return null;
  const attributes = pairs("OTEL_RESOURCE_ATTRIBUTES", environment.OTEL_RESOURCE_ATTRIBUTES ?? "");
  const { "service.name": named, ...resource } = attributes;
  return { target, serviceName: nonEmpty(environment.OTEL_SERVICE_NAME) ?? named ?? SERVICE_NAME, resource };
}

function targetOf(
  otlp: OtlpTarget,
  environment: Environment,
  wanted: readonly Signal[],
): TelemetrySetting["target"] | null {
  if (typeof otlp === "object") return { kind: "file", path: otlp.file, signals: wanted };
  if (typeof otlp === "string" && otlp.startsWith("file:")) {
    const directory = otlp.slice("file:".length).replace(/^\/\//, "");
    if (directory === "") throw new TelemetryError("--otlp", "expected a folder behind file:, found none");
    return { kind: "folder", directory, signals: wanted };
  }
  const base = baseUrl(otlp, environment);
  const signals: Partial<Record<Signal, HttpTarget>> = {};
  for (const signal of wanted) {
    const name = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`;
    // What the command line says goes before what the environment says.
    const own = typeof otlp === "string" ? undefined : nonEmpty(environment[name]);
    const url = own === undefined ? base && `${base.replace(/\/$/, "")}/v1/${signal}` : checkedUrl(name, own);
    if (url !== null) signals[signal] = { url, protocol: protocolOf(signal, environment) };
  }
  return Object.keys(signals).length === 0 ? null : { kind: "http", signals };
}

/** The URL that the paths of signals are appended to; null where only some signals have one of their own. */
function baseUrl(otlp: string | true | undefined, environment: Environment): string | null {
  if (typeof otlp === "string") return checkedUrl("--otlp", otlp);
  const name = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const general = nonEmpty(environment[name]);
  if (general !== undefined) return checkedUrl(name, general);
  const hasOwn = SIGNALS.some(
    signal => nonEmpty(environment[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`]) !== undefined,
  );
  return otlp === true && !hasOwn ? DEFAULT_URL : null;
}

function checkedUrl(what: string, text: string): string {
  const hint = what === "--otlp" ? " (write --otlp=URL, or put --otlp last, where a file follows it)" : "";
  const expected = `expected http://…, https://…${what === "--otlp" ? " or file:DIR" : ""}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // A password may stand in what is no URL.
    const found = url === null ? text.replace(/^.*@/s, "…@") : `${url.protocol}…`;
    throw new TelemetryError(what, `${expected}, found ${found}${hint}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new TelemetryError(what, "expected no user or password in the URL: OTEL_EXPORTER_OTLP_HEADERS holds keys");
  }
  return text;
}

function protocolOf(signal: Signal, environment: Environment): Protocol {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`;
  const name = nonEmpty(environment[own]) === undefined ? "OTEL_EXPORTER_OTLP_PROTOCOL" : own;
  const protocol = nonEmpty(environment[name]) ?? "http/protobuf";
  if (protocol === "http/protobuf" || protocol === "http/json") return protocol;
  throw new TelemetryError(name, `expected http/protobuf or http/json, found ${protocol}`);
}

/** `key=value,key=value`, percent-encoded. */
function pairs(what: string, text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of text.split(",").map(each => each.trim())) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    if (at <= 0) throw new TelemetryError(what, `expected key=value, found ${pair}`);
    try {
      found[decodeURIComponent(pair.slice(0, at).trim())] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch {
      throw new TelemetryError(what, `expected percent-encoded text, found ${pair}`);
    }
  }
  return found;
}

function nonEmpty(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === "" ? undefined : trimmed;
}
