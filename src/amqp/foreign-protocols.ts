/**
 * How other protocols begin, and AMQP's own protocol header (§4.2.2): one table for all places with strange octets: the
 * first octets of a connection, octets inside a stream of frames, and the few octets that a broker logs.
 */

/** Stands for any octet. */
export const ANY_OCTET = -1;

export interface ForeignProtocol {
  /** The octets it begins with. */
  readonly octets: readonly number[];
  /** This many of them identify it at the beginning of a connection; eight at most are looked at. */
  readonly atBeginning: number;
  /** This many of them identify it inside a stream of frames; 0 if text could be mistaken for it. */
  readonly inStream: number;
  /** What begins with these octets, as a clause. */
  readonly what: string;
  readonly label: string;
  /** It is a protocol header of AMQP. */
  readonly amqp?: true;
}

const ascii = (text: string): number[] => Array.from(text, character => character.charCodeAt(0));

/** Protocol id, major, minor and revision of the headers that RabbitMQ took for 0-9-1, 0-9 and 0-8, up to 3.13. */
export const VERSIONS_0_9: readonly (readonly number[])[] = [
  [0, 0, 9, 1],
  [1, 1, 0, 9],
  [1, 1, 8, 0],
  [1, 1, 9, 1],
];
/** The same of AMQP 1.0: plain, TLS and SASL (AMQP 1.0, part 2.2 and 5). */
export const VERSIONS_1_0: readonly (readonly number[])[] = [
  [0, 1, 0, 0],
  [3, 1, 0, 0],
  [2, 1, 0, 0],
];

/** “AMQP” alone identifies it inside a stream: its version does not matter there. */
function protocolHeader(version: readonly number[], what: string, label: string): ForeignProtocol {
  const octets = [...ascii("AMQP"), ...version];
  return { octets, atBeginning: octets.length, inStream: 4, what, label, amqp: true };
}

/** A request whose method is the first word; `inStream` if texts do not begin with that word. */
function httpRequest(start: string, inStream = 0): ForeignProtocol {
  const atBeginning = start.indexOf(" ") + 1;
  return { octets: ascii(start), atBeginning, inStream, what: "an HTTP request", label: "HTTP request" };
}

function textual(start: string, atBeginning: number, what: string, label: string, inStream = 0): ForeignProtocol {
  return { octets: ascii(start), atBeginning, inStream, what, label };
}

export const FOREIGN_PROTOCOLS: readonly ForeignProtocol[] = [
  ...VERSIONS_0_9.map(version =>
    protocolHeader(
      version,
      "a protocol header: the start of a second handshake",
      "protocol header: a second handshake",
    ),
  ),
  protocolHeader([1, 1, 0, 10], "a protocol header of AMQP 0-10 (Qpid)", "protocol header of AMQP 0-10"),
  ...VERSIONS_1_0.map(version =>
    protocolHeader(version, "a protocol header of AMQP 1.0", "protocol header of AMQP 1.0"),
  ),
  textual("HTTP/1.1 ", 7, "an HTTP response", "HTTP response", 7),
  textual("HTTP/1.0 ", 7, "an HTTP response", "HTTP response", 7),
  httpRequest("GET /", 4),
  httpRequest("POST /", 5),
  httpRequest("PUT /"),
  httpRequest("HEAD /"),
  httpRequest("DELETE /"),
  httpRequest("PATCH /"),
  httpRequest("OPTIONS *"),
  httpRequest("CONNECT "),
  textual("PRI * HTTP/2.0", 8, "an HTTP/2 preface", "HTTP/2 preface"),
  textual("SSH-2.0-", 4, "an SSH banner", "SSH banner"),
  textual("PROXY TCP", 6, "a PROXY protocol header", "PROXY protocol header"),
  textual("\r\n\r\n\0\r\nQ", 8, "a PROXY protocol v2 header", "PROXY v2 header"),
  textual("CONNECT\n", 8, "a STOMP frame", "STOMP frame"),
  {
    octets: [0x10, ANY_OCTET, 0, 4, ...ascii("MQTT")],
    atBeginning: 8,
    inStream: 0,
    what: "an MQTT connection",
    label: "MQTT CONNECT",
  },
  // Record type handshake, version 3.0 to 3.4, length, handshake type ClientHello (RFC 8446 §4 and §5.1).
  ...[0, 1, 2, 3, 4].map((minor): ForeignProtocol => {
    const octets = [0x16, 3, minor, ANY_OCTET, ANY_OCTET, 1, 0];
    return { octets, atBeginning: 3, inStream: 3, what: "a TLS handshake", label: "TLS handshake" };
  }),
  { octets: [0x15, 3, 3, 0, 2], atBeginning: 5, inStream: 0, what: "a TLS alert", label: "TLS alert" },
  { octets: [0x15, 3, 1, 0, 2], atBeginning: 5, inStream: 0, what: "a TLS alert", label: "TLS alert" },
  { octets: [0x17, 3, 3], atBeginning: 3, inStream: 0, what: "TLS: encrypted octets", label: "TLS record" },
];

/** What the first octet of a server's answer shows, if a client logged no more of the answer. */
export interface AnswerStart {
  readonly octet: number;
  readonly what: string;
  /** How sure this octet makes it, of 100. */
  readonly score: number;
  /** It is AMQP's protocol header. */
  readonly amqp?: true;
}

export const ANSWER_STARTS: readonly AnswerStart[] = [
  { octet: 20, what: "the start of a TLS record (change cipher spec)", score: 70 },
  { octet: 21, what: "the start of a TLS alert", score: 86 },
  { octet: 22, what: "the start of a TLS handshake", score: 86 },
  { octet: 23, what: "the start of TLS: encrypted octets", score: 78 },
  { octet: 43, what: "“+”, as Redis and POP3 answer", score: 58 },
  { octet: 45, what: "“-”, as Redis answers with an error", score: 58 },
  { octet: 50, what: "“2”, as FTP and SMTP greet (220)", score: 50 },
  { octet: 60, what: "“<”: HTML or XML, as a web server or proxy answers", score: 76 },
  {
    octet: 65,
    what: "“A”, the start of “AMQP”: the server's protocol header, its way of refusing",
    score: 84,
    amqp: true,
  },
  { octet: 72, what: "“H”, the start of an HTTP response", score: 82 },
  { octet: 83, what: "“S”, as an SSH server greets", score: 62 },
  { octet: 123, what: "“{”: JSON, as a web API answers", score: 62 },
];

/** Whether the first `count` octets of a protocol stand at octets[at]; false where fewer are there. */
export function beginsWith({ octets: start }: ForeignProtocol, count: number, octets: Uint8Array, at: number): boolean {
  for (let i = 0; i < count; i++) if (start[i] !== ANY_OCTET && octets[at + i] !== start[i]) return false;
  return true;
}

const IN_STREAM = FOREIGN_PROTOCOLS.filter(({ inStream }) => inStream > 0);

/** The foreign protocol whose first octets stand at octets[at], inside a stream of frames; or null. */
export function foreignProtocolAt(octets: Uint8Array, at: number): ForeignProtocol | null {
  return IN_STREAM.find(protocol => beginsWith(protocol, protocol.inStream, octets, at)) ?? null;
}

/** The second octet of those protocols by the first one, −1 if none begins with it: checked before all others. */
export const SECOND_BY_FIRST = new Int16Array(256).fill(-1);
for (const { octets } of IN_STREAM) SECOND_BY_FIRST[octets[0]!] = octets[1]!;
