// Scenarios of healthy clients, by rabbitmq-client (npm): rabbitmq-client.mjs PORT SCENARIO QUEUE.
import { Connection } from "rabbitmq-client";
import { body, headers, port, queue, range, ready, run, SIZES, SMALL_FRAME_SIZES } from "./pace.mjs";

const open = (options = {}) => {
  const connection = new Connection({
    hostname: "127.0.0.1",
    port: Number(port),
    connectionName: queue,
    retryLow: 100,
    ...options,
  });
  connection.on("error", () => {});
  return connection;
};
const declared = { durable: false, autoDelete: true };

async function exchange(connection, sizes, name = queue) {
  const publisher = connection.createPublisher({ confirm: true, queues: [{ queue: name, ...declared }] });
  await Promise.all(sizes.map((size, n) => publisher.send({ routingKey: name, headers: headers(n) }, body(size))));
  let left = sizes.length;
  let consumer;
  await new Promise(resolve => {
    consumer = connection.createConsumer(
      { queue: name, queueOptions: declared, qos: { prefetchCount: 20 } },
      async () => {
        if (--left === 0) resolve();
      },
    );
  });
  await consumer.close();
  await publisher.close();
}

await run({
  async confirms() {
    const connection = open({ frameMax: 131_072 });
    await exchange(connection, SIZES);
    await connection.close();
  },
  async "small-frames"() {
    const connection = open({ frameMax: 4096 });
    await exchange(connection, SMALL_FRAME_SIZES);
    await connection.close();
  },
  async unlimited() {
    const connection = open({ frameMax: 0 });
    await exchange(connection, SIZES);
    await connection.close();
  },
  async batch() {
    const connection = open();
    await exchange(connection, range(300));
    await connection.close();
  },
  async channels() {
    const connection = open();
    const sizes = [10, 200, 1500, 5000, 7000, 0];
    await Promise.all(range(20).map(n => exchange(connection, [...sizes, ...sizes], `${queue} ${n}`)));
    await connection.close();
  },
  async transactions() {
    const connection = open();
    const channel = await connection.acquire();
    await channel.queueDeclare({ queue, ...declared });
    await channel.txSelect();
    for (const n of range(3)) await channel.basicPublish(queue, body(n * 1000));
    await channel.txCommit();
    for (const n of range(2)) await channel.basicPublish(queue, body(n));
    await channel.txRollback();
    await channel.close();
    await connection.close();
  },
  async rpc() {
    const connection = open();
    const server = connection.createConsumer({ queue, queueOptions: declared }, async (request, reply) =>
      reply(request.body),
    );
    await new Promise(resolve => void server.on("ready", resolve));
    const client = connection.createRPCClient({ confirm: true });
    for (const n of range(20)) await client.send(queue, body(n * 300));
    await client.close();
    await server.close();
    await connection.close();
  },
  async churn() {
    const connection = open();
    for (const n of range(60)) {
      const channel = await connection.acquire();
      await channel.queueDeclare({ queue, ...declared });
      await channel.basicPublish(queue, body(n * 100));
      await channel.close();
    }
    await connection.close();
  },
  async "soft-errors"() {
    const connection = open();
    const failing = async act => {
      const channel = await connection.acquire();
      const closed = new Promise(resolve => void channel.on("close", resolve));
      await act(channel).catch(() => {});
      await closed;
    };
    await failing(channel => channel.queueDeclare({ queue: `no ${queue}`, passive: true }));
    const keeper = await connection.acquire();
    await keeper.queueDeclare({ queue, ...declared });
    await failing(channel => channel.queueDeclare({ queue, durable: true }));
    await failing(channel => channel.basicPublish({ exchange: `no ${queue}`, routingKey: "key" }, body(10)));
    await keeper.close();
    await connection.close();
  },
  async restart() {
    const connection = open();
    await exchange(connection, [1, 2, 3]);
    await ready();
    await ready();
    await exchange(connection, [1, 2, 3]);
    await connection.close();
  },
  async killed() {
    const connection = open();
    await exchange(connection, [1, 2, 3]);
    await ready();
  },
});
