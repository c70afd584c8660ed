/** Messages of client libraries about connections that failed without an unreadable frame. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

const CLIENT = { code: null, seenBy: "client", library: null } as const;
const HANDSHAKE = { ...CLIENT, about: "handshake" } as const;
const TRANSPORT = { ...CLIENT, about: "transport" } as const;
const CHANNEL = { ...CLIENT, about: "channel" } as const;

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

export const CLIENT_CONNECTION_LINES: readonly KnownLine[] = [
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
    id: "dotnet-library-failed",
    pattern: /initiated by Library, code=541/,
    name: "closed by the library (.NET)",
    says: "The client library closed the connection over an error of its own (541 is the library's own code). What failed stands behind it; no frame was broken.",
    causes: [
      ["answer-of-earlier-call", 50, "An answer that comes after its call has timed out is one such error."],
      ["network-lost", 42, "A socket that fails is another."],
      ["shared-channel", 34, "So are calls of two threads on one channel."],
    ],
    library: "dotnet",
    source: "rabbitmq-dotnet-client#1827",
    example: "AMQP close-reason, initiated by Library, code=541, text='A task had completed', classId=0, methodId=0",
    generic: true,
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
    id: "pika-queue-of-writes",
    everyday: true,
    about: "frames",
    pattern: /pop from an empty deque|tx buffer size underflow|\bdeque index out of range/,
    name: "the client's queue of writes broke",
    says: "The client (pika) found its own queue of octets to send changed under its hands, and gave the connection up. Octets may have been sent twice, or not at all.",
    causes: [
      [
        "shared-connection",
        82,
        "Nothing but a second thread changes that queue meanwhile: pika has no lock around it.",
      ],
      ["fork", 30, "A connection that was opened before a fork breaks in other ways, too."],
    ],
    library: "pika",
    source: "pika#1144, #1237",
    example: "pika.exceptions.StreamLostError: Stream connection lost: IndexError('pop from an empty deque')",
  },
  {
    ...TRANSPORT,
    id: "stream-lost",
    everyday: true,
    pattern:
      /StreamLostError|Stream connection lost|Transport indicated EOF|Reached the end of the stream|EndOfStreamException|End of stream\b|premature end of stream|[Uu]nexpected end of stream|\bEOFException\b|\bEOFError\b|end of file reached/,
    name: "stream lost",
    says: "The stream ended: the other side, or something between, closed the socket. No frame was broken.",
    causes: LOST,
    source: "pika: exceptions.py; rabbitmq-dotnet-client: Frame.cs",
    example:
      "pika.exceptions.StreamLostError: Stream connection lost: ConnectionResetError(104, 'Connection reset by peer')",
  },
  {
    ...TRANSPORT,
    id: "closed-between-frames",
    everyday: true,
    pattern: /IncompleteReadError: 0 bytes read on a total of \d{1,10}/,
    name: "stream lost",
    says: "The stream ended where a frame would begin: the other side, or something between, closed the socket. No frame was broken.",
    causes: LOST,
    library: "aiormq",
    source: "aiormq: connection.py; Python: asyncio/exceptions.py",
    example: "aiormq: asyncio.exceptions.IncompleteReadError: 0 bytes read on a total of 1 expected bytes",
  },
  {
    ...TRANSPORT,
    id: "broken-pipe",
    everyday: true,
    pattern: /[Bb]roken pipe(?: or closed connection)?|\bEPIPE\b/,
    name: "broken pipe",
    says: "The client wrote to a socket that the other side had closed. Why stands in the broker's log; no frame was broken.",
    causes: LOST,
    source: "php-amqplib#679, #1005, #1219; vyuldashev/laravel-queue-rabbitmq#267",
    example: "PhpAmqpLib\\Exception\\AMQPConnectionClosedException: Broken pipe or closed connection",
  },
  {
    ...TRANSPORT,
    id: "read-timed-out",
    everyday: true,
    pattern:
      /The connection timed out after \d{1,6} sec|AMQPTimeoutException|(?:[Rr]equest|[Oo]peration|[Cc]all|[Rr]pc|RPC)\b[^\n]{0,60} timed out|The operation has timed out|TimeoutException|AMQPIOWaitException|Bunny::ClientTimeout|Error reading data\. Received|continuation timeout|Timed out waiting for|\{:?error, ?:?timeout\}/,
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
    everyday: true,
    pattern:
      /[Cc]onnection reset(?: by peer)?|\bECONNRESET\b|socket was disconnected|Socket was disconnected|RecoverableConnectionError|ShutdownSignalException: connection error|peer shutdown|failure of reading frame|[Cc]onnection remotely closed|closed by peer|NetworkErrorWrapper|socket_closed_unexpectedly|[Ss]ocket (?:error|[Cc]losed|is closed)|stream closed in another thread|IOError: (?:closed stream|stream closed)|has no attribute '(?:drain_events|send_method|method_writer|frame_writer|sendall)'|_AsyncBaseTransport\._\w{1,20}\(\) failed|Aborting transport connection|a socket error occurred|[Cc]onnection timed out|\bETIMEDOUT\b|forcibly closed by the remote host|connected party did not properly respond|IO timeout when reading \d{1,10} bytes|[Cc]onnection aborted|ConnectionAborted|[Cc]onnection closed unexpectedly|[Uu]nexpected close|Server unexpectedly closed connection|Connection dropped|connection lost|NetworkFailure|NetworkErrorException|AmqpClosedConnection|failed to fill whole buffer|IO error:|IOError\(|CONN_CLOSED|Library error: connection closed|[Ss]erver closed (?:the )?connection/,
    name: "connection lost",
    says: "The connection was lost under the client: closed, reset or timed out. The line does not say why: a broker that has found a broken frame closes, too, and says so in its log.",
    causes: LOST,
    source: "alanxz/rabbitmq-c#565; amqplib#761; lapin#401; ruby-amqp/bunny#464; the operating system",
    example: "amqp: read ECONNRESET",
    generic: true,
  },
  {
    ...HANDSHAKE,
    id: "client-tls-failed",
    everyday: true,
    pattern:
      /CERTIFICATE_VERIFY_FAILED|certificate verify failed|wrong version number|WRONG_VERSION_NUMBER|SSLHandshakeException|[Uu]nrecognized SSL message|sslv3 alert|tlsv1 alert|alert handshake failure|unable to verify the first certificate|SSL (?:hostname|peer cert) verification failed|SSL handshake failed|first record does not look like a TLS handshake|record overflow|AuthenticationException: The remote certificate|certificate (?:has expired|is not trusted|signed by unknown authority)|self[- ]signed certificate/,
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
    id: "client-tls-error",
    everyday: true,
    pattern:
      /SSL error occurred|\bSSLException\b|\bSSLError\b|AMQP_STATUS_SSL_\w{3,40}|SSL_ERROR_\w{3,40}|SSL routines:/,
    name: "TLS failed at the client",
    says: "TLS failed at the client, in its handshake or later. No AMQP frame was broken; what OpenSSL or the broker's log says of it tells which.",
    causes: [
      ["tls-settings", 52, "At connect: certificates, names and versions."],
      ["plain-answered", 48, "At connect: the port has no TLS."],
      ["tls-shared-session", 46, "Later: a session that is used after a fork, or by two threads without a lock."],
      ["idle-limit", 40, "Later: a connection that was dropped while it was idle."],
    ],
    source: "alanxz/rabbitmq-c: amqp_api.c; symfony/symfony#54167; meetecho/janus-gateway#1769",
    example: "AMQPConnectionException: Library error: a SSL error occurred",
    generic: true,
  },
  {
    ...TRANSPORT,
    id: "client-bad-record-mac",
    everyday: true,
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
    example: "Bunny: SSL routines:SSL3_GET_RECORD:decryption failed or bad record mac",
  },
  {
    ...CHANNEL,
    id: "unsupported-value",
    everyday: true,
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
