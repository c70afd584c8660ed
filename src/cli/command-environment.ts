/** The environment of the command that `ghostframe run` runs: the proxy's address, wherever it looks for the broker's. */
import { InvalidArgumentError } from "commander";
import type { Endpoint } from "../report/report.ts";
import { type BrokerUrl, sameBroker, urlAt } from "./broker-url.ts";

/** A variable that holds the broker's URL, or two that hold its host and its port. */
export type BrokerVariables = { url: string } | { host: string; port: string };

/** Where commands look for their broker's URL when nothing else is said. */
export const URL_VARIABLE = "AMQP_URL";

/** `RABBITMQ_URL`, `RABBITMQ_HOST:RABBITMQ_PORT`, any number of times. */
export function collectVariables(value: string, before: BrokerVariables[] | undefined): BrokerVariables[] {
  const [first, second, ...more] = value.split(":");
  const names = [first!, ...(second === undefined ? [] : [second])];
  if (more.length > 0 || !names.every(name => /^[A-Za-z_]\w*$/.test(name))) {
    throw new InvalidArgumentError("Expected the name of a variable, or HOST:PORT, the names of two.");
  }
  return [...(before ?? []), second === undefined ? { url: first! } : { host: first!, port: second }];
}

/** A URL of the same broker that a variable holds keeps its own credentials, virtual host and parameters. */
export function commandEnvironment(
  environment: NodeJS.ProcessEnv,
  variables: readonly BrokerVariables[],
  broker: BrokerUrl,
  proxy: Endpoint,
): NodeJS.ProcessEnv {
  const changed: NodeJS.ProcessEnv = { ...environment };
  for (const each of [{ url: URL_VARIABLE }, ...variables]) {
    if ("url" in each) {
      changed[each.url] = urlAt(proxy, sameBroker(environment[each.url], broker) ?? broker);
    } else {
      changed[each.host] = proxy.address;
      changed[each.port] = String(proxy.port);
    }
  }
  return changed;
}
