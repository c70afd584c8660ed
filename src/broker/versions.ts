/**
 * What differs between the brokers whose verdict can be predicted, as one table. RabbitMQ 3.10.8 is the reference: its
 * row is measured, the others are read from the source of the versions named.
 */
export interface BrokerVersion {
  /** For people. */
  name: string;
  /** Protocol headers that are accepted: id, major, minor, revision. */
  accepts: readonly string[];
  /** The frame-max in force before tune-ok, in octets of payload. */
  initialFrameMax: number;
  /** Binaries in error texts are printed with ~tp, not ~p. */
  unicodeTerms: boolean;
  /** Content that overruns its announced size is refused (4.2.6, 4.3.0), and not swallowed. */
  refusesOverrun: boolean;
  /** Names the foreign protocols GET and TLS in its log. */
  namesForeignProtocols: boolean;
}

const AMQP_0_9_1 = ["0 0 9 1", "1 1 0 9", "1 1 9 1"];
const AMQP_0_8 = ["1 1 8 0"];

/** The largest body that brokers which refuse an overrun accept in a content header, in octets. */
export const MAX_BODY_SIZE = 536_870_912;

export const BROKER_VERSIONS = {
  "rabbitmq-3.10": {
    name: "RabbitMQ 3.10",
    accepts: [...AMQP_0_9_1, ...AMQP_0_8],
    initialFrameMax: 4096,
    unicodeTerms: false,
    refusesOverrun: false,
    namesForeignProtocols: false,
  },
  "rabbitmq-3.13": {
    name: "RabbitMQ 3.13",
    accepts: [...AMQP_0_9_1, ...AMQP_0_8],
    initialFrameMax: 4096,
    unicodeTerms: true,
    refusesOverrun: false,
    namesForeignProtocols: false,
  },
  "rabbitmq-4.0": {
    name: "RabbitMQ 4.0",
    accepts: AMQP_0_9_1,
    initialFrameMax: 4096,
    unicodeTerms: true,
    refusesOverrun: false,
    namesForeignProtocols: false,
  },
  "rabbitmq-4.1": {
    name: "RabbitMQ 4.1",
    accepts: AMQP_0_9_1,
    initialFrameMax: 8192,
    unicodeTerms: true,
    refusesOverrun: false,
    namesForeignProtocols: true,
  },
  "rabbitmq-4.2": {
    name: "RabbitMQ 4.2 (4.2.6 and later)",
    accepts: AMQP_0_9_1,
    initialFrameMax: 8192,
    unicodeTerms: true,
    refusesOverrun: true,
    namesForeignProtocols: true,
  },
  "rabbitmq-4.3": {
    name: "RabbitMQ 4.3",
    accepts: AMQP_0_9_1,
    initialFrameMax: 8192,
    unicodeTerms: true,
    refusesOverrun: true,
    namesForeignProtocols: true,
  },
} as const satisfies Record<string, BrokerVersion>;

export type BrokerId = keyof typeof BROKER_VERSIONS;
export const REFERENCE_BROKER: BrokerId = "rabbitmq-3.10";
