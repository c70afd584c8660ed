/**
 * What differs between the brokers whose verdict can be predicted, as one table. RabbitMQ 3.10.8 is the reference: its
 * row is measured, the others are read from the source of the versions named.
 */
export interface BrokerVersion {
  /** For people. */
  name: string;
  /** The first version it holds for: major, minor, patch. */
  since: readonly [number, number, number];
  /** Protocol headers that are accepted: id, major, minor, revision. */
  accepts: readonly string[];
  /** Protocol headers that select the methods of AMQP 0-8. */
  accepts08: readonly string[];
  /** AMQP 1.0 is spoken on the same port, behind SASL; up to 3.13 that needs a plugin. */
  speaksAmqp1: boolean;
  /** The protocol header that the broker refuses with: that of 0-9-1, or from 4.0 that of AMQP 1.0. */
  refusesWith: string;
  /** The frame-max in force before tune-ok, in octets of payload, and the least that tune-ok may ask for. */
  initialFrameMax: number;
  /** Binaries in error texts are printed with ~tp, not ~p. */
  unicodeTerms: boolean;
  /** Short strings are checked for Unicode's UTF-8, not for rabbit_binary_parser's own form of it. */
  unicodeUtf8: boolean;
  /** Content that overruns its announced size is refused (4.2.6, 4.3.0), and not silently dropped. */
  refusesOverrun: boolean;
  /** Names the foreign protocols GET and TLS in its log. */
  namesForeignProtocols: boolean;
}

const AMQP_0_9_1 = ["0 0 9 1", "1 1 0 9"];
const AMQP_0_8 = ["1 1 8 0", "1 1 9 1"];

/** The largest body that brokers which refuse an overrun accept in a content header, in octets. */
export const MAX_BODY_SIZE = 536_870_912;

const RABBITMQ_3_10: BrokerVersion = {
  name: "RabbitMQ 3.10",
  since: [3, 10, 0],
  accepts: AMQP_0_9_1,
  accepts08: AMQP_0_8,
  speaksAmqp1: false,
  refusesWith: "0 0 9 1",
  initialFrameMax: 4096,
  unicodeTerms: false,
  unicodeUtf8: false,
  refusesOverrun: false,
  namesForeignProtocols: false,
};
const RABBITMQ_4_0: BrokerVersion = {
  ...RABBITMQ_3_10,
  name: "RabbitMQ 4.0",
  since: [4, 0, 0],
  accepts08: [],
  speaksAmqp1: true,
  refusesWith: "3 1 0 0",
  unicodeTerms: true,
};
const RABBITMQ_4_1: BrokerVersion = {
  ...RABBITMQ_4_0,
  name: "RabbitMQ 4.1",
  since: [4, 1, 0],
  initialFrameMax: 8192,
  namesForeignProtocols: true,
};
const RABBITMQ_4_2: BrokerVersion = {
  ...RABBITMQ_4_1,
  name: "RabbitMQ 4.2 (4.2.6 and later)",
  since: [4, 2, 6],
  refusesOverrun: true,
};

/** From the oldest to the newest. */
export const BROKER_VERSIONS = {
  "rabbitmq-3.10": RABBITMQ_3_10,
  "rabbitmq-3.13": { ...RABBITMQ_3_10, name: "RabbitMQ 3.13", since: [3, 12, 0], unicodeTerms: true },
  "rabbitmq-4.0": RABBITMQ_4_0,
  "rabbitmq-4.1": RABBITMQ_4_1,
  "rabbitmq-4.2": RABBITMQ_4_2,
  "rabbitmq-4.3": { ...RABBITMQ_4_2, name: "RabbitMQ 4.3", since: [4, 3, 0], unicodeUtf8: true },
} as const satisfies Record<string, BrokerVersion>;

export type BrokerId = keyof typeof BROKER_VERSIONS;
/** The broker that names itself in connection.start. */
export const AUTO = "auto";
export type BrokerChoice = BrokerId | typeof AUTO;
export const BROKER_CHOICES = [AUTO, ...(Object.keys(BROKER_VERSIONS) as BrokerId[])] as const;
export const REFERENCE_BROKER: BrokerId = "rabbitmq-3.10";
