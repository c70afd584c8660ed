/** The clients of this suite: how each is found, prepared and run, and what is right to tell of each of its scenarios. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAMS = fileURLToPath(new URL("programs/", import.meta.url));
const PYTHON = "/usr/bin/python3";
const JAVA_CLIENT = "/usr/share/java/amqp-client.jar";
const JAVA_PATH = [JAVA_CLIENT, "/usr/share/java/slf4j-api.jar"].join(":");
const GO = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode" };

/** Rules and levels, in order: what is told of the scenario. One with a question mark depends on how its threads take turns. */
type Told = readonly string[];

export interface Client {
  library: string;
  /** Where it comes from, for who misses it. */
  from: string;
  /** What ends well where the library is there. */
  probe: readonly string[];
  /** Prints its version. */
  version: readonly string[];
  /** Makes what is run, in a folder that is the client's own. */
  prepare?: (folder: string) => void;
  /** What is run, PORT SCENARIO QUEUE behind it. */
  command: (folder: string) => readonly string[];
  scenarios: Readonly<Record<string, Told>>;
}

const SOFT = ["broker-close note"];
/** Among the soft errors an acknowledgment of what was never delivered: of that a client is warned. */
const SOFT_AND_TAG = ["broker-close note", "delivery-tag warning"];
const ABRUPT = ["ended-abruptly note"];
/** Of a connection that writes a publish in pieces. */
const PIECES = ["split-content note"];
const PIECES_OF_THREADS = ["split-content note?"];
const BLOCKED = ["connection-blocked note"];
/** The broker told its clients that it shuts down, and then those that came back found it. */
const RESTARTED = ["broker-close note"];

export const CLIENTS: readonly Client[] = [
  node("amqplib", "amqplib", "amqplib.mjs", {
    confirms: [],
    batch: [],
    channels: PIECES,
    "small-frames": [],
    unlimited: [],
    rpc: [],
    churn: [],
    "soft-errors": SOFT_AND_TAG,
    returns: [],
    blocked: BLOCKED,
    restart: RESTARTED,
    killed: ABRUPT,
    tls: [],
  }),
  node("amqp-client.js", "@cloudamqp/amqp-client", "amqp-client.mjs", {
    confirms: [],
    batch: [],
    channels: [],
    "small-frames": [],
    transactions: [],
    rpc: [],
    churn: [],
    "soft-errors": SOFT,
    killed: ABRUPT,
  }),
  node("rabbitmq-client", "rabbitmq-client", "rabbitmq-client.mjs", {
    confirms: ["frame-too-large note"],
    batch: [],
    channels: [],
    "small-frames": ["frame-too-large note"],
    transactions: [],
    rpc: [],
    churn: [],
    "soft-errors": SOFT,
    restart: RESTARTED,
    killed: ABRUPT,
  }),
  node("amqp-connection-manager", "amqp-connection-manager", "amqp-connection-manager.mjs", {
    confirms: [],
    batch: [],
    channels: PIECES,
    restart: RESTARTED,
    killed: ABRUPT,
  }),
  python("pika, BlockingConnection", "pika", "python3-pika", "pika-blocking.py", {
    confirms: [],
    "no-confirms": [],
    batch: [],
    "small-frames": [],
    channels: [],
    transactions: [],
    rpc: [],
    churn: [],
    "soft-errors": SOFT_AND_TAG,
    returns: [],
    blocked: BLOCKED,
    restart: RESTARTED,
    killed: ABRUPT,
    tls: [],
  }),
  python("pika, SelectConnection", "pika", "python3-pika", "pika-select.py", {
    confirms: [],
    batch: [],
    "small-frames": [],
    channels: [],
  }),
  python("py-amqp", "amqp", "python3-amqp", "py-amqp.py", {
    confirms: [],
    batch: [],
    "small-frames": [],
    channels: [],
    transactions: [],
    churn: [],
    "soft-errors": SOFT,
    killed: ABRUPT,
  }),
  python("Kombu", "kombu", "python3-kombu", "kombu-library.py", { confirms: [], batch: [], simple: [] }),
  python("Celery", "celery", "python3-celery", "celery-tasks.py", { tasks: ABRUPT }),
  python("aio-pika", "aio_pika", "python3-aio-pika", "aio-pika-client.py", {
    confirms: [],
    batch: [],
    channels: [],
    transactions: [],
    churn: [],
    "soft-errors": SOFT,
    killed: ABRUPT,
  }),
  {
    library: "Bunny",
    from: "Debian: ruby-bunny",
    probe: ["ruby", "-e", "require 'bunny'"],
    version: ["ruby", "-e", "require 'bunny'; puts Bunny::VERSION"],
    command: () => ["ruby", join(PROGRAMS, "bunny.rb")],
    scenarios: {
      confirms: [],
      batch: [],
      "small-frames": [],
      channels: [],
      transactions: [],
      rpc: [],
      churn: [],
      "soft-errors": SOFT,
      restart: RESTARTED,
      killed: ABRUPT,
      tls: [],
    },
  },
  {
    library: "php-amqplib",
    from: "Debian: php-amqplib",
    probe: ["php", "-r", "require 'PhpAmqpLib/autoload.php';"],
    version: ["php", "-r", "require 'PhpAmqpLib/autoload.php'; echo PhpAmqpLib\\Package::VERSION;"],
    command: () => ["php", join(PROGRAMS, "php-amqplib.php")],
    scenarios: {
      confirms: [],
      batch: [],
      channels: [],
      "batched-publishes": [],
      transactions: [],
      churn: [],
      "soft-errors": SOFT,
      killed: ABRUPT,
    },
  },
  {
    library: "amqp091-go",
    from: "Debian: golang-go, golang-github-rabbitmq-amqp091-go-dev",
    probe: ["test", "-d", "/usr/share/gocode/src/github.com/rabbitmq/amqp091-go", "-a", "-x", "/usr/bin/go"],
    version: ["dpkg-query", "-f", "$" + "{Version}", "-W", "golang-github-rabbitmq-amqp091-go-dev"],
    prepare: folder => {
      const env = { ...GO, GOCACHE: join(folder, "cache") };
      execFileSync("go", ["build", "-o", join(folder, "amqp091"), join(PROGRAMS, "amqp091.go")], { env });
    },
    command: folder => [join(folder, "amqp091")],
    scenarios: {
      confirms: [],
      batch: [],
      "small-frames": [],
      channels: PIECES_OF_THREADS,
      transactions: [],
      churn: [],
      "soft-errors": SOFT,
      killed: ABRUPT,
      tls: [],
    },
  },
  {
    library: "RabbitMQ's Java client",
    from: "Debian: default-jdk-headless, librabbitmq-client-java",
    probe: ["javac", "-cp", JAVA_CLIENT, "-version"],
    version: ["dpkg-query", "-f", "$" + "{Version}", "-W", "librabbitmq-client-java"],
    prepare: folder => {
      execFileSync("javac", ["-cp", JAVA_PATH, "-d", folder, join(PROGRAMS, "JavaClient.java")]);
    },
    command: folder => ["java", "-cp", `${JAVA_PATH}:${folder}`, "JavaClient"],
    scenarios: {
      confirms: [],
      batch: [],
      "small-frames": [],
      unlimited: [],
      channels: PIECES_OF_THREADS,
      transactions: [],
      rpc: [],
      churn: [],
      "soft-errors": SOFT_AND_TAG,
      restart: RESTARTED,
      killed: ABRUPT,
      tls: [],
    },
  },
];

function node(library: string, name: string, file: string, scenarios: Client["scenarios"]): Client {
  const version = `console.log(require(${JSON.stringify(name)}+"/package.json").version)`;
  return {
    library,
    from: `npm: ${name}`,
    probe: [process.execPath, "-e", ""],
    version: [process.execPath, "-e", version],
    command: () => [process.execPath, join(PROGRAMS, file)],
    scenarios,
  };
}

function python(library: string, module: string, debian: string, file: string, scenarios: Client["scenarios"]): Client {
  return {
    library,
    from: `Debian: ${debian}`,
    probe: [PYTHON, "-c", `import ${module}`],
    version: [PYTHON, "-c", `import ${module}; print(${module}.__version__)`],
    command: () => [PYTHON, join(PROGRAMS, file)],
    scenarios,
  };
}

/** Whether the library is there. */
export function isThere({ probe: [command, ...args] }: Client): boolean {
  return spawnSync(command!, args).status === 0;
}
