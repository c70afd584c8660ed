/** What client libraries say of connections and channels that failed without a frame they could not read. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const CLIENT = { code: null, seenBy: "client", library: null } as const;
const HANDSHAKE = { ...CLIENT, about: "handshake" } as const;
const HEARTBEAT = { ...CLIENT, about: "heartbeat" } as const;
const TRANSPORT = { ...CLIENT, about: "transport" } as const;
const CHANNEL = { ...CLIENT, about: "channel" } as const;

const CLOSED_IN_HANDSHAKE: readonly Weighed[] = [
  ["plain-answered", 58, "A TLS port closes on plain AMQP, and a plain port on TLS."],
  ["wrong-vhost", 50, "Older brokers and clients show a vhost that is refused as a closed socket."],
  ["wrong-credentials", 48, "And credentials that are refused, after some seconds."],
  ["not-a-broker", 40, "Whatever has that port instead closes on what it does not understand."],
];
const HEARD_NOTHING: readonly Weighed[] = [
  ["blocked-client", 62, "A client that does not read misses heartbeats that have come."],
  ["broker-silent", 54, "The broker may really have been silent."],
  ["idle-limit", 50, "What is dropped on the way is not heard."],
  ["frozen-client", 30, "A process that stands still hears nothing."],
];
const LOST: readonly Weighed[] = [
  ["idle-limit", 56, "NATs, firewalls and load balancers drop what is idle too long, mostly at round times."],
  ["broker-restarted", 50, "A broker that stops closes all sockets."],
  ["blocked-client", 46, "A broker that misses heartbeats closes the socket: its log says so."],
  ["network-lost", 42, "A network that fails looks the same."],
];
const END_OF_STREAM: readonly Weighed[] = [
  ["broker-restarted", 50, "A broker that stops, or is not up yet, closes the socket."],
  ["wrong-credentials", 46, "At connect: a login that is refused, by older brokers."],
  ["plain-answered", 44, "At connect: TLS met a plain port, or the other way round."],
  ["idle-limit", 42, "Later: a load balancer's or NAT's idle limit, or missed heartbeats (the broker's log says so)."],
];
const CLOSED: readonly Weighed[] = [
  ["earlier-error", 78, "The library only says that it is closed; why was said before."],
  ["acked-after-reconnect", 32, "After a reconnect old channel objects stay closed."],
  ["shared-channel", 28, "Another part of the program may have closed it."],
];

export const CLIENT_CONNECTION_LINES: readonly KnownLine[] = [
  {
    ...HANDSHAKE,
    id: "closed-in-handshake",
    anybody: true,
    pattern:
      /Socket closed abruptly during opening handshake|[Cc]onnection (?:was )?closed (?:by \w{1,10} )?during (?:the )?(?:AMQP |opening )?handshake/,
    name: "closed in the handshake",
    says: "The server closed the socket before the AMQP handshake was done. Wrong port, TLS, vhost or credentials; no frame was broken.",
    causes: CLOSED_IN_HANDSHAKE,
    source: "amqp-node/amqplib#30, #101, #548",
    example: "Error: Socket closed abruptly during opening handshake",
  },
  {
    ...HANDSHAKE,
    id: "incompatible-protocol",
    pattern: /IncompatibleProtocolError/,
    name: "IncompatibleProtocolError",
    says: "The server closed the socket at the protocol header. pika calls that an incompatible protocol; TLS on one side only is the usual reason.",
    causes: [
      [
        "plain-answered",
        66,
        "pika says so when the stream ends at the protocol header: a TLS port (5671) without ssl_options does.",
      ],
      [
        "broker-silent",
        44,
        "A broker that is still starting, or a load balancer without one behind it, closes as well.",
      ],
      ["header-refused", 40, "Or the server wants another version of AMQP."],
    ],
    library: "pika",
    source: "pika#1247, #830, #516",
    example:
      "pika.exceptions.IncompatibleProtocolError: StreamLostError: (\"Stream connection lost: ConnectionResetError(104, 'Connection reset by peer')\",)",
  },
  {
    ...HANDSHAKE,
    id: "probable-authentication-failure",
    pattern: /ProbableAuthenticationError|probable authentication error/,
    name: "login refused",
    says: "The server closed the socket after the login. Most likely it refused the credentials; its log says so.",
    causes: [
      ["wrong-credentials", 76, "The socket was closed where the answer to the login must come."],
      ["guest-remote", 48, "guest is refused from other hosts than the broker's own."],
    ],
    library: "pika",
    source: "pika: exceptions.py",
    example:
      "pika.exceptions.ProbableAuthenticationError: Client was disconnected at a connection stage indicating a probable authentication error: …",
  },
  {
    ...HANDSHAKE,
    id: "probable-access-denied",
    pattern: /ProbableAccessDeniedError|probable denial of access/,
    name: "vhost refused",
    says: "The server closed the socket at connection.open. Most likely it refused the vhost; its log says so.",
    causes: [
      ["wrong-vhost", 72, "The socket was closed where the answer to connection.open must come."],
      ["no-permission", 56, "A user needs permissions on each vhost."],
    ],
    library: "pika",
    source: "pika: exceptions.py",
    example:
      "pika.exceptions.ProbableAccessDeniedError: Client was disconnected at a connection stage indicating a probable denial of access",
  },
  {
    ...HANDSHAKE,
    id: "possible-authentication-failure",
    anybody: true,
    pattern:
      /PossibleAuthenticationFailureException|Possible authentication failure|possible authentication failure|could mean an authentication issue|[Pp]otential login failure|AuthenticationFailureError|\bAuthenticationFailureException\b|PossiblyAuthenticationFailure|[Aa]uthentication (?:with RabbitMQ )?failed/,
    name: "login refused",
    says: "The connection ended where the answer to the login must come. Most likely the credentials were refused; the broker's log says so.",
    causes: [
      ["wrong-credentials", 68, "That is where a refused login shows."],
      ["guest-remote", 46, "guest is refused from other hosts than the broker's own."],
      ["plain-answered", 40, "TLS on one side only ends at about the same place."],
    ],
    source: "rabbitmq-java-client; rabbitmq-dotnet-client#980; ruby-amqp/bunny: session.rb",
    example: "com.rabbitmq.client.PossibleAuthenticationFailureException: Possibly caused by authentication failure",
  },
  {
    ...HANDSHAKE,
    id: "no-shared-mechanism",
    pattern:
      /SASL could not negotiate a shared mechanism|No compatible authentication mechanism|could not negotiate use of the|SASL mechanism \S{1,30} is not provided/,
    name: "no shared SASL mechanism",
    says: "Client and broker have no login mechanism in common. No frame was broken.",
    causes: [
      ["wrong-credentials", 72, "The client wants a mechanism that the broker does not offer (EXTERNAL, PLAIN)."],
      ["tls-settings", 40, "EXTERNAL is offered with TLS and the plugin rabbitmq_auth_mechanism_ssl only."],
    ],
    source: "amqp091-go: types.go; amqplib: lib/connection.js; spring-projects/spring-amqp#1188",
    example: 'Exception (403) Reason: "SASL could not negotiate a shared mechanism"',
  },
  {
    ...HANDSHAKE,
    id: "handshake-terminated",
    anybody: true,
    pattern:
      /Handshake terminated by server|Wasn't expecting to have to go through secure|Frame on channel != 0 during handshake|Expected protocol header|[Hh]andshake (?:failed|error|timed out)/,
    name: "handshake failed",
    says: "The AMQP or TLS handshake did not come to its end. No frame of a running connection was broken.",
    causes: CLOSED_IN_HANDSHAKE,
    source: "amqplib: lib/connection.js",
    example: "amqplib: Error: Frame on channel != 0 during handshake: <ChannelOpen channel:1>",
    generic: true,
  },
  {
    ...HANDSHAKE,
    id: "handshake-stack-timeout",
    pattern:
      /AMQPConnectorStackTimeout|Timeout while setting up AMQP|[Cc]onnection (?:open|start|tune) timed? ?out|AMQPConnectorAMQPHandshakeError/,
    name: "handshake timed out",
    says: "The client waited for the broker's part of the handshake and gave up. No frame was broken.",
    causes: [
      [
        "broker-silent",
        60,
        "The port is open, and nobody answers: an overloaded or starting broker, a load balancer without one.",
      ],
      ["tls-waiting", 54, "A plain client on a TLS port waits for ever, and so does TLS on some plain ports."],
      ["resource-alarm", 25, "A node in trouble accepts and does not answer."],
    ],
    library: "pika",
    source: "OpenCTI-Platform/opencti#8642; pika",
    example: "AMQPConnectorAMQPHandshakeError: AMQPConnectorStackTimeout('Timeout during AMQP handshake')",
  },
  {
    ...HEARTBEAT,
    id: "client-heartbeat-timeout",
    anybody: true,
    pattern:
      /AMQPHeartbeatTimeout|[Nn]o activity or too many missed heartbeats|MissedHeartbeatException|Heartbeat missing with heartbeat|AMQPHeartbeatMissedException|Missed server heartbeat|MissingHeartbeatError|no heartbeat received from server|Heartbeat timeout|[Hh]eartbeat timeout, connection closed|HEARTBEAT_TIMEOUT|AMQP_STATUS_HEARTBEAT_TIMEOUT|Too many missed heartbeats|[Mm]issed (?:too many )?heartbeats? from (?:the )?(?:server|broker)|[Cc]onnection [^\n]{0,120}was stuck\. No frames were received|heartbeat timed out|Last message in was heartbeat_timeout|No heartbeat received|[Hh]eartbeats? (?:from (?:server|broker) )?(?:were |was )?(?:missed|lost|expired)/,
    name: "missed heartbeats",
    says: "The client heard nothing from the broker for two heartbeat intervals, and gave the connection up. No frame was broken.",
    causes: HEARD_NOTHING,
    source:
      "pika: heartbeat.py; rabbitmq-java-client; php-amqplib; lapin: src/error.rs; amqplib: lib/connection.js; rabbitmq-c: amqp_api.c; rabbitmq-dotnet-client#637",
    example: "com.rabbitmq.client.MissedHeartbeatException: Heartbeat missing with heartbeat = 60 seconds",
  },
  {
    ...CHANNEL,
    id: "closed-used",
    anybody: true,
    pattern:
      /channel\/connection is not open|Channel(?:Wrong|Closed)StateError|[Cc]hannel is (?:already )?closed|[Cc]hannel closed(?: by|;|$)|ChannelInvalidStateError|ConnectionWrongStateError|IllegalOperationError|Channel (?:ended, no reply|closing|is closing)|[Cc]hannel connection is closed|AlreadyClosedException|ChannelAlreadyClosed|ConnectionAlreadyClosed|ChannelNotAvailable|[Cc]onnection (?:is )?already closed|invalid (?:channel|connection) state|Bunny::(?:Channel|Connection)AlreadyClosed|cannot use a closed channel|No channel available|[Cc]hannel is not open|NOT_CONNECTED|clean (?:channel|connection) shutdown|through a closed connection|\bCH_CLOSE\b|ChannelClosedException|<Channel: [^\n]{0,80}> closed/,
    name: "used after it was closed",
    says: "The program used a channel or connection that was closed already. Why it was closed stands earlier in its log; no frame was broken here.",
    causes: CLOSED,
    source: "streadway/amqp#470; amqplib: lib/channel.js; pika: exceptions.py; spring-projects/spring-amqp#849",
    example: 'Exception (504) Reason: "channel/connection is not open"',
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "dotnet-library-unexpected",
    pattern:
      /initiated by Library, code=541, text=['"]Unexpected Exception['"][^\n]{0,80}(?:cause=(?<cause>[\w.]{1,80}))?/,
    name: "connection lost (.NET)",
    says: "The client's reading of the socket failed, and the library closed the connection itself (541 is the library's own code). No frame was broken.",
    causes: LOST,
    library: "dotnet",
    source: "rabbitmq-dotnet-client#430, #923",
    example:
      "AMQP close-reason, initiated by Library, code=541, text='Unexpected Exception', classId=0, methodId=0, cause=System.Net.Sockets.SocketException (110): Connection timed out",
  },
  {
    ...TRANSPORT,
    id: "dotnet-library-end-of-stream",
    pattern: /initiated by Library, code=\d{1,3}, text=['"]End of stream['"]/,
    name: "end of stream (.NET)",
    says: "The stream ended while the client read: the other side closed the socket. No frame was broken.",
    causes: END_OF_STREAM,
    library: "dotnet",
    source: "rabbitmq-dotnet-client#980",
    example: "AMQP close-reason, initiated by Library, code=0, text='End of stream', classId=0, methodId=0",
  },
  {
    ...TRANSPORT,
    id: "dotnet-closed-by-application",
    pattern: /initiated by Application, code=(?<reply>\d{1,3})/,
    name: "closed by the application",
    about: "channel",
    says: "The application itself closed it, and it was used on. No frame was broken.",
    causes: [
      ["earlier-error", 72, "“initiated by Application” is a close or dispose in the program."],
      ["shared-channel", 30, "One part of the program closes what another still uses."],
    ],
    library: "dotnet",
    source: "rabbitmq-dotnet-client: ShutdownEventArgs.cs",
    example:
      "Already closed: The AMQP operation was interrupted: AMQP close-reason, initiated by Application, code=200, text='Goodbye'",
  },
  {
    ...TRANSPORT,
    id: "go-eof",
    pattern:
      /Exception \(50[0-9]\) Reason: \\?"(?:EOF|unexpected EOF|(?:read|write) tcp [^\n"]{1,160})|reason: ?EOF code: ?501/,
    name: "connection lost (Go)",
    says: "The stream ended or failed while the client read. The 501 is the library's own code; no frame was broken.",
    causes: END_OF_STREAM,
    library: "amqp091-go",
    source: "streadway/amqp#393, #410",
    example: 'Exception (501) Reason: "EOF"',
  },
  {
    ...TRANSPORT,
    id: "stream-lost",
    anybody: true,
    pattern:
      /StreamLostError|Stream connection lost|Transport indicated EOF|Reached the end of the stream|EndOfStreamException|End of stream\b|premature end of stream|[Uu]nexpected end of stream/,
    name: "stream lost",
    says: "The stream ended: the other side, or something between, closed the socket. No frame was broken.",
    causes: LOST,
    source: "pika: exceptions.py; rabbitmq-dotnet-client: Frame.cs",
    example:
      "pika.exceptions.StreamLostError: Stream connection lost: ConnectionResetError(104, 'Connection reset by peer')",
  },
  {
    ...TRANSPORT,
    id: "broken-pipe",
    anybody: true,
    pattern: /[Bb]roken pipe(?: or closed connection)?|\bEPIPE\b/,
    name: "broken pipe",
    says: "The client wrote to a socket that the other side had closed. Why stands in the broker's log; no frame was broken.",
    causes: LOST,
    source: "php-amqplib#679, #1005, #1219; vyuldashev/laravel-queue-rabbitmq#267",
    example: "PhpAmqpLib\\Exception\\AMQPConnectionClosedException: Broken pipe or closed connection",
  },
  {
    ...TRANSPORT,
    id: "connection-refused",
    anybody: true,
    pattern:
      /[Cc]onnection refused|\bECONNREFUSED\b|actively refused|TCPConnectionFailed|could not connect to host|TCP connection to \S{1,80} failed|[Uu]nable to connect to|[Cc]ould not establish TCP connection/,
    name: "connection refused",
    says: "Nothing listens at the broker's address and port. AMQP was not reached.",
    causes: [
      ["nothing-listens", 82, "The host answered that the port is closed, or no host could be reached."],
      ["broker-restarted", 40, "While it restarts a broker refuses for some seconds."],
    ],
    source: "ruby-amqp/bunny#329; the operating system",
    example: "amqp: connect ECONNREFUSED 127.0.0.1:5672",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "name-not-resolved",
    anybody: true,
    pattern:
      /\bENOTFOUND\b|\bEAI_AGAIN\b|UnknownHostException|Name or service not known|hostname lookup failed|getaddrinfo|no such host|nodename nor servname/,
    name: "name not resolved",
    says: "The broker's host name could not be resolved. AMQP was not reached.",
    causes: [
      ["name-unknown", 84, "The resolver says so."],
      ["nothing-listens", 20, "Or the name is that of another environment."],
    ],
    source: "rabbitmq-c: amqp_api.c; the operating system",
    example: "amqp: getaddrinfo ENOTFOUND rabbitmq",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "broker-unreachable",
    pattern: /BrokerUnreachableException|None of the specified endpoints were reachable/,
    name: "broker unreachable",
    says: "The client could not connect to any of its brokers. The inner exception says why: that line is worth explaining.",
    causes: [
      ["nothing-listens", 58, "A closed port is the usual reason …"],
      ["wrong-credentials", 50, "… and refused credentials are shown this way, too."],
      ["plain-answered", 40, "So is TLS on one side only."],
    ],
    library: "dotnet",
    source: "rabbitmq-dotnet-client#980",
    example: "RabbitMQ.Client.Exceptions.BrokerUnreachableException: None of the specified endpoints were reachable",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "read-timed-out",
    anybody: true,
    pattern:
      /The connection timed out after \d{1,6} sec|AMQPTimeoutException|[Rr]equest timed out|The operation has timed out|TimeoutException|AMQPIOWaitException|Error reading data\. Received|continuation timeout|Timed out waiting for/,
    name: "timed out",
    says: "The client waited for the broker and gave up. No frame was broken; but a read that was cut short must not be continued.",
    causes: [
      ["broker-silent", 58, "Nothing came in the time that was given."],
      ["read-abandoned", 46, "If the connection is used on, the rest of a frame is taken for the next one."],
      ["idle-limit", 40, "A connection that was dropped on the way is silent, too."],
    ],
    source: "php-amqplib: StreamIO.php; rabbitmq-c: amqp_api.c; rabbitmq-dotnet-client",
    example:
      "PhpAmqpLib\\Exception\\AMQPTimeoutException: The connection timed out after 3 sec while awaiting incoming data",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "socket-error",
    anybody: true,
    pattern:
      /[Cc]onnection reset(?: by peer)?|\bECONNRESET\b|socket was disconnected|Socket was disconnected|RecoverableConnectionError|ShutdownSignalException: connection error|[Ee]mpty response received from the server|EmptyResponseError|peer shutdown|failure of reading frame|[Cc]onnection remotely closed|socket hang up|closed by peer|NetworkErrorWrapper|socket_closed_unexpectedly|[Ss]ocket (?:error|closed|is closed)|a socket error occurred|[Cc]onnection timed out|\bETIMEDOUT\b|forcibly closed by the remote host|[Cc]onnection aborted|ConnectionAborted|[Cc]onnection closed unexpectedly|[Uu]nexpected close|Server unexpectedly closed connection|Connection dropped|connection lost|NetworkFailure|NetworkErrorException|AmqpClosedConnection|failed to fill whole buffer|IO error:|IOError\(|CONN_CLOSED|Library error: connection closed|[Ss]erver closed (?:the )?connection/,
    name: "connection lost",
    says: "The connection was lost under the client: closed, reset or timed out. No frame was broken.",
    causes: LOST,
    source: "alanxz/rabbitmq-c#565; amqplib#761; lapin#401; ruby-amqp/bunny#464; the operating system",
    example: "amqp: read ECONNRESET",
    generic: true,
  },
  {
    ...HANDSHAKE,
    id: "client-tls-failed",
    anybody: true,
    pattern:
      /CERTIFICATE_VERIFY_FAILED|certificate verify failed|wrong version number|WRONG_VERSION_NUMBER|SSLHandshakeException|unable to verify the first certificate|SSL (?:hostname|peer cert) verification failed|SSL handshake failed|first record does not look like a TLS handshake|Unrecognized SSL message|record overflow|AuthenticationException: The remote certificate|certificate (?:has expired|is not trusted|signed by unknown authority)|self[- ]signed certificate/,
    name: "TLS failed at the client",
    says: "The client's TLS handshake failed. AMQP was not reached.",
    causes: [
      ["tls-settings", 62, "Certificates, names and versions are what TLS handshakes fail over."],
      ["plain-answered", 58, "“wrong version number” and “record” mean that plain octets came: the port has no TLS."],
    ],
    source: "streadway/amqp#73; OpenSSL, Java, Go and Node.js",
    example: "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (amqps)",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "client-bad-record-mac",
    anybody: true,
    pattern: /decryption failed or bad record mac|bad record mac/i,
    name: "bad record mac",
    says: "The client read a TLS record that did not verify (bad record mac). Two readers or writers use one TLS session, or octets were changed on the way.",
    causes: [
      [
        "tls-shared-session",
        74,
        "TLS counts its records: a second process or thread in the same session breaks it at once.",
      ],
      ["in-between", 36, "Load balancers and proxies that join or cut streams do it, too."],
      ["tls-damaged", 20, "So do octets that were changed on the way."],
    ],
    source: "php-amqplib#497; ruby-amqp/bunny#289",
    example: "SSL routines:SSL3_GET_RECORD:decryption failed or bad record mac",
  },
  {
    ...CHANNEL,
    id: "connection-blocked",
    pattern:
      /ConnectionBlockedTimeout|[Cc]onnection (?:is )?blocked|connection\.blocked|AMQPConnectionBlockedException/,
    name: "connection blocked",
    about: "limits",
    says: "The broker blocks publishers: it is short of memory or disk. No frame was broken.",
    causes: [
      ["resource-alarm", 82, "connection.blocked is sent for that only."],
      ["slow-consumer", 35, "Queues grow where consumers are slower than publishers."],
    ],
    source: "pika: exceptions.py; php-amqplib",
    example: "pika.exceptions.ConnectionBlockedTimeout: Blocked connection timeout expired.",
  },
  {
    ...CHANNEL,
    id: "unsupported-value",
    anybody: true,
    pattern:
      /unsupported table field type|UnsupportedAMQPFieldException|value \S{1,60} not supported|Unknown type to encode|ShortStringTooLong|FrozenTableItem|Could not encode|failed to serialise/,
    name: "value cannot be encoded",
    says: "The client refused to encode a header or argument. Nothing was sent, nothing is corrupt.",
    causes: [
      [
        "newer-field-kind",
        66,
        "The value has a type that AMQP's tables do not have, or a name is longer than 255 octets.",
      ],
      ["client-encoding", 45, "A value of another type than the one that was meant."],
    ],
    source: "amqp091-go: types.go; pika: exceptions.py; amqplib: lib/codec.js",
    example: 'Exception (502) Reason: "unsupported table field type"',
  },
];
