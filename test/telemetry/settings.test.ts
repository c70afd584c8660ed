/** What is sent, and where to: the option against the standard variables. */
import { describe, expect, it } from "vitest";
import { type Environment, shownUrl, TelemetryError, telemetrySetting } from "../../src/telemetry/settings.ts";

const E = "OTEL_EXPORTER_OTLP_";

function urls(
  otlp: string | true | undefined,
  environment: Environment = {},
  warn?: (problem: string) => void,
): Record<string, string> | string | null {
  const setting = telemetrySetting(otlp, environment, warn);
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
    ["h?api-key=S3CRET", {}, /found h\?…(?!.*S3CRET)/],
  ])("says what it cannot use: %s %j", (otlp, environment, message) => {
    expect(() => telemetrySetting(otlp, environment)).toThrow(message);
    expect(() => telemetrySetting(otlp, environment)).toThrow(TelemetryError);
  });

  it.each<[otlp: string | true | undefined, environment: Environment, expected: unknown, warnings: RegExp[]]>([
    [
      undefined,
      { [`${E}ENDPOINT`]: "localhost" },
      null,
      [/^OTEL_EXPORTER_OTLP_ENDPOINT: .* found localhost: no telemetry/],
    ],
    [true, { [`${E}ENDPOINT`]: "x://h" }, null, [/^OTEL_EXPORTER_OTLP_ENDPOINT: .* found x:…: no telemetry is sent$/]],
    [
      undefined,
      { [`${E}ENDPOINT`]: "http://c:4317", [`${E}PROTOCOL`]: "grpc" },
      null,
      [/^OTEL_EXPORTER_OTLP_PROTOCOL: expected http\/protobuf or http\/json, found grpc: no telemetry is sent$/],
    ],
    ["http://h", { [`${E}PROTOCOL`]: "grpc" }, at("http://h"), [/found grpc: http\/protobuf is used$/]],
    [
      undefined,
      { [`${E}ENDPOINT`]: "http://c", [`${E}LOGS_PROTOCOL`]: "x", [`${E}TRACES_ENDPOINT`]: "t" },
      { metrics: "http://c/v1/metrics" },
      [
        /^OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: .*found t: no traces are sent$/,
        /_LOGS_PROTOCOL: .*found x: no logs are sent$/,
      ],
    ],
    [
      "http://h",
      { OTEL_RESOURCE_ATTRIBUTES: "a=b,S3CRET" },
      at("http://h"),
      [/^OTEL_RESOURCE_ATTRIBUTES: (?!.*S3CRET)/],
    ],
    [
      "http://h",
      { OTEL_RESOURCE_ATTRIBUTES: "a=%zz" },
      at("http://h"),
      [/^OTEL_RESOURCE_ATTRIBUTES: .*it is not used$/],
    ],
    // Nothing is sent: whatever they say is for other programs.
    [undefined, { [`${E}PROTOCOL`]: "grpc", OTEL_RESOURCE_ATTRIBUTES: "novalue" }, null, []],
    ["file:x", { [`${E}PROTOCOL`]: "grpc" }, "x: traces metrics logs", []],
  ])("is not stopped by variables that it cannot use: %s %j", (otlp, environment, expected, warnings) => {
    const warned: string[] = [];
    expect(urls(otlp, environment, problem => warned.push(problem))).toEqual(expected);
    expect(warned).toEqual(warnings.map(warning => expect.stringMatching(warning)));
    if (warnings.some(({ source }) => source.includes("RESOURCE"))) {
      expect(telemetrySetting(otlp, environment)!.resource).toEqual({});
    }
  });

  it("keeps a query behind the path of the signal, and shows none", () => {
    expect(urls("http://h:1/in/?api-key=S3CRET", {})).toMatchObject({
      traces: "http://h:1/in/v1/traces?api-key=S3CRET",
    });
    expect(urls(undefined, { [`${E}LOGS_ENDPOINT`]: "http://l/in?k=1#x" })).toEqual({ logs: "http://l/in?k=1" });
    expect(shownUrl("http://h:1/in/v1/traces?api-key=S3CRET")).toBe("http://h:1/in/v1/traces");
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
