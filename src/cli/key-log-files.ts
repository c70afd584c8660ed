/** Key logs of TLS sessions: the files named, and the one in SSLKEYLOGFILE, which programs write or read. */
import { InputError } from "../capture/input-error.ts";
import { EXIT } from "./exit-codes.ts";
import { complain } from "./output.ts";
import { readText } from "./text-file.ts";

/** The values of --tls-keys, any number of times. */
export function collectKeyLogs(path: string, before: string[] | undefined): string[] {
  return [...(before ?? []), path];
}

/**
 * The texts of the key logs; null if one that was named cannot be read, which is reported. The file in SSLKEYLOGFILE
 * need not exist: it may be meant for another program.
 */
export async function keyLogsFrom(named: readonly string[] = []): Promise<string[] | null> {
  const texts: string[] = [];
  for (const path of named) {
    try {
      texts.push(await readText(path, "latin1", "a key log"));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      complain(error.message);
      process.exitCode = EXIT.FAILED;
      return null;
    }
  }
  const standing = process.env.SSLKEYLOGFILE ?? "";
  if (standing !== "" && !named.includes(standing))
    texts.push(await readText(standing, "latin1", "a key log").catch(() => ""));
  return texts;
}
