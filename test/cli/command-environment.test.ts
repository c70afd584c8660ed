/** What a command's environment says of its broker. */
import { describe, expect, it } from "vitest";
import { parseBrokerUrl } from "../../src/cli/broker-url.ts";
import { type BrokerVariables, collectVariables, commandEnvironment } from "../../src/cli/command-environment.ts";

const PROXY = { address: "127.0.0.1", port: 40000 };
const BROKER = parseBrokerUrl("amqp://u:p@broker/v");

function changed(names: readonly string[], before: Record<string, string>): NodeJS.ProcessEnv {
  const variables = names.reduce<BrokerVariables[]>((list, name) => collectVariables(name, list), []);
  return commandEnvironment(before, variables, BROKER, PROXY);
}

describe("the environment", () => {
  const url = "amqp://u:p@127.0.0.1:40000/v";

  it.each<[what: string, names: string[], before: Record<string, string>, after: Record<string, string>]>([
    ["AMQP_URL, always", [], { HOME: "/" }, { HOME: "/", AMQP_URL: url }],
    ["other names", ["A", "B_2"], {}, { AMQP_URL: url, A: url, B_2: url }],
    ["host and port", ["H:P"], { H: "broker", P: "5672" }, { AMQP_URL: url, H: "127.0.0.1", P: "40000" }],
    [
      "the same broker's URL keeps what is its own",
      ["A"],
      { A: "amqp://other@broker:5672/w?heartbeat=1" },
      { AMQP_URL: url, A: "amqp://other@127.0.0.1:40000/w?heartbeat=1" },
    ],
    ["another broker's URL", ["A"], { A: "amqp://u2@elsewhere/w" }, { AMQP_URL: url, A: url }],
    ["no URL at all", ["A"], { A: "http://x" }, { AMQP_URL: url, A: url }],
    ["what is not named stays", [], { OTHER: "amqp://broker" }, { OTHER: "amqp://broker", AMQP_URL: url }],
  ])("%s", (_, names, before, after) => {
    const untouched = { ...before };
    expect(changed(names, before)).toEqual(after);
    expect(before).toEqual(untouched);
  });

  it.each(["", "A B", "1A", "A:", ":B", "A:B:C", "A=1", "A-B"])("%j names no variable", name => {
    expect(() => collectVariables(name, undefined)).toThrow("Expected the name of a variable");
  });
});
