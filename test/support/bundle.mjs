/**
 * The command in few files: Node takes longer to find and link two hundred small ones than to inspect a small capture.
 * CommonJS, which Node starts sooner than modules. Commands stay files of their own, loaded when they are named, as do
 * formats of a report; what all of them share is one file. A thread's file stands beside them, where its URL says.
 *
 * Besides Node's own modules only the exporters of telemetry are left out: few need them, and they are many. The licences of
 * what is bundled come with it.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bundled = join(root, "dist", "command");
const NOTICES = join(root, "THIRD-PARTY-NOTICES.txt");

/** Rooms that every command which reads captures needs whole. */
const SHARED =
  /[\\/]src[\\/](?:bytes|capture|net|tls|amqp|connection|broker|inspection|messages|report[\\/]partial)[\\/]/;
/** What help and errors need, which must not bring the rest along. */
const TERMINAL =
  /[\\/]src[\\/](?:bytes[\\/]printable|capture[\\/]system-error|cli[\\/](?:exit-codes|output|own-failure))\.ts$/;

/** The command as the package has it. */
export async function bundle() {
  const output = await bundleInto(bundled, {
    external: /^@opentelemetry\//,
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  writeFileSync(join(bundled, "package.json"), '{ "type": "commonjs" }\n');
  writeFileSync(NOTICES, notices(output, "The command is bundled (dist/command/) with parts of these packages."));
}

/** Empties the folder `dir`, and bundles the command into it. */
export async function bundleInto(dir, { external, ...maps }) {
  rmSync(dir, { recursive: true, force: true });
  const entry = file => join(root, "src", file);
  const { output } = await build({
    input: {
      main: entry("cli/main.ts"),
      "inspection-worker": entry("cli/inspection-worker.ts"),
      "shard-worker": entry("cli/shard-worker.ts"),
      "inspector-worker": entry("proxy/inspector-worker.ts"),
      "telemetry-worker": entry("proxy/telemetry-worker.ts"),
    },
    platform: "node",
    external,
    output: {
      ...maps,
      dir,
      format: "cjs",
      entryFileNames: "[name].js",
      chunkFileNames: "[name]-[hash].js",
      codeSplitting: {
        groups: [
          { name: "version", test: /[\\/]src[\\/]version\.ts$/, priority: 3 },
          { name: "terminal", test: TERMINAL, priority: 2 },
          { name: "inspection", test: SHARED, priority: 1 },
        ],
      },
      // Comments go; names stay, for the stack of an error.
      minify: { mangle: false, compress: false, codegen: true },
    },
    logLevel: "warn",
  });
  return output;
}

/** The licences of the packages of which parts are in `output`, what rolldown made. */
export function notices(output, about) {
  const modules = output.flatMap(chunk => Object.keys(chunk.modules ?? {}));
  const folders = [...new Set(modules.map(packageOf).filter(folder => folder !== null))];
  const packages = folders.map(folder => ({
    folder,
    ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
  }));
  packages.sort((a, b) => (a.name < b.name ? -1 : 1));
  const licences = packages.map(({ folder, name, version, license }) => {
    const file = readdirSync(folder).find(each => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${name} has no licence file`);
    const text = readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  const line = `\n${"-".repeat(80)}\n\n`;
  return [`${about} Their licences:\n`, ...licences].join(line);
}

function packageOf(module) {
  const at = module.replaceAll("\\", "/").lastIndexOf("/node_modules/");
  if (at < 0) return null;
  const [scope, name] = module.slice(at + "/node_modules/".length).split(/[\\/]/);
  return join(module.slice(0, at), "node_modules", scope.startsWith("@") ? join(scope, name) : scope);
}
