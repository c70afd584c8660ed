/**
 * A RabbitMQ of our own for the time of a test: own node name, ports, data, log and Erlang cookie, everything under one
 * temporary folder, nothing on any address but 127.0.0.1, no plugins. Its life hangs on a pipe: beside it a shell
 * waits for the end of its own standard input, then kills the broker and removes the folder. So it goes away with
 * stop(), and just as well when this process dies of a signal, an exception or a test runner that loses patience.
 */
import { type ChildProcess, type ExecFileOptions, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, chownSync, constants, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

export interface Broker {
  host: string;
  port: number;
  /** As the broker gives it in connection.start: `3.10.8`. */
  version: string;
  /** Undefined for a broker that AMQP_URL names: its log is out of reach. */
  logPath?: string;
  readLog(): string;
  /** Runs `rabbitmqctl ARGS…` of a private broker; what it writes. */
  control(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface BrokerOptions {
  /** Without it the broker leaves lines out while hundreds of connections come and go. */
  completeLog?: boolean;
  plugins?: readonly string[];
}

const START_TIMEOUT = 90_000;
const POLL_INTERVAL = 100;

/** Debian's own script first: the wrapper in the path insists on writing to /var/log. */
const SERVER_SCRIPTS = ["/usr/lib/rabbitmq/bin/rabbitmq-server", ...inPath("rabbitmq-server")];

// $1 and $2 lead process groups of their own. A killed group is gone when its parent, or init, has collected it.
const GUARD = `
cat > /dev/null
kill -KILL -"$1" -"$2" 2> /dev/null
for try in 1 2 3 4 5 6 7 8 9 10; do
  kill -0 -"$1" 2> /dev/null || kill -0 -"$2" 2> /dev/null || break
  sleep 0.1
done
cd / && rm -rf "$3"
`;

/** Is there a broker to ask, or a RabbitMQ installed that could be started? */
export function brokerAvailable(): boolean {
  return process.env.AMQP_URL !== undefined || serverScript() !== undefined;
}

/** The broker at AMQP_URL where that is set, otherwise a new private one. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const url = process.env.AMQP_URL;
  return url === undefined ? startPrivateBroker(options) : foreignBroker(new URL(url));
}

async function foreignBroker(url: URL): Promise<Broker> {
  const host = url.hostname || "127.0.0.1";
  const port = Number(url.port || 5672);
  const version = await greet(host, port);
  if (version === undefined) throw new Error(`${url.host}: nothing there speaks AMQP 0-9-1 (AMQP_URL)`);
  const control = () =>
    Promise.reject(new Error(`${url.host}: a broker of somebody else's is not controlled (AMQP_URL)`));
  return { host, port, version, readLog: () => "", control, stop: async () => {} };
}

async function startPrivateBroker({ completeLog = false, plugins = [] }: BrokerOptions): Promise<Broker> {
  const script = serverScript();
  if (script === undefined) throw new Error("rabbitmq-server is not installed");
  const [port, distPort, epmdPort] = (await freePorts(3)) as [number, number, number];
  const home = mkdtempSync(join(tmpdir(), "ghostframe-broker-"));
  const logPath = join(home, "broker.log");
  const owner = process.getuid?.() === 0 ? ownerOf("rabbitmq") : undefined;
  const written = [home];
  const write = (name: string, text: string): string => {
    const path = join(home, name);
    writeFileSync(path, text);
    written.push(path);
    return path;
  };
  const env = {
    PATH: `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`,
    LANG: "C.UTF-8",
    HOME: home,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: `ghostframe-${process.pid}-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(home, "mnesia"),
    RABBITMQ_LOG_BASE: home,
    RABBITMQ_LOGS: logPath,
    RABBITMQ_PID_FILE: join(home, "pid"),
    RABBITMQ_CONF_ENV_FILE: write("env.conf", ""),
    RABBITMQ_CONFIG_FILE: write(
      "rabbitmq.conf",
      `${CONFIGURATION}log.file.level = ${completeLog ? "debug" : "info"}\n`,
    ),
    RABBITMQ_ADVANCED_CONFIG_FILE: write("advanced.config", "[].\n"),
    RABBITMQ_ENABLED_PLUGINS_FILE: write("enabled_plugins", `[${plugins.join(",")}].\n`),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
  };
  if (owner) for (const path of written) chownSync(path, owner.uid, owner.gid);

  // Detached, because Ctrl-C in a terminal must reach this process only: the pipe does the rest.
  const options = { cwd: home, env, detached: true, ...owner };
  // epmd stays a child of ours: left to itself, Erlang starts one that outlives the node.
  const epmd = spawn("epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"], { ...options, stdio: "ignore" });
  const server = spawn(script, [], { ...options, stdio: "ignore" });
  const guard = spawn("/bin/sh", ["-c", GUARD, "guard", String(server.pid), String(epmd.pid), home], {
    ...options,
    stdio: ["pipe", "ignore", "ignore"],
  });
  for (const child of [epmd, server, guard]) child.unref();
  const stop = stopper(guard);
  try {
    const version = await untilAnswers(port, server);
    const control = controller(script, { cwd: home, env, ...owner });
    return { host: "127.0.0.1", port, version, logPath, readLog: () => readText(logPath), control, stop };
  } catch (error) {
    const log = readText(logPath);
    await stop();
    throw new Error(`the private broker did not start\n${log.slice(-4000)}`, { cause: error });
  }
}

// Erlang's logger drops what comes in bursts, except at level debug. Nothing may block a connection for want of room, whatever the machine has left.
const CONFIGURATION = `
loopback_users.guest = true
disk_free_limit.absolute = 1MB
vm_memory_high_watermark.relative = 0.8
tcp_listen_options.backlog = 1024
log.console = false
`;

/** Runs rabbitmqctl, which stands beside the broker's script, as the broker itself runs: it needs the same cookie. */
function controller(script: string, options: ExecFileOptions): Broker["control"] {
  return async (...args) => {
    const { stdout } = await promisify(execFile)(join(dirname(script), "rabbitmqctl"), args, options);
    return String(stdout);
  };
}

function stopper(guard: ChildProcess): () => Promise<void> {
  const ended = once(guard, "exit");
  let stopping = false;
  return async () => {
    if (!stopping) guard.stdin!.end();
    stopping = true;
    await ended;
  };
}

async function untilAnswers(port: number, server: ChildProcess): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT;
  for (;;) {
    const version = await greet("127.0.0.1", port);
    if (version !== undefined) return version;
    if (server.exitCode !== null) throw new Error(`rabbitmq-server ended with ${server.exitCode}`);
    if (Date.now() > deadline) throw new Error(`no answer within ${START_TIMEOUT / 1000} s`);
    await delay(POLL_INTERVAL);
  }
}

/** Sends a protocol header; the version in the connection.start that comes back, or undefined. */
function greet(host: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    let answer = "";
    const done = (version?: string): void => {
      socket.destroy();
      resolve(version);
    };
    socket.setTimeout(5000, () => done());
    socket.on("connect", () => socket.write("AMQP\x00\x00\x09\x01", "latin1"));
    socket.on("data", octets => {
      answer += octets.toString("latin1");
      // In the server-properties: the name, type S, 4 octets of length, the value.
      const version = /versionS[\s\S]{4}([\d.]+)/.exec(answer)?.[1];
      if (version !== undefined && answer.endsWith("\xce")) done(version);
    });
    socket.on("error", () => done());
    socket.on("close", () => done());
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map(server => once(server, "listening")));
  const ports = servers.map(server => (server.address() as { port: number }).port);
  await Promise.all(servers.map(server => once(server.close(), "close")));
  return ports;
}

function ownerOf(user: string): { uid: number; gid: number } | undefined {
  try {
    const id = (flag: string) => Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined; // no such user: the broker runs as we do
  }
}

function serverScript(): string | undefined {
  return SERVER_SCRIPTS.find(path => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function inPath(command: string): string[] {
  return `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter).map(folder => join(folder, command));
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, "latin1") : "";
}
