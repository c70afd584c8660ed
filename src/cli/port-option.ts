import { InvalidArgumentError } from "commander";

/** Collects port numbers of an option that may be repeated, or have a list: `--port 5672,5673`. */
export function collectPorts(value: string, before: number[] | undefined): number[] {
  return [...(before ?? []), ...wholeNumbers(value, 1, "port")];
}

/** The whole numbers of a list separated by commas, from `least` to 65535. */
export function wholeNumbers(value: string, least: number, what: string): number[] {
  return value.split(",").map(text => {
    const number = /^\d{1,5}$/.test(text) ? Number(text) : -1;
    if (number < least || number > 65535) {
      throw new InvalidArgumentError(`"${text}" is no ${what}: expected ${least} to 65535.`);
    }
    return number;
  });
}
