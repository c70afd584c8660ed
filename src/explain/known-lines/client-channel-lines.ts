/** Messages of client libraries about channels and connections that are closed, or out of order. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const CLIENT = { code: null, seenBy: "client", library: null } as const;
const CHANNEL = { ...CLIENT, about: "channel" } as const;

const TAKEN_FOR_ANOTHER: readonly Weighed[] = [
  ["shared-channel", 66, "Calls of two threads on one channel, and each gets the other's answer."],
  ["answer-of-earlier-call", 54, "The answer of a call that had timed out is taken for the next one's."],
];
const CLOSED: readonly Weighed[] = [
  ["earlier-error", 78, "The library only says that it is closed; why was said before."],
  ["acked-after-reconnect", 32, "After a reconnect old channel objects stay closed."],
  ["shared-channel", 28, "Another part of the program may have closed it."],
];

const CLOSED_BY_BROKER: readonly Weighed[] = [
  ["earlier-error", 60, "channel.close has a code and a text: 404, 403, 405 or 406 mean very different things."],
  ["acked-twice", 46, "406 in a consumer is mostly an acknowledgement of an unknown delivery tag."],
  ["not-declared", 44, "404 names a queue or exchange that is not there."],
  ["declared-otherwise", 42, "406 at a declaration: it exists with other properties."],
];

export const CLIENT_CHANNEL_LINES: readonly KnownLine[] = [
  {
    ...CHANNEL,
    id: "java-answer-of-another-call",
    pattern: /AMQ(?:P)?Impl\$[\w$]{1,60} cannot be cast to [^\n]{0,120}AMQ(?:P)?Impl\$/,
    name: "answer of another call",
    says: "The answer to one call was taken for that of another, on one channel. No frame was broken.",
    causes: TAKEN_FOR_ANOTHER,
    library: "java",
    source: "spring-projects/spring-amqp#1337",
    example:
      "java.lang.ClassCastException: com.rabbitmq.client.impl.AMQImpl$Channel$OpenOk cannot be cast to com.rabbitmq.client.impl.AMQImpl$Confirm$SelectOk",
  },
  {
    ...CHANNEL,
    id: "lapin-own-error",
    code: 505,
    pattern:
      /AMQP hard error: UNEXPECTED-FRAME: une\w{2,4}cted (?<reply>[a-z][\w -]{1,60}?) received on channel (?<number>\d{1,5})/,
    name: "answer nobody waits for",
    says: "The client (lapin) read {reply} on channel {number}, where no call waited for it, and raised this error itself. No frame was broken.",
    causes: TAKEN_FOR_ANOTHER,
    library: "lapin",
    source: "lapin: src/channel.rs, src/error.rs",
    example: "protocol error: AMQP hard error: UNEXPECTED-FRAME: unexpected queue bind-ok received on channel 2",
  },
  {
    ...CHANNEL,
    id: "lapin-own-hard-error",
    generic: true,
    pattern:
      /AMQP hard error: (?<named>UNEXPECTED-FRAME|FRAME-ERROR|CHANNEL-ERROR|COMMAND-INVALID|INTERNAL-ERROR): (?<reason>[a-z][^\n]{1,120})/,
    name: "error raised by lapin",
    says: "The client (lapin) raised {named} itself over what it read: {reason}. No frame is shown to be broken; a broker's own text would name the code once more.",
    causes: [
      ...TAKEN_FOR_ANOTHER,
      ["closed-in-flight", 44, "Frames that are on the way when a channel is closed arrive after it."],
    ],
    library: "lapin",
    source: "lapin: src/channels.rs, src/error.rs",
    example: "protocol error: AMQP hard error: CHANNEL-ERROR: channel 4 is not open",
  },
  {
    ...CHANNEL,
    id: "dotnet-frame-for-gone-channel",
    pattern:
      /initiated by Library, code=541[^\n]{0,400}(?:KeyNotFoundException|SessionManager\.Lookup|ChannelErrorException)/,
    name: "unknown channel",
    says: "The client read a frame for a channel number that it does not have any more, and closed the connection itself (541 is the library's own code). No frame was broken.",
    causes: [
      [
        "closed-in-flight",
        70,
        "Frames that are on the way when a channel is closed, or given up after a timeout, arrive after it.",
      ],
      ["shared-channel", 40, "One thread may have closed the channel that another still uses."],
      ["client-decoder", 30, "Old versions of the library close the connection over such a frame."],
    ],
    library: "dotnet",
    source: "rabbitmq-dotnet-client: SessionManager.cs",
    example:
      "AMQP close-reason, initiated by Library, code=541, text='Unexpected Exception', classId=0, methodId=0, cause=System.Collections.Generic.KeyNotFoundException: The given key '3' was not present in the dictionary.",
  },
  {
    ...CHANNEL,
    id: "dotnet-library-own-fault",
    pattern:
      /initiated by Library, code=541[^\n]{0,200}cause=(?<cause>[\w.]{0,60}(?:NullReference|InvalidOperation|Argument|OutOfRange|OutOfMemory|ObjectDisposed|InvalidCast|Overflow|NotSupported|Format)\w{0,30})/,
    name: "the library failed (.NET)",
    says: "An error inside the client ({cause}) ended its reading, and the library closed the connection itself (541 is the library's own code). No frame is shown to be broken.",
    causes: [
      ["shared-channel", 48, "Objects of the library that two threads change at a time end this way."],
      ["client-decoder", 46, "So does a fault of the library's: look for the text in its issues, with its version."],
      ["earlier-error", 40, "Or a close that came before, in another part of the program."],
    ],
    library: "dotnet",
    source: "rabbitmq-dotnet-client: Connection.Receive.cs",
    example:
      "AMQP close-reason, initiated by Library, code=541, text='Unexpected Exception', classId=0, methodId=0, cause=System.NullReferenceException: Object reference not set to an instance of an object.",
  },
  {
    ...CHANNEL,
    id: "dotnet-pipelining",
    pattern: /Pipelining of requests forbidden/,
    name: "two calls at a time",
    says: "A call was made on a channel on which another still waits for its answer. The client refused it; no frame was broken.",
    causes: TAKEN_FOR_ANOTHER,
    library: "dotnet",
    source: "EasyNetQ#758; rabbitmq-dotnet-client: RpcContinuationQueue.cs",
    example: "System.NotSupportedException: Pipelining of requests forbidden",
  },
  {
    ...CHANNEL,
    id: "unexpected-answer",
    pattern: /pika\.channel[^\n]{0,40}Unexpected frame: <(?:METHOD|HEADER|BODY|Header|Body)\b/,
    name: "answer nobody waits for",
    says: "The client read a whole frame for which nothing on that channel waits. No frame was broken.",
    causes: TAKEN_FOR_ANOTHER,
    library: "pika",
    source: "pika: channel.py; faucetsdn/poseidon#1131",
    example:
      "pika.channel - Unexpected frame: <METHOD(['channel_number=1', 'frame_type=1', \"method=<Basic.CancelOk(['consumer_tag=ctag1'])>\"])>",
  },
  {
    ...CHANNEL,
    id: "java-unknown-channel",
    pattern: /UnknownChannelException|Unknown channel number (?<number>\d{1,5})/,
    name: "unknown channel",
    says: "The client read a frame for a channel that it does not have open any more. No frame was broken.",
    causes: [
      ["closed-in-flight", 70, "Frames that are on the way when a channel is closed arrive after it."],
      ["shared-channel", 34, "One thread may have closed the channel that another still uses."],
    ],
    library: "java",
    source: "rabbitmq-java-client#189",
    example: "com.rabbitmq.client.impl.UnknownChannelException: Unknown channel number 147",
  },
  {
    ...CLIENT,
    about: "limits",
    id: "no-free-channel-at-client",
    anybody: true,
    pattern:
      /channel id space exhausted|No channels left to allocate|maximum number of channels for this connection|run out of free channels|No free channel ids/i,
    name: "no free channel",
    says: "The client has no channel number left on this connection. Nothing was sent; no frame was broken.",
    causes: [
      ["channel-leak", 78, "A program needs few channels; so many were not closed."],
      ["limit-reached", 40, "Or the limit (channel_max) is low."],
    ],
    source: "amqplib: lib/connection.js; amqp091-go: types.go",
    example: 'Exception (504) Reason: "channel id space exhausted"',
  },
  {
    ...CHANNEL,
    id: "php-channel-closed-by-broker",
    pattern: /Unhandled method frame[^\n]{0,60}MethodChannelCloseFrame/,
    name: "closed by the broker",
    says: "The broker closed the channel (channel.close), and this library does not show the reason it gave. The broker's log has it; no frame was broken.",
    causes: CLOSED_BY_BROKER,
    library: "bunny-php",
    source: "jakubkulhan/bunny#70, #85",
    example: "Bunny\\Exception\\ChannelException: Unhandled method frame Bunny\\Protocol\\MethodChannelCloseFrame.",
  },
  {
    ...CLIENT,
    about: null,
    id: "php-connection-closed-by-broker",
    pattern: /Unhandled method frame[^\n]{0,60}MethodConnectionCloseFrame/,
    name: "closed by the broker",
    says: "The broker closed the connection (connection.close), and this library does not show the reason it gave. The broker's log has it.",
    causes: [
      [
        "earlier-error",
        70,
        "connection.close has a code and a text: 320, 501, 504 and 505 mean very different things.",
      ],
      ["broker-restarted", 44, "A broker that stops closes its connections with 320."],
      ["closed-by-hand", 34, "So does somebody in the management interface."],
    ],
    library: "bunny-php",
    source: "jakubkulhan/bunny#20",
    example: "Unhandled method frame Bunny\\Protocol\\MethodConnectionCloseFrame.",
  },
  {
    ...CHANNEL,
    id: "php-consumer-cancelled",
    pattern: /Unhandled method frame[^\n]{0,60}MethodBasicCancelFrame/,
    name: "consumer cancelled",
    says: "The broker cancelled the consumer (basic.cancel), and this library does not handle that. No frame was broken.",
    causes: [
      ["not-declared", 70, "That comes when the queue is deleted, expires, or loses its node."],
      ["broker-restarted", 40, "A node that stops cancels the consumers of its queues."],
    ],
    library: "bunny-php",
    source: "jakubkulhan/bunny: Channel.php",
    example: "Unhandled method frame Bunny\\Protocol\\MethodBasicCancelFrame.",
  },
  {
    ...CLIENT,
    about: "frames",
    id: "frame-nobody-handles",
    pattern: /Unhandled method frame/,
    name: "frame out of order",
    says: "The client read a method that has no place where it came. No octet of it is shown to be wrong.",
    problem: "order",
    causes: [
      ["answer-of-earlier-call", 58, "The answer of a call that was given up is taken for the next one's."],
      ["shared-reader", 50, "An answer that another process waited for comes to this one."],
      ["client-decoder", 40, "Or the library cannot take what the broker rightly sends there."],
    ],
    library: "bunny-php",
    source: "jakubkulhan/bunny: AbstractClient.php, Channel.php",
    example: "Unhandled method frame Bunny\\Protocol\\MethodQueueDeclareOkFrame.",
  },
  {
    ...CLIENT,
    about: "limits",
    id: "no-channel-in-cache",
    pattern: /AmqpTimeoutException: No available channels/,
    name: "no free channel",
    says: "All channels that the program allows itself (Spring's channel cache) are in use. Nothing was sent; no frame was broken.",
    causes: [
      ["channel-leak", 62, "Channels that are taken and not given back use the cache up."],
      [
        "limit-reached",
        50,
        "Or more work runs at a time than channelCacheSize allows with channelCheckoutTimeout set.",
      ],
    ],
    source: "spring-amqp: CachingConnectionFactory.java",
    example: "org.springframework.amqp.AmqpTimeoutException: No available channels",
  },
  {
    ...CHANNEL,
    id: "queue-not-declared-at-client",
    pattern: /Failed to declare queue\(s\):|BlockingQueueConsumer\$DeclarationException|QueuesNotAvailableException/,
    name: "cannot declare a queue",
    says: "The consumer's queue could not be declared, or is not there. The broker's channel.close beside this line says why (404, 403, 405, 406); no frame was broken.",
    causes: [
      ["not-declared", 66, "Spring asks whether the queue is there (passively) before it consumes."],
      ["declared-otherwise", 40, "Or it is there with other properties."],
      ["no-permission", 36, "Or the user may not see it."],
    ],
    source: "spring-amqp: BlockingQueueConsumer.java",
    example: "BlockingQueueConsumer$DeclarationException: Failed to declare queue(s):[jobs]",
    generic: true,
  },
  {
    ...CHANNEL,
    id: "lapin-invalid-state",
    anybody: true,
    pattern: /invalid (?:channel|connection) state: [A-Z]|\bInvalid(?:Channel|Connection)State\b/,
    name: "used after it was closed",
    says: "The program used a channel or connection that was not open. Why stands earlier in its log; no frame was broken here.",
    causes: CLOSED,
    library: "lapin",
    source: "lapin: src/error.rs",
    example: "invalid channel state: Closed",
    generic: true,
  },
  {
    ...CHANNEL,
    id: "closed-used",
    everyday: true,
    pattern:
      /channel\/connection is not open|Channel(?:Wrong|Closed)StateError|[Cc]hannel is (?:already )?closed|[Cc]hannel closed(?: by|;|$)|ChannelInvalidStateError|ConnectionWrongStateError|IllegalOperationError|Channel (?:ended, no reply|closing|is closing)|[Cc]hannel connection is closed|AlreadyClosedException|ChannelAlreadyClosed|ConnectionAlreadyClosed|ChannelNotAvailable|[Cc]onnection (?:is )?already closed|invalid (?:channel|connection) state|Bunny::(?:Channel|Connection)AlreadyClosed|cannot use a closed channel|No channel available|[Cc]hannel is not open|NOT_CONNECTED|clean (?:channel|connection) shutdown|through a closed connection|\bCH_CLOSE\b|\bamqp(?:091)?\.ErrClosed\b|ChannelClosedException|\{:error, :clos(?:ing|ed)\}|<Channel: [^\n]{0,80}> closed|Could not \w{2,12} (?:a )?(?:channel|queue|exchange)\. No (?:connection|channel) available/,
    name: "used after it was closed",
    says: "The program used a channel or connection that was closed already. Why it was closed stands earlier in its log; no frame was broken here.",
    causes: CLOSED,
    source: "streadway/amqp#470; amqplib: lib/channel.js; pika: exceptions.py; spring-projects/spring-amqp#849",
    example: 'Exception (504) Reason: "channel/connection is not open"',
    generic: true,
  },
];
