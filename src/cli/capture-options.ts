/** The options of commands that set how captures are read. */
import type { Command } from "commander";
import type { BrokerChoice } from "../broker/versions.ts";
import type { InspectOptions } from "../inspect.ts";
import { collectKeyLogs, keyLogsFrom } from "./key-log-files.ts";
import { collectPorts } from "./port-option.ts";

export interface CaptureFlags {
  port?: number[];
  decodeAs?: number[];
  vxlanPort?: number[];
  tlsKeys?: string[];
  broker?: BrokerChoice;
}

export function addCaptureOptions(command: Command): Command {
  return command
    .option("--port <port>", "only connections that use this port (repeat it, or give a list)", collectPorts)
    .option("--decode-as <port>", "take every connection on this port for AMQP", collectPorts)
    .option("--vxlan-port <port>", "take packets to this UDP port for VXLAN", collectPorts)
    .option(
      "--tls-keys <file>",
      "decrypt TLS with this key log, such as clients write to SSLKEYLOGFILE (repeat it for more)",
      collectKeyLogs,
    );
}

/** Their values, for `inspect`; null if a key log cannot be read, which is reported. */
export async function captureOptions(flags: CaptureFlags): Promise<InspectOptions | null> {
  const { port, decodeAs, vxlanPort, tlsKeys, broker } = flags;
  const keyLogs = await keyLogsFrom(tlsKeys);
  if (keyLogs === null) return null;
  return {
    ...(port === undefined ? {} : { ports: port }),
    ...(decodeAs === undefined ? {} : { decodeAs }),
    ...(vxlanPort === undefined ? {} : { vxlanPorts: vxlanPort }),
    ...(broker === undefined ? {} : { broker }),
    keyLogs,
  };
}
