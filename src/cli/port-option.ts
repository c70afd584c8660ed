import { InvalidArgumentError } from "commander";

/** Collects port numbers of an option that may be given again, or as a list: `--port 5672,5673`. */
export function collectPorts(value: string, before: number[] | undefined): number[] {
  const ports = value.split(",").map(Number);
  const wrong = ports.findIndex(port => !Number.isInteger(port) || port < 1 || port > 65535);
  if (wrong >= 0) throw new InvalidArgumentError(`"${value.split(",")[wrong]}" is no port: expected 1 to 65535.`);
  return [...(before ?? []), ...ports];
}
