/** The environment of `ghostframe run`'s command: the proxy's address, in the variables for the broker's. */
import { InvalidArgumentError } from "commander";
import type { Endpoint } from "../report/report.ts";
import { type BrokerUrl, sameBroker, urlAt } from "./broker-url.ts";

/** A variable that holds the broker's URL, or two that hold its host and its port. */
export type BrokerVariables = { url: string } | { host: string; port: string };

/** The default variable for the broker's URL. */
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

/** If a variable holds a URL of the same broker, it keeps its own credentials, virtual host and parameters. */
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
