/** What a text is about: AMQP, or another system with the same messages about its sockets, names and requests. */
import { PatternIndex } from "./pattern-index.ts";

/** Characters of a text that are read: an error has its message at the beginning. */
export const MAX_CHARACTERS = 8192;

/** What surrounds a known line. It decides whether lines that other programs write as well count. */
export type Company =
  /** A line of some log: it counts if the text is about AMQP. */
  | "log"
  /** All that there is to explain, without a word of AMQP. */
  | "alone"
  /** All that there is to explain, about AMQP. */
  | "amqp"
  /** A message of the broker's own. */
  | "broker";

/** AMQP's name, ports and libraries, and words that only its programs use. */
const AMQP = new PatternIndex([
  /amqp|rabbit|\bRMQ\b/i,
  /[:/]1?567[12]\b|\bport\W{1,3}1?567[12]\b|', 1?567[12]\)/,
  /\bpika\b|aio_pika|aiormq|bunny|kombu|celery|lapin|AMQ::|lmq\.|streadway|hutch|sneakers/i,
  /masstransit|nservicebus|easynetq|stomp|federation|shovel/i,
  /\bconnection <\d|inet_error|socket_closed_unexpectedly|tls_alert|handshake_timeout|Channel error on connection/,
  /#method<|reply-code=|\bvhost\b|close-reason, initiated by|\bException \(\d{3}\) Reason|\{:?auth_failure,/,
  /opening handshake|connection\.start\b|probable authentication|Possibl[ey] (?:caused by )?authentication failure/,
  /consumer: Connection to broker lost|BrokerUnreachable|ShutdownSignal|AlreadyClosedException/,
  /MalformedFrameException|UnexpectedFrameError|FrameSyntaxError|InvalidFrameError|InvalidFrameEnd|FRAME_END/,
  /Frame body is too large|Received too many bytes for a message|Too much content sent|Unhandled method frame/,
  /content frame after headers|headers frame after delivery|\bBasic(?:Deliver|Return|Publish|Ack|Consume|Get)/,
  /frame[ _-]max\b|while expecting 0xce|unknown channel|channel id space|No channels left to allocate|initiated by Library/,
  /StreamLostError|Transport indicated EOF|tx buffer size underflow|_Async\w{0,12}Transport|InvalidChannelState|Channel(?:Wrong|Closed|Invalid)StateError|ConnectionWrongStateError/,
  /IllegalOperationError|Channel ended, no reply|channel\/connection is not open|clean (?:channel|connection) shutdown/,
  /\b(?:31[123]|320|402|530|54[01])\W{1,4}[A-Z]{2}|\b406\W{1,4}PRECONDITION|\b403\W{1,4}ACCESS|\b405\W{1,4}RESOURCE/,
  /\b50[1-6]\W{1,4}(?:FRAME|SYNTAX|COMMAND|CHANNEL|UNEXPECTED|RESOURCE)\b|Error: Unexpected close|limit alarm/,
  /MissedHeartbeatException|Heartbeat missing with heartbeat|too many missed heartbeats|<Channel: "/,
]);

/** Other systems, by their names, ports and classes. */
const OTHERS = new PatternIndex([
  /\bredis\b|rediss?:\/\/|kafka|zookeeper|\bmysql|\bmariadb|postgres|psycopg|\bpgbouncer|\bmongo|cassandra/i,
  /elasticsearch|opensearch|memcache|\bconsul\b|\betcd|\bnats\b|clickhouse|\boracle\b|sqlalchemy|\bjdbc\b|hikari/i,
  /[:/](?:6379|9092|3306|5432|27017|9200|9042|11211|2181|2379|8500|4222|1433|1521|443|8080)\b/,
  /https?:\/\/(?!\S{0,40}rabbitmq)|\bHTTP\/[123]|\bHTTPS?Connection|urllib3|nghttp2|\bhttp2\b|websocket|while connecting to upstream/i,
  /\bgrpc|rpc error: code|\bcurl\b|\bssh\b|sshd|\bsmtp|\bimap\b|\bldap|rsync|kubelet|docker daemon|thrift|TTransport/i,
]);

/** Text that belongs to AMQP even beside another system's name: its addresses and the classes of its libraries. */
const AMQP_FOR_SURE = new PatternIndex([
  /amqps?:\/\/|[:/]567[12]\b|\bport\W{1,3}567[12]\b|', 567[12]\)|\bvhost\b|AMQP connection|close-reason, initiated by/,
  /amqplib|aiormq|aio_pika|\bpika\.|\bBunny::|com\.rabbitmq|RabbitMQ\.Client|amqp091|springframework\.amqp|\blapin\b/i,
  /\bAMQP[A-Z]\w{2,40}|\bAmqp\w{2,40}|\bamqp\.exceptions|AMQP::|AMQ::|\bamqproxy|\blmq\.|upstream connect error/,
]);

export function speaksOfAmqp(text: string): boolean {
  return AMQP.first(text.slice(0, MAX_CHARACTERS)) >= 0;
}

/** Whether a text is about another system: it has that system's name, and nothing that only AMQP has. */
export function speaksOfAnother(text: string): boolean {
  const start = text.slice(0, MAX_CHARACTERS);
  return OTHERS.first(start) >= 0 && AMQP_FOR_SURE.first(start) < 0;
}

/** Whether lines that other programs than AMQP's write as well count in a text. */
export function mayBeAnybodys(text: string, company: Company): boolean {
  if (company === "broker") return true;
  return (company !== "log" || speaksOfAmqp(text)) && !speaksOfAnother(text);
}

/** Words beside an error that add nothing. */
const EMPTY_WORDS =
  /\b(?:error|errno|badmatch|exception|failed|failure|read|write|send|recv|connect|connection|by|peer|caused|the|was|\d{1,3})\b/gi;

/** Whether a text contains no more than [from, to). */
export function saysNoMore(text: string, from: number, to: number): boolean {
  return !/[\p{L}\p{N}]/u.test(`${text.slice(0, from)} ${text.slice(to)}`.slice(0, 400).replace(EMPTY_WORDS, ""));
}
