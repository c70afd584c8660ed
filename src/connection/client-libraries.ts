/**
 * The client libraries seen in the field, as data: how the text of each is recognised, what it writes to the socket in
 * one go, under which lock, what happens when a connection is shared, and what to do instead. Sources: the libraries'
 * own code and the issues named.
 */

export type LibraryId =
  | "bunny-php"
  | "bunny"
  | "pika"
  | "aiormq"
  | "py-amqp"
  | "rabbitmq-c"
  | "java"
  | "dotnet"
  | "amqp091-go"
  | "php-amqplib"
  | "amqplib"
  | "amqp-client.js"
  | "node-amqp"
  | "amqp-cpp"
  | "lapin"
  | "rabbitmq-client"
  | "amqprs"
  | "march-hare"
  | "ruby-amqp";

export interface ClientLibrary {
  name: string;
  /** At most 11 columns, for a label. */
  label: string;
  /** Its own name in its client properties: product, a slash, platform. */
  product: RegExp;
  /** What only this library prints. */
  printedBy: RegExp;
  /** What a shared connection tears: octets (frames are broken), or only the order of whole frames. */
  tears: "octets" | "octets-when-cut-short" | "octets-in-some-versions" | "octets-of-buffers" | "frames" | "nothing";
  /**
   * Whether other channels' frames can stand inside a publish of a healthy client: it writes whole messages, or pieces
   * of them; `wholeFrom` is the major version that began to write whole ones.
   */
  contents: "whole" | "pieces" | "unknown";
  wholeFrom?: number;
  /** What is written in one go, and which lock guards it. A clause. */
  writes: string;
  remedy: string;
}

/** The first that matches is taken: specific names come before short ones. */
export const CLIENT_LIBRARIES: Readonly<Record<LibraryId, ClientLibrary>> = {
  aiormq: {
    name: "aiormq, aio-pika",
    label: "aio-pika",
    product: /^aiormq|aio.?pika/i,
    printedBy: /\baiormq\b|\baio_pika\b/,
    tears: "frames",
    contents: "whole",
    writes: "writes from one event loop",
    remedy: "Use a connection only from the event loop it was opened in, never from another thread or after a fork.",
  },
  pika: {
    name: "pika",
    label: "pika",
    product: /^pika/i,
    printedBy: /\bpika\b|ConnectionClosedByBroker|ConnectionClosed: \(50\d,/,
    tears: "octets",
    contents: "whole",
    writes: "hands frames to an unlocked queue, so threads repeat, lose or tear octets",
    remedy: "One connection per thread; from others publish through connection.add_callback_threadsafe(…).",
  },
  "py-amqp": {
    name: "py-amqp (Celery, Kombu)",
    label: "py-amqp",
    product: /^py-?amqp|kombu|celery/i,
    printedBy:
      /\bamqp\.exceptions\b|\bkombu\b|\bcelery\b|\bpy-amqp\b|\bamqp\/(?:connection|method_framing|channel)\.py/,
    tears: "octets",
    contents: "whole",
    writes: "puts messages together in one buffer without a lock, so threads overwrite each other (py-amqp#462)",
    remedy: "One connection per thread, with producers from kombu.pools; opened after the fork of a prefork worker.",
  },
  "php-amqplib": {
    name: "php-amqplib",
    label: "PHP",
    product: /^AMQPLib\b|php/,
    printedBy: /PhpAmqpLib|\bphp-amqplib\b|\bAMQPConnectionClosedException\b|\bAMQPProtocol\w*Exception\b/,
    tears: "octets-when-cut-short",
    contents: "whole",
    writes: "writes a message in pieces of 8 KiB from a single thread",
    remedy: "Connect after pcntl_fork, in the child. After a timeout or an I/O exception throw the connection away.",
  },
  "rabbitmq-c": {
    name: "rabbitmq-c (SimpleAmqpClient, PHP's amqp extension)",
    label: "rabbitmq-c",
    product: /^rabbitmq-c|librabbitmq|SimpleAmqpClient/i,
    printedBy:
      /server connection error|\blibrabbitmq\b|\bSimpleAmqpClient\b|\bAmqpClient::|\bconnection error: 50\d:|\bAMQPConnectionException\b|\bAMQPChannelException\b/,
    tears: "octets",
    contents: "pieces",
    writes: "sends each frame from one shared buffer without a lock",
    remedy: "One connection per thread, or one mutex around every call, reading included.",
  },
  "march-hare": {
    name: "March Hare (JRuby)",
    label: "March Hare",
    product: /^march.?hare/i,
    printedBy: /\bMarchHare::|\bmarch_hare\b/,
    tears: "frames",
    contents: "unknown",
    writes: "stands on the Java client, which writes a frame at a time under a lock",
    remedy: "One channel per publishing thread.",
  },
  "ruby-amqp": {
    name: "amqp gem (Ruby, EventMachine)",
    label: "amqp gem",
    product: /^ruby-amqp|^AMQP gem|\/ Ruby .*EventMachine/i,
    printedBy:
      /\bAMQP::(?:TCPConnectionFailed|PossibleAuthenticationFailure|Session|Error\b)|\bamq-client\b|\bgems\/amqp-\d/,
    tears: "octets",
    contents: "unknown",
    writes: "hands octets to EventMachine's loop, which only that loop's thread may do",
    remedy:
      "Call it in EventMachine's thread only (EM.next_tick), connect after the fork; it is no longer maintained: move to Bunny.",
  },
  "bunny-php": {
    name: "Bunny for PHP (jakubkulhan/bunny)",
    label: "Bunny PHP",
    product: /^bunny.*\/ PHP|^BunnyPHP/i,
    printedBy: /\bBunny\\|\bvendor\/bunny\/bunny\b|\bUnhandled method frame\b/,
    tears: "octets-when-cut-short",
    contents: "unknown",
    writes: "writes from a single thread, from a buffer that may go out in pieces",
    remedy: "Connect after pcntl_fork, in the child. After a timeout or an I/O exception throw the connection away.",
  },
  bunny: {
    name: "Bunny",
    label: "Bunny",
    product: /^bunny/i,
    printedBy: /\bBunny::|\bbunny\b/i,
    tears: "octets-when-cut-short",
    contents: "whole",
    wholeFrom: 2,
    writes: "writes a whole message under two locks (from 2.0; a frame at a time before, pieces of one before 0.9)",
    remedy:
      "Connect after the fork (on_worker_boot, after_fork). No Timeout.timeout or Thread#kill around a publish; after one, close the connection.",
  },
  dotnet: {
    name: ".NET client",
    label: ".NET",
    product: /\/ \.NET|dotnet/i,
    printedBy: /\bRabbitMQ\.Client\b|AMQP close-reason|initiated by (?:Peer|Library|Application)/,
    tears: "octets-in-some-versions",
    contents: "unknown",
    writes: "writes frames under a lock, except 5.1, which dropped it (rabbitmq-dotnet-client#457, #681)",
    remedy: "Leave 5.1.x: the lock is back in 6.0. One channel (IModel, IChannel) per thread, also with 6.x and 7.x.",
  },
  java: {
    name: "Java client",
    label: "Java",
    product: /\/ Java\b/,
    printedBy:
      /#method<connection\.close>|\bShutdownSignalException\b|\bcom\.rabbitmq\.client\b|#method<channel\.close>/,
    tears: "octets-in-some-versions",
    contents: "pieces",
    writes:
      "writes a frame at a time under a lock; frames themselves broke in 5.27.0 with netty and virtual threads (rabbitmq-java-client#1778)",
    remedy: "One Channel per publishing thread. With 5.27.0 and netty: upgrade, or go back to blocking I/O.",
  },
  "amqp091-go": {
    name: "amqp091-go",
    label: "amqp091-go",
    product: /^AMQP 0\.9\.1 Client|streadway|amqp091/i,
    printedBy: /\bException \(\d{3}\) Reason: |\bamqp091\b|streadway\/amqp/,
    tears: "frames",
    contents: "pieces",
    writes: "writes a frame at a time under a lock, so other methods can come inside a publish",
    remedy: "One Channel per publishing goroutine, or one goroutine that publishes for all.",
  },
  "amqp-client.js": {
    name: "amqp-client.js",
    label: "JS client",
    product: /amqp-client/i,
    printedBy: /\bAMQPClient\b|\bamqp-client\.js\b|@cloudamqp\/amqp-client|connection closed by server 50\d/,
    tears: "octets-of-buffers",
    contents: "whole",
    writes: "before 2.0.2 reused a frame buffer while it was being written (amqp-client.js#29)",
    remedy: "Upgrade to 2.0.2 or later.",
  },
  amqplib: {
    name: "amqplib (Node.js)",
    label: "amqplib",
    product: /^amqplib/,
    printedBy:
      /\((?:FRAME|UNEXPECTED|CHANNEL|INTERNAL|COMMAND)-(?:ERROR|FRAME|INVALID)\)|\bamqplib\b|with message "[A-Z_]{4,20} - /,
    tears: "frames",
    contents: "pieces",
    writes: "writes a small message at once, a larger one as method and header, then each body frame, from one thread",
    remedy:
      "Do not write to its socket from elsewhere, and connect after a fork. Buffers handed to publish must not be changed until they are sent.",
  },
  "node-amqp": {
    name: "node-amqp",
    label: "node-amqp",
    product: /^node-amqp/i,
    printedBy: /\bnode-amqp\b|node_modules\/amqp\//,
    tears: "octets-of-buffers",
    contents: "unknown",
    writes: "shares one send buffer between writers (node-amqp#292)",
    remedy: "It is no longer maintained: move to amqplib.",
  },
  "amqp-cpp": {
    name: "AMQP-CPP",
    label: "AMQP-CPP",
    product: /Copernica|AMQP-CPP/i,
    printedBy: /\bAMQP-CPP\b|\bAMQP::(?:Tcp|Lib|Connection|Address|Exception|ProtocolException)|\bamqpcpp\b/,
    tears: "octets",
    contents: "unknown",
    writes: "writes from whatever thread calls it, without a lock (AMQP-CPP#278, #313)",
    remedy: "Call it from its event loop's thread only; from other threads post to that loop.",
  },
  "rabbitmq-client": {
    name: "rabbitmq-client (Node.js)",
    label: "rmq-client",
    product: /^rabbitmq-client/i,
    printedBy: /\brabbitmq-client\b|\bAMQPConnectionError: |\bAMQPChannelError: /,
    tears: "frames",
    contents: "unknown",
    writes: "writes from one event loop",
    remedy: "Let only the library write to its socket, and connect after a fork.",
  },
  amqprs: {
    name: "amqprs",
    label: "amqprs",
    product: /^amqprs/i,
    printedBy: /\bamqprs\b/,
    tears: "nothing",
    contents: "unknown",
    writes: "writes from one task per connection",
    remedy: "One channel per publishing task.",
  },
  lapin: {
    name: "lapin",
    label: "lapin",
    product: /^lapin/i,
    printedBy: /\blapin\b|AMQP hard error/,
    tears: "nothing",
    contents: "unknown",
    writes: "writes from one I/O loop",
    remedy: "One Channel per publishing task.",
  },
};

/** The library that a client names in its properties (connection.start-ok); undefined if it is none of these. */
export function libraryOfClient(clientProperties: ReadonlyMap<string, string>): ClientLibrary | undefined {
  const names = `${clientProperties.get("product") ?? ""} / ${clientProperties.get("platform") ?? ""}`;
  return Object.values<ClientLibrary>(CLIENT_LIBRARIES).find(({ product }) => product.test(names));
}

/** How a client writes the content of a publish: `contents` of its library, in its version. */
export function contentsOf(clientProperties: ReadonlyMap<string, string>): ClientLibrary["contents"] {
  const library = libraryOfClient(clientProperties);
  if (library === undefined) return "unknown";
  const { contents, wholeFrom } = library;
  // A client that gives no version may be an old one.
  const major = Number.parseInt(clientProperties.get("version") ?? "0", 10);
  return wholeFrom !== undefined && !(major >= wholeFrom) ? "pieces" : contents;
}
