/** The options by which commands choose connections, findings and messages. */
import { type Command, InvalidArgumentError } from "commander";
import { OUTCOMES, type Outcome } from "../messages/message.ts";
import { choosesMessages, type MessageFilterOptions } from "../messages/message-filter.ts";
import type { Report } from "../report/report.ts";
import { connectionNames } from "../report/selection.ts";
import { collectChannels, collectConnections, isWithin, parseTimeBound, type TimeBound } from "./frame-filter.ts";
import { NearestName } from "./nearest-name.ts";

export interface FilterFlags extends Omit<MessageFilterOptions, "takesTime"> {
  from?: TimeBound;
  to?: TimeBound;
}

/** `when`: what --from and --to choose; `outcome`: the command's word for it. */
export function addFilterOptions(command: Command, { when = "messages", outcome = "outcome" } = {}): Command {
  return command
    .option(
      "--connection <name>",
      "only this connection: c1, address:port, or the client's name for it; or a list: c1,c3",
      collectConnections,
    )
    .option("--channel <number>", "only this channel", collectChannels)
    .option("--user <name>", "only connections of this user", collect)
    .option("--vhost <name>", "only connections to this virtual host", collect)
    .option("--from <time>", `only ${when} from this time on: 18:20:03.5, or with a date`, parseTimeBound)
    .option("--to <time>", `only ${when} up to this time`, parseTimeBound)
    .option("--exchange <name>", 'only this exchange ("": the default one)', collect)
    .option("--routing-key <key>", "only this routing key", collect)
    .option("--queue <name>", "only deliveries from this queue", collect)
    .option("--message-id <id>", "only this message id", collect)
    .option("--trace <id>", "only this trace id", collect)
    .option("--outcome <outcome>", `only messages with this ${outcome}, or a list: unread,unconfirmed`, collectOutcomes)
    .option("--slower-than <duration>", "only messages whose confirm or ack took longer: 100ms, 1.5s", parseDuration);
}

export function filterOf({ from, to, ...flags }: FilterFlags): MessageFilterOptions {
  if (from === undefined && to === undefined) return flags;
  return { ...flags, takesTime: moment => isWithin(moment, from ?? null, to ?? null) };
}

/** Whether only a part of a report is asked for. */
export function selects({ connection, channel, user, vhost, from, to, ...flags }: FilterFlags): boolean {
  return [connection, channel, user, vhost, from, to].some(each => each !== undefined) || choosesMessages(flags);
}

/** A sentence for each requested connection that does not exist, with the nearest name. */
export function unknownConnections(names: readonly string[] | undefined, { connections }: Report): string[] {
  const known = connections.flatMap(connectionNames);
  return (names ?? [])
    .filter(name => !known.includes(name))
    .map(name => {
      const all = connections.length === 1 ? "there is 1 connection" : `there are ${connections.length} connections`;
      const nearest = new NearestName(name);
      for (const each of known) nearest.see(each);
      const near = nearest.name;
      const hint = near === null ? all : `the nearest is "${near}"`;
      return `no connection is called "${name}": ${hint}`;
    });
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function collectOutcomes(value: string, before: Outcome[] | undefined): Outcome[] {
  const outcomes = value.split(",").map(name => {
    const outcome = OUTCOMES.find(each => each === name);
    if (outcome === undefined) {
      throw new InvalidArgumentError(`"${name}" is no outcome: expected one of ${OUTCOMES.join(", ")}.`);
    }
    return outcome;
  });
  return [...(before ?? []), ...outcomes];
}

const UNITS: Readonly<Record<string, number>> = { us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60 };

function parseDuration(value: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m)$/.exec(value) ?? [];
  if (digits === undefined) throw new InvalidArgumentError(`"${value}" is no duration: expected 100ms, 1.5s or 2m.`);
  return Number(digits) * UNITS[unit!]!;
}
