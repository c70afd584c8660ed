/** Messages of client libraries about octets that they could not read as a frame. The answering server sent them. */
import type { Weighed } from "../reading.ts";
import type { KnownLine } from "./known-line.ts";

export const READ = { code: null, seenBy: "client", about: "frames", library: null } as const;

/** If the octets themselves show no more: the reader lost its place. */
export const LOST_PLACE: readonly Weighed[] = [
  [
    "shared-reader",
    64,
    "The client lost its place in what it receives. Each of two readers gets a part of the stream, and neither a whole frame.",
  ],
  ["read-abandoned", 52, "A read that stops in the middle leaves the rest of the frame to the next one."],
  ["in-between", 34, "Something on the way changed or mixed streams."],
];
const ORDER: readonly Weighed[] = [
  ["shared-reader", 58, "A frame that another reader took is missing here."],
  ["client-decoder", 48, "Other channels' frames may rightly come between, and old clients cannot take them."],
  ["read-abandoned", 44, "A read that stops in the middle loses frames."],
];
export const WHO_ANSWERED: readonly Weighed[] = [
  ["not-a-broker", 58, "What is no AMQP cannot be read as such, and these texts come at the first octets mostly."],
  ["tls-answered", 52, "A TLS port answers plain AMQP with a TLS alert."],
  ["shared-reader", 40, "On a connection that had worked: two readers, and each gets a part of the stream."],
  ["read-abandoned", 32, "Or a read that stopped in the middle."],
];
const REFUSED: readonly Weighed[] = [
  ["header-refused", 78, "The server answered with a protocol header of its own: that is how AMQP refuses."],
  [
    "something-before-header",
    40,
    "If the version it names is the client's own, something stood before the client's header.",
  ],
  ["wrong-port", 20, "Another service of another AMQP version may have that port."],
];

export const CLIENT_READ_LINES: readonly KnownLine[] = [
  {
    ...READ,
    id: "java-version-mismatch",
    pattern: /server sent signature (?<version>\d{1,3},\d{1,3},\d{1,3},\d{1,3})/,
    name: "AMQP version mismatch",
    about: "handshake",
    says: "The server refused the client's protocol header and named its own version ({version}). The client speaks AMQP 0-9-1.",
    problem: "refused",
    causes: REFUSED,
    library: "java",
    source: "rabbitmq-java-client: Frame.java; mholt/caddy-l4#35",
    example: "AMQP protocol version mismatch; we are version 0-9-1, server sent signature 3,1,0,0",
  },
  {
    ...READ,
    id: "version-mismatch",
    everyday: true,
    pattern:
      /(?:AMQP|[Pp]rotocol) [Vv]ersion mismatch|ProtocolVersionMismatch|[Pp]rotocol versions did not match|incompatible AMQP version|the server only supports AMQP (?<named>[\d.-]{1,12})|ServerErrorMismatch|VERSION_MISMATCH|PacketNotRecognizedException|Invalid AMQP protocol header from server|Incompatible Protocol Versions/,
    name: "AMQP version mismatch",
    about: "handshake",
    says: "The server refused the client's protocol header: it wants another version of AMQP. Nothing was corrupt.",
    problem: "refused",
    causes: REFUSED,
    source: "lapin: src/error.rs; pika: exceptions.py; rabbitmq-dotnet-client: Frame.cs; rabbitmq-c: amqp_api.c",
    example: "lapin: the server only supports AMQP 1-0-0",
  },
  {
    ...READ,
    id: "node-amqp-got-frame",
    pattern: /got frame:\s{0,20}\[\s{0,20}(?<type>\d{1,3}),\s{0,20}(?<channel>\d{1,5}),\s{0,20}(?<size>\d{1,10})/,
    name: "got frame",
    says: "The client read seven octets as a frame header that is none: type {type}, channel {channel}, size {size}.",
    problem: "unreadable",
    causes: LOST_PLACE,
    library: "node-amqp",
    source: "postwait/node-amqp#32",
    example: "got frame: [65,19793,1342243080]",
  },
  {
    ...READ,
    id: "node-amqp-oversized-frame",
    anybody: true,
    pattern: /[Oo]versized? frame (?<size>\d{1,10})/,
    name: "oversized frame",
    says: "The client read a frame header that announces {size} octets, more than it takes.",
    problem: "too-large",
    causes: WHO_ANSWERED,
    library: "node-amqp",
    source: "postwait/node-amqp: lib/parser.js",
    example: "Error: Oversized frame 1345270062",
  },
  {
    ...READ,
    id: "frame-end-unexpected",
    pattern:
      /(?:[Rr]eceived (?=[^\n]{2,6} while expecting 0xce)|Framing error, unexpected byte: )(?:0x)?(?<endhex>[0-9a-fA-F]{2})/,
    name: "frame end missing",
    says: "The client read a frame that did not end with 0xce, but with 0x{endhex}.",
    problem: "frame-end",
    causes: LOST_PLACE,
    library: "py-amqp",
    source: "celery/kombu#867; py-amqp: transport.py; php-amqplib: AbstractConnection.php",
    example: "amqp.exceptions.UnexpectedFrame: Received 0x00 while expecting 0xce",
  },
  {
    ...READ,
    id: "amqproxy-upstream-frame",
    pattern:
      /upstream read loop[^\n]{0,300}(?:end was (?<end>\d{1,3}), expected 206|InvalidFrameEnd|FrameDecode|Frame::\w{1,20})/,
    name: "frame end missing",
    says: "A proxy (amqproxy) read from the broker a frame that did not end with 206 (0xce). To the broker the proxy is a client.",
    problem: "frame-end",
    causes: [
      ["in-between", 66, "The text is amqproxy's own: its reader of the broker's octets lost its place."],
      ["broker-bug", 40, "Or the broker, or something between it and the proxy, sent such a frame."],
      ["stream-cut", 34, "A connection that ends in the middle of a frame leaves such a rest."],
    ],
    source: "cloudamqp/amqproxy#14; amq-protocol.cr",
    example:
      "Unhandled exception in spawn(name: upstream read loop mq:5672): AMQ::Protocol::Frame::Body-end was 97, expected 206 (AMQ::Protocol::Error::InvalidFrameEnd)",
  },
  {
    ...READ,
    id: "frame-end-expected-206",
    anybody: true,
    pattern:
      /end was (?<end>\d{1,3}), expected 206|expected (?:0xce|206)[^\d\n]{1,20}(?:0x)?(?<other>\d{1,3})|(?:not|!=|!==|instead of|expected) (?:0xCE|206)\b/,
    name: "frame end missing",
    seenBy: null,
    says: "A frame was read that did not end with 206 (0xce).",
    problem: "frame-end",
    causes: LOST_PLACE,
    source: "amq-protocol.cr; cloudamqp/amqproxy#14",
    example: "AMQ::Protocol::Frame::Body-end was 123, expected 206 (AMQ::Protocol::Error::InvalidFrameEnd)",
  },
  {
    ...READ,
    id: "frame-end-marker-in-library-loop",
    pattern: /Bad frame end marker(?::? ?(?:0x)?(?<end>\d{1,3}))?/,
    name: "frame end missing",
    says: "The client read a frame that did not end where its header says it must.",
    problem: "frame-end",
    causes: [
      [
        "in-between",
        60,
        "This library's own loop is the only one that reads, so what it read was wrong already: a proxy or mesh comes first.",
      ],
      ["broker-bug", 46, "Or the broker wrote such a frame."],
      ["client-decoder", 42, "Or the library counted wrongly: some versions did (Java 5.27.0 with netty)."],
      ["not-a-broker", 30, "At the first octets: what answers is no broker."],
    ],
    source: "rabbitmq-java-client: Frame.java, #697; rabbitmq-dotnet-client: Frame.cs",
    example: "com.rabbitmq.client.MalformedFrameException: Bad frame end marker: 60",
  },
  {
    ...READ,
    id: "frame-end-marker",
    anybody: true,
    pattern:
      /(?:[Bb]ad|[Ii]nvalid|[Uu]nexpected|[Ww]rong|[Mm]issing|[Nn]o) ?(?:AMQP )?[Ff]rame[ _-]?[Ee]nd(?:ing)?(?:[ _-]?(?:[Mm]arker|[Oo]ctet|[Bb]yte))?(?::? ?(?:0x)?(?<end>\d{1,3}))?|FRAME_END marker|Frame doesn't end with|NoFinalOctetError|UnexpectedFrameEnd|InvalidFrameEnd/,
    name: "frame end missing",
    says: "The client read a frame that did not end where its header says it must.",
    problem: "frame-end",
    causes: LOST_PLACE,
    source: "rabbitmq-java-client#697; pika#1268; amq-protocol (Ruby); cloudamqp/amqp-client.rb#24",
    example: "pika.exceptions.InvalidFrameError: Invalid FRAME_END marker",
  },
  {
    ...READ,
    id: "frame-type-unknown",
    anybody: true,
    pattern:
      /(?:[Ii]nvalid|[Uu]nknown|[Uu]nexpected|[Uu]nsupported|[Uu]nrecogni[sz]ed|[Bb]ad) (?:AMQP )?[Ff]rame(?: type)?:? ?\(?(?:type[ =:]{1,2})?(?<type>\d{1,3})\b/,
    name: "invalid frame type",
    says: "The client read a frame header whose type is {type}. AMQP has the types 1, 2, 3 and 8.",
    problem: "frame-type",
    causes: LOST_PLACE,
    source: "php-amqplib#437, #999; Kdyby/RabbitMq#47; streamnative/aop#41",
    example: "PhpAmqpLib\\Exception\\AMQPInvalidFrameException: Invalid frame type 21",
  },
  {
    ...READ,
    id: "method-expected",
    pattern: /Expecting AMQP (?<expected>method|header|body), received frame type:? (?<type>\d{1,3})/,
    name: "frame out of order",
    says: "The client waited for a {expected} frame and read one of type {type}. A frame before it is missing, or was left from an earlier read.",
    problem: "order",
    causes: ORDER,
    library: "php-amqplib",
    source: "php-amqplib#25",
    example: "Expecting AMQP method, received frame type: 3 (Content body)",
  },
  {
    ...READ,
    id: "frame-of-another-type",
    pattern:
      /[Rr]eceived frame (?:type:? )?(?<found>\d{1,3}),? (?:while|but|when) expect(?:ing|ed) (?:frame )?(?:type:? )?(?<awaited>\d{1,3})\b/,
    name: "frame out of order",
    says: "The client waited for a frame of type {awaited} and read one of type {found}: method, content header and body are 1, 2 and 3. A frame before it is missing, or was left from an earlier read.",
    problem: "order",
    causes: ORDER,
    library: "py-amqp",
    source: "py-amqp: method_framing.py",
    example: "AMQPError: Received frame type 1 while expecting type: 2",
  },
  {
    ...READ,
    id: "content-out-of-order",
    everyday: true,
    pattern:
      /Expected (?:content frame after headers|headers frame after delivery|BasicDeliver or BasicReturn)|[Ee]xpected (?:a )?(?:content )?(?:header|body|method)(?: frame)?,? (?:but )?(?:got|received|found) /,
    name: "frame out of order",
    says: "The client read a frame where the rest of a message had to come. Method, content header and body must follow each other on one channel.",
    problem: "order",
    causes: ORDER,
    source: "amqp-node/amqplib#15; amqplib: lib/channel.js",
    example: "Error: Expected content frame after headers",
  },
  {
    ...READ,
    id: "frame-out-of-sequence",
    everyday: true,
    pattern:
      /\bUnexpectedFrameError\b|\bUnexpectedFrame\b|Received a frame out of sequence|[Uu]nexpected frame received|Unexpected frame on channel 0|Frame on unknown channel|Unexpected (?:non-method|content|body|header) frame|UnexpectedFrameException|Received an unknown frame|[Uu]nexpected frame type received|initiated by Library, code=505/,
    name: "frame out of order",
    says: "The client read a frame that has no place where it came.",
    problem: "order",
    causes: ORDER,
    source: "pika: exceptions.py; rabbitmq-java-client: UnexpectedFrameError.java; amqp091-go: types.go",
    example:
      "com.rabbitmq.client.UnexpectedFrameError: Received frame: Frame(type=3, channel=1, 4096 bytes of payload), expected type 2",
  },
  {
    ...READ,
    id: "body-too-long",
    everyday: true,
    pattern:
      /Frame body is too large|Received too many bytes for a message delivery|Too much content sent|BodyTooLongError|body too large|(?:[Cc]ontent|[Bb]ody) (?:is )?too long/,
    name: "body longer than announced",
    says: "The client read more octets of a message's body than its content header announced.",
    problem: "order",
    causes: ORDER,
    source: "rabbitmq-java-client: CommandAssembler.java; pika: exceptions.py; amqplib: lib/channel.js",
    example: "java.lang.IllegalArgumentException: Frame body is too large: 140000",
  },
];
