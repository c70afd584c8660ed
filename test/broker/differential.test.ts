/**
 * The live differential test: mutated streams, a real RabbitMQ, and a predictor that has to say the same. 300 streams
 * here; `npm run test:broker -- --count N --seed S` runs any number through this same file.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { predict } from "../support/predict.ts";
import { type Broker, brokerAvailable, startBroker } from "../support/private-broker.ts";
import { differ, summary } from "./differential.ts";
import { record } from "./record.ts";

const { GHOSTFRAME_BROKER_COUNT, GHOSTFRAME_BROKER_SEED, GHOSTFRAME_BROKER_SHOW, GHOSTFRAME_BROKER_RECORD } =
  process.env;
const COUNT = Number(GHOSTFRAME_BROKER_COUNT ?? 300);
const SEED = Number(GHOSTFRAME_BROKER_SEED ?? 1);
const SHOW = Number(GHOSTFRAME_BROKER_SHOW ?? 10);

/** A race is a stream with two right answers. Were many streams races, the test would prove little. */
const RACES_AT_MOST = 0.05;
/**
 * Of thousands of streams a few are races that none of the repetitions brings to light: one in a thousand may be. Of the
 * 300 of every day none.
 */
const WRONG_AT_MOST = 0.001;
/** Nor may much be what only the broker can know. */
const UNKNOWABLE_AT_MOST = 0.05;

const available = brokerAvailable();
if (!available && !process.env.CI) {
  console.warn(
    "\n*** No RabbitMQ here (install rabbitmq-server or set AMQP_URL): the predictor was NOT compared with a broker. ***\n",
  );
}

let broker: Broker | undefined;

beforeAll(async () => {
  if (available) broker = await startBroker({ completeLog: GHOSTFRAME_BROKER_RECORD !== undefined });
}, 120_000);

afterAll(() => broker?.stop());

// In CI a missing broker is a failure: nothing else would tell that this was never run.
test.skipIf(!available && !process.env.CI)(
  `the predictor says what RabbitMQ says of ${COUNT} streams, seed ${SEED}`,
  async () => {
    if (!broker) throw new Error("no RabbitMQ: this test may not be skipped in CI");
    // A log is complete when the client does not leave at the first connection.close.
    const linger = GHOSTFRAME_BROKER_RECORD === undefined ? 0 : 400;
    const result = await differ(broker, predict, { seed: SEED, count: COUNT, linger });
    console.log(`RabbitMQ ${broker.version}, seed ${SEED}: ${summary(result, SHOW)}`);
    if (GHOSTFRAME_BROKER_RECORD)
      await record(
        GHOSTFRAME_BROKER_RECORD,
        broker,
        result.verdicts.map(v => v.asked),
      );
    if (result.wrong.length > COUNT * WRONG_AT_MOST) {
      expect(result.wrong.map(({ asked }) => `${asked.kind} ${asked.index}`)).toEqual([]);
    }
    expect(result.races.length).toBeLessThanOrEqual(Math.max(3, COUNT * RACES_AT_MOST));
    expect(result.unknowable.length).toBeLessThanOrEqual(Math.max(3, COUNT * UNKNOWABLE_AT_MOST));
  },
  60_000 + COUNT * 100,
);
