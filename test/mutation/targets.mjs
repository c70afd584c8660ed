/**
 * What is mutated, and the tests that must notice: first those that are quick, or made for the file; then, for mutants
 * that these let pass, the others.
 */
export const TARGETS = [
  {
    file: "src/amqp/frame-scanner.ts",
    tests: [
      ["test/amqp/frame-scanner.test.ts"],
      ["test/amqp/long-streams.test.ts", "test/connection/whole-messages.test.ts", "test/connection/envelope.test.ts"],
    ],
  },
  {
    file: "src/amqp/partial-frame.ts",
    tests: [
      ["test/amqp/frame-scanner.test.ts"],
      ["test/amqp/long-streams.test.ts", "test/connection/envelope.test.ts"],
    ],
  },
  {
    file: "src/net/held-segments.ts",
    tests: [["test/net/held-segments.test.ts"], ["test/net/stream-reassembly.test.ts"]],
  },
  {
    file: "src/net/stream-reassembly.ts",
    tests: [
      ["test/net/stream-reassembly.test.ts"],
      ["test/net/tcp-assembler.test.ts", "test/net/tcp-handshake.test.ts"],
    ],
  },
  {
    file: "src/amqp/content-order.ts",
    tests: [["test/amqp/content-order.test.ts"], ["test/connection/content.test.ts"]],
  },
  {
    file: "src/connection/channel-rules.ts",
    tests: [
      ["test/connection/content.test.ts"],
      ["test/connection/channels.test.ts", "test/connection/mid-stream.test.ts"],
    ],
  },
  {
    file: "src/connection/handshake.ts",
    tests: [["test/connection/handshake-steps.test.ts"], ["test/connection/handshake.test.ts"]],
  },
  {
    file: "src/broker/broker-channel.ts",
    tests: [["test/broker/broker-channel.test.ts"], ["test/broker/verdicts.test.ts"]],
  },
];
