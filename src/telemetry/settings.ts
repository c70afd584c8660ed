/** What is sent, where to, and as what: from the options of the command and the standard variables of OpenTelemetry. */
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
   * signal is sent; a missing signal is not sent.
   */
  target:
    | { kind: "folder"; directory: string; signals: readonly Signal[] }
    | { kind: "file"; path: string; signals: readonly Signal[] }
    | { kind: "http"; signals: Partial<Record<Signal, HttpTarget>> };
  serviceName: string;
  resource: Attributes;
}

export function sendsTraces(setting: TelemetrySetting | null): boolean {
  if (setting === null) return false;
  const { target } = setting;
  return target.kind === "http" ? target.signals.traces !== undefined : target.signals.includes("traces");
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

/** Where OpenTelemetry's SDKs send to by default. */
const DEFAULT_URL = "http://localhost:4318";
const SERVICE_NAME = "ghostframe";

/**
 * The value of the option `--otlp`: a URL, `file:DIR`, true for the option without a value, undefined without the option;
 * or the file of `--output otlp=FILE`.
 */
export type OtlpTarget = string | true | { file: string } | undefined;

/**
 * Returns null if nothing is to be sent. Variables that cannot be used stop nothing: they may be meant for other
 * programs. They are ignored, and `warn` gets a sentence for each of them.
 *
 * @throws TelemetryError if `otlp` is wrong
 */
export function telemetrySetting(
  otlp: OtlpTarget,
  environment: Environment,
  warn: (problem: string) => void = () => {},
): TelemetrySetting | null {
  if (environment.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return null;
  const wanted = SIGNALS.filter(signal => environment[`OTEL_${signal.toUpperCase()}_EXPORTER`]?.trim() !== "none");
  const target = targetOf(otlp, wanted, new Variables(environment, warn));
  if (target === null) return null;
  const { "service.name": named, ...resource } = resourceAttributes(environment.OTEL_RESOURCE_ATTRIBUTES ?? "", warn);
  return { target, serviceName: nonEmpty(environment.OTEL_SERVICE_NAME) ?? named ?? SERVICE_NAME, resource };
}

function targetOf(
  otlp: OtlpTarget,
  wanted: readonly Signal[],
  variables: Variables,
): TelemetrySetting["target"] | null {
  if (typeof otlp === "object") return { kind: "file", path: otlp.file, signals: wanted };
  if (typeof otlp === "string" && otlp.startsWith("file:")) {
    const directory = otlp.slice("file:".length).replace(/^\/\//, "");
    if (directory === "") throw new TelemetryError("--otlp", "expected a folder behind file:, found none");
    return { kind: "folder", directory, signals: wanted };
  }
  const given = typeof otlp === "string" ? checkedUrl("--otlp", otlp) : null;
  const signals: Partial<Record<Signal, HttpTarget>> = {};
  for (const signal of wanted) {
    // The command line goes before the environment.
    const url = given === null ? variables.urlOf(signal, otlp === true) : signalUrl(given, signal);
    // The user wants it sent there, and gives no protocol.
    const protocol = url === null ? null : variables.protocolOf(signal, given === null ? null : DEFAULT_PROTOCOL);
    if (url !== null && protocol !== null) signals[signal] = { url: url.href, protocol };
  }
  return Object.keys(signals).length === 0 ? null : { kind: "http", signals };
}

/** The addresses and protocols in the variables. Each that cannot be used is reported once. */
class Variables {
  readonly #environment: Environment;
  readonly #warn: (problem: string) => void;
  readonly #warned = new Set<string>();

  constructor(environment: Environment, warn: (problem: string) => void) {
    this.#environment = environment;
    this.#warn = warn;
  }

  /** null for nowhere. `isAsked`: it is wanted, by default at the address that every SDK uses. */
  urlOf(signal: Signal, isAsked: boolean): URL | null {
    const own = endpointOf(signal);
    const ownText = nonEmpty(this.#environment[own]);
    if (ownText !== undefined) return this.#url(own, ownText, signal);
    const generalText = nonEmpty(this.#environment[ENDPOINT]);
    if (generalText !== undefined) {
      const base = this.#url(ENDPOINT, generalText, null);
      return base && signalUrl(base, signal);
    }
    const isElsewhere = SIGNALS.some(each => nonEmpty(this.#environment[endpointOf(each)]) !== undefined);
    return isAsked && !isElsewhere ? signalUrl(new URL(DEFAULT_URL), signal) : null;
  }

  /** null, or `otherwise` if it is a protocol that is not supported here. */
  protocolOf(signal: Signal, otherwise: Protocol | null): Protocol | null {
    const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`;
    const isOwn = nonEmpty(this.#environment[own]) !== undefined;
    const name = isOwn ? own : "OTEL_EXPORTER_OTLP_PROTOCOL";
    const protocol = nonEmpty(this.#environment[name]) ?? DEFAULT_PROTOCOL;
    if (protocol === "http/protobuf" || protocol === "http/json") return protocol;
    const done = otherwise === null ? unsent(isOwn ? signal : null) : `${otherwise} is used`;
    this.#warnOnce(name, `${name}: expected http/protobuf or http/json, found ${protocol}: ${done}`);
    return otherwise;
  }

  #url(name: string, text: string, signal: Signal | null): URL | null {
    try {
      return checkedUrl(name, text);
    } catch (error) {
      if (!(error instanceof TelemetryError)) throw error;
      this.#warnOnce(name, `${error.message}: ${unsent(signal)}`);
      return null;
    }
  }

  #warnOnce(name: string, problem: string): void {
    if (!this.#warned.has(name)) this.#warn(problem);
    this.#warned.add(name);
  }
}

const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
const DEFAULT_PROTOCOL: Protocol = "http/protobuf";

function endpointOf(signal: Signal): string {
  return `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`;
}

function unsent(signal: Signal | null): string {
  return signal === null ? "no telemetry is sent" : `no ${signal} are sent`;
}

/** The signal's path behind that of `base`; its query stays. */
function signalUrl(base: URL, signal: Signal): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return url;
}

/** A URL as it may be shown: a key may stand in its query. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function checkedUrl(what: string, text: string): URL {
  const hint = what === "--otlp" ? " (write --otlp=URL, or put --otlp last, where a file follows it)" : "";
  const expected = `expected http://…, https://…${what === "--otlp" ? " or file:DIR" : ""}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // Text that is no URL may hold a password or a key.
    const found = url === null ? text.replace(/^.*@/s, "…@").replace(/\?.*$/s, "?…") : `${url.protocol}…`;
    throw new TelemetryError(what, `${expected}, found ${found}${hint}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new TelemetryError(what, "expected no user or password in the URL: OTEL_EXPORTER_OTLP_HEADERS holds keys");
  }
  url.hash = "";
  return url;
}

/** `key=value,key=value`, percent-encoded. If one is wrong none counts, as OpenTelemetry's specification requires. */
function resourceAttributes(text: string, warn: (problem: string) => void): Record<string, string> {
  const found: Record<string, string> = {};
  const pairs = text.split(",").filter(pair => pair.trim() !== "");
  if (pairs.every(pair => takePair(pair, found))) return found;
  warn(`OTEL_RESOURCE_ATTRIBUTES: expected key=value,key=value, percent-encoded, found something else: it is not used`);
  return {};
}

/** False if it is none. */
function takePair(pair: string, into: Record<string, string>): boolean {
  const at = pair.indexOf("=");
  const key = pair.slice(0, Math.max(at, 0)).trim();
  if (key === "") return false;
  try {
    into[decodeURIComponent(key)] = decodeURIComponent(pair.slice(at + 1).trim());
    return true;
  } catch {
    return false;
  }
}

function nonEmpty(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === "" ? undefined : trimmed;
}
