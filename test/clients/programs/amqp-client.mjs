// Scenarios of healthy clients, by amqp-client.js: amqp-client.mjs PORT SCENARIO QUEUE.
import { AMQPClient } from "@cloudamqp/amqp-client";
import { body, headers, port, queue, range, ready, run, SIZES, SMALL_FRAME_SIZES } from "./pace.mjs";

const open = (frameMax = 131_072, channelMax = 0) =>
  new AMQPClient(
    `amqp://127.0.0.1:${port}?name=${encodeURIComponent(queue)}&frameMax=${frameMax}&channelMax=${channelMax}&heartbeat=0`,
  ).connect();
const declare = (channel, name = queue) => channel.queueDeclare(name, { durable: false, autoDelete: true });

async function consume(connection, name, count) {
  const channel = await connection.channel();
  await channel.prefetch(20);
  let left = count;
  await new Promise((resolve, reject) => {
    const consumer = channel.basicConsume(name, { noAck: false }, message => {
      const isLast = --left === 0;
      if (left % 20 === 0) void channel.basicAck(message.deliveryTag, true);
      if (isLast) resolve();
    });
    consumer.catch(reject);
  });
  await channel.close();
}

async function exchange(connection, sizes, name = queue) {
  const channel = await connection.channel();
  await channel.confirmSelect();
  await declare(channel, name);
  await Promise.all(sizes.map((size, n) => channel.basicPublish("", name, body(size), { headers: headers(n) })));
  await consume(connection, name, sizes.length);
  await channel.close();
}

await run({
  async confirms() {
    const connection = await open();
    await exchange(connection, SIZES);
    await connection.close();
  },
  async "small-frames"() {
    const connection = await open(8192);
    await exchange(connection, SMALL_FRAME_SIZES);
    await connection.close();
  },
  async batch() {
    const connection = await open();
    await exchange(connection, range(300));
    await connection.close();
  },
  async channels() {
    const connection = await open();
    const sizes = [10, 200, 1500, 5000, 20_000, 140_000, 0];
    await Promise.all(range(20).map(n => exchange(connection, [...sizes, ...sizes], `${queue} ${n}`)));
    await connection.close();
  },
  async transactions() {
    const connection = await open();
    const channel = await connection.channel();
    await declare(channel);
    await channel.txSelect();
    for (const n of range(3)) await channel.basicPublish("", queue, body(n * 1000));
    await channel.txCommit();
    for (const n of range(2)) await channel.basicPublish("", queue, body(n));
    await channel.txRollback();
    await channel.basicPublish("", queue, body(5));
    await channel.txCommit();
    await connection.close();
  },
  async rpc() {
    const connection = await open();
    const [server, client] = [await connection.channel(), await connection.channel()];
    await declare(server);
    await server.basicConsume(queue, { noAck: true }, message =>
      server.basicPublish("", message.properties.replyTo, message.body, {
        correlationId: message.properties.correlationId,
      }),
    );
    let answered;
    await client.basicConsume("amq.rabbitmq.reply-to", { noAck: true }, () => answered());
    for (const n of range(20)) {
      const answer = new Promise(resolve => {
        answered = resolve;
      });
      await client.basicPublish("", queue, body(n * 300), {
        replyTo: "amq.rabbitmq.reply-to",
        correlationId: String(n),
      });
      await answer;
    }
    await connection.close();
  },
  async churn() {
    const connection = await open();
    for (const n of range(60)) {
      const channel = await connection.channel();
      await declare(channel);
      await channel.basicPublish("", queue, body(n * 100));
      await channel.close();
    }
    await connection.close();
  },
  async "soft-errors"() {
    const connection = await open();
    const failing = async act => {
      const channel = await connection.channel();
      await act(channel).then(
        () => new Promise(resolve => setInterval(() => channel.closed && resolve(), 5)),
        () => {},
      );
    };
    await failing(channel => channel.queueDeclare(`no ${queue}`, { passive: true }));
    const keeper = await connection.channel();
    await declare(keeper);
    await failing(channel => channel.queueDeclare(queue, { durable: true }));
    await failing(channel => channel.basicPublish(`no ${queue}`, "key", body(10)));
    await failing(channel => channel.exchangeDeclare("amq.mine", "topic"));
    await connection.close();
  },
  async killed() {
    const connection = await open();
    await exchange(connection, [1, 2, 3]);
    await ready();
  },
});
