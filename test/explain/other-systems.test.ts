/**
 * Programs of every kind say that a connection was refused, lost or timed out, and that a frame was wrong. What is not
 * about AMQP is not explained as if it were; what is bare, or names AMQP, is.
 */
import { describe, expect, it } from "vitest";
import { explainAll } from "../../src/report/explain.ts";
import { tallied } from "./explain-text.ts";

describe("other systems", () => {
  it.each([
    ["Kafka, by rsyslog", "rsyslogd: omkafka: kafka message mq7:9092/bootstrap: Receive failed: Disconnected"],
    [
      "Kafka, by librdkafka",
      "%5|1795285386.1|REQTMOUT|rdkafka#producer-2| mq7:9092/2: 4 request(s) timed out: disconnect",
    ],
    [
      "Kafka, by Java",
      "o.a.k.common.network.Selector - Connection with mq7 disconnected java.net.ConnectException: Connection refused",
    ],
    ["Redis, by Ruby", "ERROR: Error fetching job: Error connecting to Redis on 192.0.2.7:6379 (Errno::ECONNREFUSED)"],
    ["Redis, its class", "Redis::ConnectionError: Connection lost (ECONNRESET)"],
    ["Redis, behind Celery", "celery consumer: Cannot connect to redis://192.0.2.7:6379//: Connection refused."],
    [
      "Redis, behind Kombu",
      "kombu.exceptions.OperationalError: Error 111 connecting to 192.0.2.7:6379. Connection refused.",
    ],
    [
      "HTTP, by urllib3",
      "urllib3.exceptions.ProtocolError: ('Connection aborted.', ConnectionResetError(104, 'reset by peer'))",
    ],
    ["HTTP/2", "nghttp2: recv: payloadlen=11534336, type=84, flags=0x2f, stream_id=7"],
    ["HTTP/2, an unknown type", "http2: Framer: unknown frame type 11"],
    [
      "HTTP, by nginx",
      "connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.3, server: _",
    ],
    ["HTTP, by Node.js", "Error: socket hang up"],
    ["HTTP, a status", "HTTP/1.1 412 PRECONDITION_FAILED"],
    ["HTTP, Spring's status", '404 NOT_FOUND "No endpoint GET /orders."'],
    ["HTTP, a body", "http: request body too large"],
    ["gRPC", "status: NOT_FOUND, description: no such order"],
    ["MySQL", "ERROR 2003 (HY000): Can't connect to MySQL server on 'db7' (111 \"Connection refused\")"],
    ["PostgreSQL", "psycopg2.OperationalError: could not connect to server: Connection refused"],
    [
      "PostgreSQL, in a consumer of RabbitMQ's",
      "[rabbitmq-consumer] psycopg2.OperationalError: could not connect to server: Connection refused",
    ],
    ["PostgreSQL, a password", 'FATAL:  password authentication failed for user "shop"'],
    ["MongoDB", "pymongo.errors.ServerSelectionTimeoutError: 192.0.2.7:27017: [Errno 111] Connection refused"],
    [
      "Thrift",
      "org.apache.thrift.transport.TTransportException: Frame size (1195725856) larger than max length (16384000)!",
    ],
    ["SSH", "ssh: connect to host 192.0.2.7 port 22: Connection timed out"],
    ["a name", "Error: getaddrinfo ENOTFOUND api.example.com"],
    ["a name, by Go", "dial tcp: lookup api.example.com on 192.0.2.53:53: no such host"],
    ["a socket of Java's", "java.net.SocketTimeoutException: connect timed out"],
    ["TLS of Java's", "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message"],
    ["TLS of OpenSSL's", "SSL routines:ssl3_read_bytes:sslv3 alert handshake failure"],
    ["a deque of Python's", "IndexError: pop from an empty deque"],
    ["credentials of a cloud", "ClientError: the token is invalid: credentials have expired"],
    ["a function of Erlang's", "in function  size/1"],
    ["a call", "size(1)"],
    ["words around numbers", "error in row of type 70, flags 3"],
  ])("%s", (_, text) => {
    expect(explainAll(tallied(text)).incidents).toEqual([]);
  });

  it("are told apart line by line in what was pasted", () => {
    const text =
      "connected to rabbitmq\nRedis::CannotConnectError: Connection refused\nconnect ECONNREFUSED 192.0.2.7:5672";
    expect(explainAll(tallied(text)).incidents.map(({ count, error }) => [error.line, count])).toEqual([
      ["connection-refused", 1],
    ]);
  });
});

describe("AMQP, by its name, its port or its library", () => {
  it.each([
    ["ECONNREFUSED 127.0.0.1:5672", "connection-refused"],
    ["Error: connect ECONNREFUSED 192.0.2.7:5671", "connection-refused"],
    ["ConnectionRefusedError: [Errno 111] Connect call failed ('192.0.2.7', 5672)", "connection-refused"],
    [
      "org.springframework.amqp.AmqpConnectException: java.net.ConnectException: Connection refused",
      "connection-refused",
    ],
    ["dial tcp: lookup rabbitmq on 192.0.2.53:53: no such host", "name-not-resolved"],
    ["amqplib Error: Unexpected close", "socket-error"],
    ["StreamLostError: (\"Stream connection lost: IndexError('pop from an empty deque')\",)", "pika-queue-of-writes"],
    ["404 (NOT-FOUND) with message \"NOT_FOUND - no queue 'redis-orders' in vhost '/'\"", "no-such-queue-or-exchange"],
    // Nothing else is said: whoever gives that to ghostframe means AMQP.
    ["ECONNREFUSED", "connection-refused"],
    ["AMQPConnectionException: Socket error: could not connect to host, hostname lookup failed", "name-not-resolved"],
    ["AMQPConnectionException: Socket error: could not connect to host", "host-not-reached"],
    [
      "Bunny::TCPConnectionFailedForAllHosts: Could not establish TCP connection to any of the hosts",
      "could-not-connect",
    ],
    [
      "Bunny::TCPConnectionFailed: Could not establish TCP connection to mq7:5672: Connection refused",
      "connection-refused",
    ],
    ["{:error, :econnrefused}", "connection-refused"],
    ["Broken pipe or closed connection", "broken-pipe"],
  ])("%s", (text, line) => {
    expect(explainAll(tallied(text)).incidents.map(({ error }) => error.line)).toEqual([line]);
  });
});
