/** What is sent, and where to: the option against the standard variables. */
import { describe, expect, it } from "vitest";
import { type Environment, TelemetryError, telemetrySetting } from "../../src/telemetry/settings.ts";

const E = "OTEL_EXPORTER_OTLP_";

function urls(otlp: string | true | undefined, environment: Environment = {}): Record<string, string> | string | null {
  const setting = telemetrySetting(otlp, environment);
  if (setting === null) return null;
  const { target } = setting;
  if (target.kind === "folder") return `${target.directory}: ${target.signals.join(" ")}`;
  if (target.kind === "file") return `${target.path}: ${target.signals.join(" ")}`;
  return Object.fromEntries(Object.entries(target.signals).map(([signal, { url }]) => [signal, url]));
}

const at = (base: string) => ({ traces: `${base}/v1/traces`, metrics: `${base}/v1/metrics`, logs: `${base}/v1/logs` });

describe("where telemetry is sent", () => {
  it.each<[what: string, otlp: string | true | undefined, environment: Environment, expected: unknown]>([
    ["nowhere", undefined, {}, null],
    ["where every SDK sends to", true, {}, at("http://localhost:4318")],
    ["to the URL of the option", "https://host/otlp/", {}, at("https://host/otlp")],
    ["where the environment says", undefined, { [`${E}ENDPOINT`]: "http://c:4318" }, at("http://c:4318")],
    ["where the environment says, with the option", true, { [`${E}ENDPOINT`]: "http://c:4318" }, at("http://c:4318")],
    ["to the option before the environment", "http://o", { [`${E}ENDPOINT`]: "http://c" }, at("http://o")],
    [
      "a signal where its own variable says, which is taken as it is",
      undefined,
      { [`${E}ENDPOINT`]: "http://c", [`${E}LOGS_ENDPOINT`]: "http://l/in" },
      { ...at("http://c"), logs: "http://l/in" },
    ],
    [
      "only the signal that has a variable",
      undefined,
      { [`${E}TRACES_ENDPOINT`]: "http://t/x" },
      { traces: "http://t/x" },
    ],
    [
      "not the signals that are turned off",
      "http://o",
      { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" },
      { traces: "http://o/v1/traces" },
    ],
    ["nowhere where all is turned off", "http://o", { OTEL_SDK_DISABLED: "TRUE" }, null],
    ["nowhere for an empty variable", undefined, { [`${E}ENDPOINT`]: " " }, null],
    ["into a folder", "file:out/x", {}, "out/x: traces metrics logs"],
    ["into a folder named as a URL", "file:///tmp/x", {}, "/tmp/x: traces metrics logs"],
    [
      "into a folder, whatever the environment says",
      "file:x",
      { [`${E}ENDPOINT`]: "http://c" },
      "x: traces metrics logs",
    ],
  ])("%s", (_, otlp, environment, expected) => {
    expect(urls(otlp, environment)).toEqual(expected);
  });

  it.each<[otlp: string | undefined, environment: Environment, message: RegExp]>([
    [
      "trace.pcapng",
      {},
      /^--otlp: expected http:\/\/…, https:\/\/… or file:DIR, found trace\.pcapng \(write --otlp=URL/,
    ],
    ["ftp://host", {}, /^--otlp: expected .*, found ftp:…/],
    ["file:", {}, /^--otlp: expected a folder/],
    ["http://user:secret@host", {}, /^--otlp: expected no user or password(?!.*secret)/],
    ["http:/x:hunter2@:host", {}, /found …@:host/],
    [undefined, { [`${E}ENDPOINT`]: "localhost" }, /^OTEL_EXPORTER_OTLP_ENDPOINT: expected http.*, found localhost$/],
    [
      "http://h",
      { [`${E}PROTOCOL`]: "grpc" },
      /^OTEL_EXPORTER_OTLP_PROTOCOL: expected http\/protobuf or http\/json, found grpc$/,
    ],
    ["http://h", { [`${E}LOGS_PROTOCOL`]: "x" }, /^OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: .*found x$/],
    [
      "http://h",
      { OTEL_RESOURCE_ATTRIBUTES: "novalue" },
      /^OTEL_RESOURCE_ATTRIBUTES: expected key=value, found novalue$/,
    ],
    ["http://h", { OTEL_RESOURCE_ATTRIBUTES: "a=%zz" }, /^OTEL_RESOURCE_ATTRIBUTES: expected percent-encoded text/],
  ])("says what it cannot use: %s %j", (otlp, environment, message) => {
    expect(() => telemetrySetting(otlp, environment)).toThrow(message);
    expect(() => telemetrySetting(otlp, environment)).toThrow(TelemetryError);
  });

  it("protobuf unless JSON is asked for, for all or for one signal", () => {
    const setting = telemetrySetting("http://h", {
      [`${E}PROTOCOL`]: "http/json",
      [`${E}LOGS_PROTOCOL`]: "http/protobuf",
    });
    expect(setting!.target).toMatchObject({
      signals: { traces: { protocol: "http/json" }, logs: { protocol: "http/protobuf" } },
    });
  });

  it("as the service that the variables name", () => {
    const named = (environment: Environment) => {
      const { serviceName, resource } = telemetrySetting(true, environment)!;
      return { serviceName, resource };
    };
    expect(named({})).toEqual({ serviceName: "ghostframe", resource: {} });
    const attributes = { OTEL_RESOURCE_ATTRIBUTES: "service.name=a,deployment.environment.name=st%20aging, k = v" };
    const resource = { "deployment.environment.name": "st aging", k: "v" };
    expect(named(attributes)).toEqual({ serviceName: "a", resource });
    expect(named({ ...attributes, OTEL_SERVICE_NAME: "b" })).toEqual({ serviceName: "b", resource });
  });
});
