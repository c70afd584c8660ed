/**
 * Exceptions of client libraries by their class alone, for texts that contain no more. A class whose name other
 * programs have as well stands with its module.
 */
import type { KnownLine } from "./known-line.ts";

const CLIENT = { code: null, seenBy: "client", library: null, generic: true, anybody: true } as const;
const BROKER = { ...CLIENT, seenBy: "broker" } as const;
const SOURCE = "the libraries' own lists of exceptions";

export const EXCEPTION_LINES: readonly KnownLine[] = [
  {
    ...BROKER,
    id: "publish-nacked",
    about: "channel",
    pattern:
      /\bNackError\b|\bMessageNacked\b|AmqpNackReceivedException|Exceptions\.PublishException|nacks received|aiormq\.exceptions\.DeliveryError|[Mm]essage (?:was )?(?:nacked|rejected) by (?:the )?broker/,
    name: "publish not taken",
    says: "The broker did not take a message (basic.nack instead of basic.ack). The channel stays open; no frame was broken.",
    causes: [
      ["limit-reached", 60, "A queue that is full, with reject-publish as its overflow, answers like this."],
      ["vhost-failed", 40, "So does a queue whose node or leader is away."],
    ],
    source: SOURCE,
    example: "pika.exceptions.NackError: 2 message(s) NACKed",
  },
  {
    ...BROKER,
    id: "publish-returned",
    about: "channel",
    code: 312,
    pattern:
      /\bUnroutableError\b|PublishReturnException|AmqpMessageReturnedException|UnroutableRpcRequestException|aio(?:_pika|rmq)\.exceptions\.PublishError|unroutable message\(s\) returned/,
    name: "publish returned",
    says: "The broker returned a message: it was mandatory, and no queue is bound for its routing key. No frame was broken.",
    causes: [
      ["not-declared", 68, "The queue or its binding is missing, or the routing key is another one."],
      ["wrong-vhost", 34, "Or they are in another vhost."],
    ],
    source: SOURCE,
    example: "pika.exceptions.UnroutableError: 3 unroutable message(s) returned",
  },
  {
    ...CLIENT,
    id: "recovery-failed",
    about: "channel",
    pattern: /TopologyRecoveryException/,
    name: "recovery failed",
    says: "After a reconnect the library could not declare a queue, exchange, binding or consumer again. The reason is the broker's channel.close, in the cause of this exception; no frame was broken.",
    causes: [
      [
        "not-declared",
        58,
        "What was declared on another connection may be gone: exclusive and auto-delete queues go first.",
      ],
      [
        "exclusive-owner",
        50,
        "An exclusive queue still belongs to the old connection until the broker notices its loss.",
      ],
      ["declared-otherwise", 38, "Or it was declared with other properties meanwhile."],
    ],
    source: SOURCE,
    example: "com.rabbitmq.client.TopologyRecoveryException: Caught an exception while recovering queue jobs: null",
  },
  {
    ...CLIENT,
    id: "call-refused-by-library",
    about: "channel",
    pattern:
      /DuplicateGetOkCallback|\bReentrancyError\b|\bDuplicateConsumerTag\b|exceptions\.MethodNotImplemented|AMQPInvalidArgumentException|AMQPLogicException|AMQPEmptyDeliveryTagException|AMQPOutOf(?:Bounds|Range)Exception|AMQPNotImplementedException|UnsupportedMethod(?:Field)?Exception|AmqpIllegalStateException|Invalid configuration: '[\w-]{1,40}' must be non-null/,
    name: "call refused by the library",
    says: "The library refused a call before anything was sent: its arguments, or the state it was made in. No frame was broken.",
    causes: [
      ["misused-call", 66, "The class says which rule of the library was not kept."],
      ["shared-channel", 34, "Two threads on one channel get into each other's calls."],
    ],
    source: SOURCE,
    example: "pika.exceptions.DuplicateGetOkCallback",
  },
  {
    ...CLIENT,
    id: "value-refused-by-library",
    about: "channel",
    pattern: /WireFormattingException|InvalidFieldTypeException|SerialisationError|exceptions\.InvalidChannelNumber/,
    name: "value cannot be encoded",
    says: "The library could not write or read a value in AMQP's form. No frame is shown to be broken.",
    causes: [
      ["client-encoding", 52, "A value of another type than the call takes, or one that is too long."],
      ["newer-field-kind", 44, "Or, in what was read, a kind of value that this library does not know."],
    ],
    source: SOURCE,
    example: "RabbitMQ.Client.Exceptions.WireFormattingException",
  },
  {
    ...CLIENT,
    id: "no-channel-number",
    about: "limits",
    pattern:
      /\bNoFreeChannels\b|ChannelAllocationException|ChannelsLimitReached|AmqpResourceNotAvailableException|\bErrChannelMax\b|channelMax limit is reached/,
    name: "no free channel",
    says: "The client has no channel number left on this connection. Nothing was sent; no frame was broken.",
    causes: [
      ["channel-leak", 76, "A program needs few channels; so many were not closed."],
      ["limit-reached", 40, "Or the limit (channel_max) is low."],
    ],
    source: SOURCE,
    example: "pika.exceptions.NoFreeChannels",
  },
  {
    ...CLIENT,
    id: "login-refused-class",
    about: "handshake",
    pattern: /exceptions\.AuthenticationError|AmqpAuthenticationException|\bErr(?:SASL|Credentials)\b/,
    name: "login refused",
    says: "The login failed: credentials, or the mechanism. The broker's log has the reason; no frame was broken.",
    causes: [
      ["wrong-credentials", 76, "The class says so."],
      ["guest-remote", 44, "guest is refused from other hosts than the broker's own."],
    ],
    source: SOURCE,
    example: "org.springframework.amqp.AmqpAuthenticationException",
  },
  {
    ...CLIENT,
    id: "closed-by-broker-class",
    about: "channel",
    pattern:
      /\bChannelClosed(?:ByBroker)?\b|ForcedChannelCloseError|AMQPProtocolChannelException|AMQPChannelError|\b(?:amqp\.exceptions\.|Bunny::)(?:NotFound|PreconditionFailed|AccessRefused|ResourceLocked|ContentTooLarge|NoConsumers|ChannelError|ChannelNotOpen|ResourceError)\b|aiormq\.exceptions\.Channel(?:AccessRefused|NotFoundEntity|LockedResource|PreconditionFailed)/,
    name: "channel closed",
    says: "The channel was closed, mostly by the broker. Its code and text, in the exception's message or the broker's log, say why; no frame is shown to be broken.",
    causes: [
      ["not-declared", 46, "404: a queue or exchange is not there."],
      ["declared-otherwise", 45, "406 at a declaration: it exists with other properties."],
      ["acked-twice", 44, "406 at an acknowledgement: the delivery tag is not known."],
      ["no-permission", 42, "403: the user has no permission."],
    ],
    source: SOURCE,
    example: "PhpAmqpLib\\Exception\\AMQPProtocolChannelException",
  },
  {
    ...CLIENT,
    id: "connection-closed-by-broker-class",
    about: null,
    pattern:
      /\bConnectionClosedByBroker\b|ForcedConnectionCloseError|AMQPProtocol(?:Connection)?Exception|HardProtocolException|SoftProtocolException|\b(?:amqp\.exceptions\.|Bunny::)(?:FrameSyntaxError|FrameError|InvalidCommand|InvalidPath|NotAllowed(?:Error)?|InternalError|IrrecoverableConnectionError|ConnectionError)\b|aiormq\.exceptions\.Connection(?:SyntaxError|FrameError|CommandInvalid|ChannelError|UnexpectedFrame|ResourceError|NotAllowed|NotImplemented|InternalError)|\bShutdownSignalException\b|OperationInterruptedException/,
    name: "connection or channel closed",
    says: "A connection or channel was closed. The code and text, in the exception's message or the broker's log, say why: 501 to 505 are about frames, 320, 403 to 406 and 530 are not.",
    causes: [
      ["earlier-error", 60, "Without its code and text the class tells no more."],
      ["broker-restarted", 36, "320: the broker stopped, or somebody closed it."],
    ],
    source: SOURCE,
    example: "pika.exceptions.ConnectionClosedByBroker",
  },
  {
    ...CLIENT,
    id: "closed-by-program-class",
    about: "channel",
    note: true,
    pattern: /\b(?:Connection|Channel)ClosedByClient\b|\bConnectionOpenAborted\b/,
    name: "closed by the program",
    says: "The program itself closed the connection or channel. No frame was broken.",
    causes: [
      ["closed-by-program", 78, "The class says so."],
      ["earlier-error", 20, "A library or framework may do it for the program, over an error."],
    ],
    source: SOURCE,
    example: "pika.exceptions.ConnectionClosedByClient: (200) 'Bye'",
  },
  {
    ...CLIENT,
    id: "socket-failed-class",
    about: "transport",
    pattern:
      /AMQPIOException|AMQPSocketException|AMQPDataReadException|AMQPNoDataException|\bAMQPConnectionClosedException\b|Bunny::ServerDownError|Bunny::ConnectionTimeout|AmqpIOException|ConnectFailureException|ProtocolViolationException/,
    name: "connection lost",
    says: "The client could not connect, or its connection was lost. The class does not tell why; its message, or the broker's log at that time, does. No frame is shown to be broken.",
    causes: [
      ["broker-restarted", 48, "A broker that stops closes its connections."],
      ["idle-limit", 46, "Load balancers and NATs end what was idle too long."],
      ["blocked-client", 44, "A client that misses heartbeats is closed."],
      ["nothing-listens", 42, "At connect: the port is closed, or the address is wrong."],
    ],
    source: SOURCE,
    example: "PhpAmqpLib\\Exception\\AMQPIOException",
  },
  {
    ...CLIENT,
    id: "unexpected-method-class",
    about: "frames",
    problem: "order",
    pattern: /UnexpectedMethod(?:Error|Exception)|UnknownClassOrMethodId|exceptions\.ProtocolSyntaxError/,
    name: "unexpected reply",
    says: "The client read a method that it did not wait for, or does not know.",
    causes: [
      ["answer-of-earlier-call", 54, "The answer of a call that was given up is taken for the next one's."],
      ["shared-reader", 48, "Two readers on one connection: each takes the other's replies."],
      ["client-decoder", 40, "A broker or proxy of another kind may answer otherwise."],
    ],
    source: SOURCE,
    example: "com.rabbitmq.client.UnexpectedMethodError",
  },
  {
    ...CLIENT,
    id: "listener-failed",
    about: "channel",
    note: true,
    pattern:
      /ListenerExecutionFailedException|AmqpRejectAndDontRequeueException|Immediate(?:Requeue|Acknowledge)AmqpException|FatalListenerStartupException/,
    name: "the program's listener failed",
    says: "The program's own listener failed, or rejected a message on purpose. No frame was broken.",
    causes: [
      ["closed-by-program", 60, "The cause of the exception is the program's own."],
      ["not-declared", 30, "At the start: the listener's queue is not there."],
    ],
    source: "spring-amqp",
    example: "org.springframework.amqp.rabbit.support.ListenerExecutionFailedException: Listener threw exception",
  },
  {
    ...CLIENT,
    id: "celery-worker-heartbeat",
    about: null,
    seenBy: null,
    note: true,
    pattern: /missed heartbeat from \w{1,40}@|Substantial drift from \w{1,40}@/,
    name: "Celery's own heartbeat",
    says: "A Celery worker did not hear another worker's event heartbeat. That is Celery's own message, not AMQP's heartbeat; no connection and no frame is shown to be broken.",
    causes: [
      ["blocked-client", 50, "The other worker was busy, stopped, or its clock differs."],
      ["broker-silent", 30, "Or events are late, because the broker is."],
    ],
    source: "celery: worker/consumer/gossip.py",
    example: "[INFO/MainProcess] missed heartbeat from celery@worker-3",
  },
];
