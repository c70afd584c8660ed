/** Options of a relay, common to `proxy` and `run`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { BrokerChoice } from "../broker/versions.ts";
import type { UpstreamAddress } from "../proxy/address.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import type { ProxyServerOptions } from "../proxy/proxy-server.ts";
import { brokerOption } from "./broker-option.ts";

export interface RelayOptions {
  broker: BrokerChoice;
  ca?: string;
  insecure: boolean;
  squeeze: boolean;
  squeezeSip: number;
  squeezePause: number;
  squeezeRate?: number;
}

/**
 * How a squeezed client is read: at most 1.6 MB/s, and about 50 requests a second from a client that waits for each
 * answer. A client that writes less than 1.6 MB/s needs less: its buffers only fill when it is ahead of its reader.
 */
export const SQUEEZE = { octets: 32 * 1024, pause: 20 };

/** Node reads at most 64 KiB at a time: a larger portion makes no difference. Timers end at 2³¹ ms. */
const MAX_PORTION = 64 * 1024;
const MAX_PAUSE_MS = 60_000;
const MAX_SIZE = 2 ** 40;

export function addRelayOptions(command: Command): Command {
  return command
    .addOption(brokerOption())
    .option("--ca <file>", "PEM certificates to verify an amqps:// upstream with, instead of the system's")
    .option("--insecure", "do not verify an amqps:// upstream: another host could pretend to be the broker", false)
    .option(
      "--squeeze",
      "provoke torn frames: read clients slowly, in small portions, so that their writes are cut",
      false,
    )
    .option("--squeeze-sip <octets>", "octets of a portion", within(1, MAX_PORTION), SQUEEZE.octets)
    .option("--squeeze-pause <ms>", "milliseconds between two portions", within(0, MAX_PAUSE_MS), SQUEEZE.pause)
    .addOption(
      new Option("--squeeze-rate <size>", "octets a second: sets the pause")
        .argParser(octets(1))
        .conflicts("squeezePause"),
    );
}

/**
 * The settings of a relay for these brokers, from these options.
 *
 * @throws ProxyError if they contradict each other
 */
export function relaySettings(
  { ca, insecure, squeeze, squeezeSip, squeezePause, squeezeRate }: RelayOptions,
  upstreams: readonly UpstreamAddress[],
): Pick<ProxyServerOptions, "upstreamTls" | "pace"> {
  if (upstreams.every(({ tls }) => !tls) && (ca !== undefined || insecure)) {
    throw new ProxyError(
      insecure ? "--insecure" : "--ca",
      "expected an amqps:// upstream, found none: nothing is verified",
    );
  }
  const pauseMs = squeezeRate === undefined ? squeezePause : Math.ceil((squeezeSip / squeezeRate) * 1000);
  if (pauseMs > MAX_PAUSE_MS) {
    const found = `found ${squeezeSip} octets at ${squeezeRate} a second`;
    throw new ProxyError(
      "--squeeze-rate",
      `expected a pause of at most ${MAX_PAUSE_MS} ms between two portions, ${found}`,
    );
  }
  return {
    upstreamTls: { ca: ca ?? null, insecure },
    pace: squeeze ? { octets: squeezeSip, pauseMs } : null,
  };
}

/** A whole number from `least` to `most`. */
export function within(least: number, most: number): (value: string) => number {
  return value => {
    if (!/^\d{1,12}$/.test(value) || Number(value) < least || Number(value) > most) {
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
    }
    return Number(value);
  };
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

/** `100MB`, `64MiB`, `1000000`: octets, at least this many. */
export function octets(least: number): (value: string) => number {
  return value => {
    const parts = /^(\d{1,9}(?:\.\d{1,3})?) ?([kmg]?i?)b?$/i.exec(value);
    const unit = parts === null ? undefined : UNITS[parts[2]!.toLowerCase()];
    if (parts === null || unit === undefined) throw new InvalidArgumentError("expected a size: 100MB, 64MiB, 1000000.");
    const size = Math.floor(Number(parts[1]) * unit);
    if (size < least || size > MAX_SIZE) {
      throw new InvalidArgumentError(`expected a size from ${least} to ${MAX_SIZE} octets.`);
    }
    return size;
  };
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
