/** Options of a relay, which `proxy` and `run` have in common. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { BROKER_VERSIONS, type BrokerId, REFERENCE_BROKER } from "../broker/versions.ts";
import type { ProxyServerOptions } from "../proxy/proxy-server.ts";

export interface RelayOptions {
  broker: BrokerId;
  ca?: string;
  insecure: boolean;
  squeeze: boolean;
  squeezeSip: number;
  squeezePause: number;
  squeezeRate?: number;
}

/**
 * What a squeezed client is read with: at most 1.6 MB/s, and about 50 requests a second of a client that waits for each
 * answer. A client that writes less than 1.6 MB/s needs less: its buffers only fill when it is ahead of its reader.
 */
export const SQUEEZE = { sip: 32 * 1024, pause: 20 };

export function addRelayOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--broker <broker>", "whose verdict to predict")
        .choices(Object.keys(BROKER_VERSIONS))
        .default(REFERENCE_BROKER),
    )
    .option("--ca <file>", "PEM certificates that an amqps:// upstream is verified against, instead of the system's")
    .option("--insecure", "do not verify an amqps:// upstream: whoever answers is taken for it", false)
    .option("--squeeze", "provoke the race: read clients slowly, in sips, so that their writes are cut", false)
    .option("--squeeze-sip <octets>", "octets passed on from a client at a time", atLeast(1), SQUEEZE.sip)
    .option("--squeeze-pause <ms>", "milliseconds between two sips", atLeast(0), SQUEEZE.pause)
    .addOption(
      new Option("--squeeze-rate <size>", "octets a second, from which the pause follows")
        .argParser(octets)
        .conflicts("squeezePause"),
    );
}

/** What a relay takes of these options. */
export function relaySettings({
  ca,
  insecure,
  squeeze,
  squeezeSip,
  squeezePause,
  squeezeRate,
}: RelayOptions): Pick<ProxyServerOptions, "upstreamTls" | "sip"> {
  const pauseMs = squeezeRate === undefined ? squeezePause : Math.ceil((squeezeSip / Math.max(1, squeezeRate)) * 1000);
  return {
    upstreamTls: { ca: ca ?? null, insecure },
    sip: squeeze ? { octets: squeezeSip, pauseMs } : null,
  };
}

/** A whole number from `least` on. */
export function atLeast(least: number): (value: string) => number {
  return value => {
    if (!/^\d{1,12}$/.test(value) || Number(value) < least) {
      throw new InvalidArgumentError(`expected a whole number from ${least} on.`);
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

/** `100MB`, `64MiB`, `1000000`: octets. */
export function octets(value: string): number {
  const parts = /^(\d{1,9}(?:\.\d{1,3})?) ?([kmg]?i?)b?$/i.exec(value);
  const unit = parts === null ? undefined : UNITS[parts[2]!.toLowerCase()];
  if (parts === null || unit === undefined) throw new InvalidArgumentError("expected a size: 100MB, 64MiB, 1000000.");
  return Math.floor(Number(parts[1]) * unit);
}

/** Collects the values of an option that may be given again. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
