/** What these suites need of the machine. Where it is missing they skip, and say so; in CI they fail instead. */
import { spawnSync } from "node:child_process";
import { brokerAvailable } from "../../support/private-broker.ts";

/** Whether there is a private RabbitMQ to be had: a foreign one can be asked neither for its log nor to die. */
export function brokerOrSkip(suite: string): boolean {
  return availableOrSkip(suite, "RabbitMQ (rabbitmq-server)", brokerAvailable() && process.env.AMQP_URL === undefined);
}

/** Whether a command ends well: how a client library shows that it is there. */
export function commandOrSkip(suite: string, name: string, command: string, ...args: string[]): boolean {
  return availableOrSkip(suite, name, spawnSync(command, args).status === 0);
}

function availableOrSkip(suite: string, name: string, isThere: boolean): boolean {
  if (isThere) return true;
  if (process.env.CI) throw new Error(`${name} is missing, and CI may not go without it`);
  process.stderr.write(`\nSKIPPED: test/proxy/live/${suite} – ${name} is missing\n\n`);
  return false;
}
