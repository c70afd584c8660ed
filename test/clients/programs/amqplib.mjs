// Scenarios of healthy clients, by amqplib: amqplib.mjs PORT SCENARIO QUEUE.
import { connect } from "amqplib";
import { body, headers, port, queue, range, ready, run, SIZES, SMALL_FRAME_SIZES } from "./pace.mjs";

const open = (options = {}) =>
  connect({ hostname: "127.0.0.1", port: Number(port), ...options }, { clientProperties: { connection_name: queue } });

async function consume(connection, name, count, settle = (channel, message) => channel.ack(message)) {
  const channel = await connection.createChannel();
  await channel.prefetch(20);
  let left = count;
  await new Promise(resolve => {
    channel.consume(name, message => {
      settle(channel, message, left);
      if (--left === 0) resolve();
    });
  });
  await channel.close();
}

async function exchange(connection, sizes, name = queue) {
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(name, { durable: false, autoDelete: true });
  for (const [n, size] of sizes.entries()) channel.sendToQueue(name, body(size), { headers: headers(n) });
  await channel.waitForConfirms();
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
    const connection = await open({ frameMax: 4096 });
    await exchange(connection, SMALL_FRAME_SIZES);
    await connection.close();
  },
  async unlimited() {
    const connection = await open({ frameMax: 0 });
    await exchange(connection, SIZES);
    await connection.close();
  },
  async batch() {
    const connection = await open();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: false, autoDelete: true });
    for (const n of range(300)) channel.sendToQueue(queue, body(n), { headers: headers(n) });
    await channel.waitForConfirms();
    await consume(connection, queue, 300, (own, message, left) => left % 20 === 1 && own.ack(message, true));
    await connection.close();
  },
  async channels() {
    const connection = await open();
    const sizes = [10, 200, 1500, 5000, 20_000, 140_000, 0];
    await Promise.all(range(20).map(n => exchange(connection, [...sizes, ...sizes], `${queue} ${n}`)));
    await connection.close();
  },
  async rpc() {
    const connection = await open();
    const [server, client] = [await connection.createChannel(), await connection.createChannel()];
    await server.assertQueue(queue, { durable: false, autoDelete: true });
    await server.consume(queue, message => {
      const { replyTo, correlationId } = message.properties;
      server.sendToQueue(replyTo, message.content, { correlationId, headers: message.properties.headers });
      server.ack(message);
    });
    const waiting = new Map();
    await client.consume("amq.rabbitmq.reply-to", ({ properties }) => waiting.get(properties.correlationId)(), {
      noAck: true,
    });
    for (const n of range(20)) {
      await new Promise(resolve => {
        waiting.set(String(n), resolve);
        client.sendToQueue(queue, body(n * 300), {
          replyTo: "amq.rabbitmq.reply-to",
          correlationId: String(n),
          headers: headers(n),
        });
      });
    }
    await connection.close();
  },
  async churn() {
    const connection = await open();
    for (const n of range(60)) {
      const channel = await connection.createChannel();
      await channel.assertQueue(queue, { durable: false, autoDelete: true });
      channel.sendToQueue(queue, body(n * 100));
      channel.sendToQueue(queue, body(10));
      await channel.close();
    }
    await connection.close();
  },
  async "soft-errors"() {
    const connection = await open();
    const failing = async act => {
      const channel = await connection.createChannel();
      await new Promise(resolve => {
        channel.on("error", resolve);
        Promise.resolve(act(channel)).catch(() => {});
      });
    };
    await failing(channel => channel.checkQueue(`no ${queue}`));
    await failing(channel => channel.checkQueue(`no ${queue}`));
    const keeper = await connection.createChannel();
    await keeper.assertQueue(queue, { durable: false, autoDelete: true });
    await failing(channel => channel.assertQueue(queue, { durable: true }));
    await failing(channel => channel.publish(`no ${queue}`, "key", body(10)));
    await failing(channel => channel.assertExchange("amq.mine", "topic"));
    await failing(channel => channel.ack({ fields: { deliveryTag: 7 } }));
    await connection.close();
  },
  async returns() {
    const connection = await open();
    const channel = await connection.createConfirmChannel();
    let returned = 0;
    channel.on("return", () => returned++);
    await channel.assertQueue(queue, { durable: false, autoDelete: true });
    for (const n of range(10)) {
      channel.publish("", n % 2 ? queue : `no ${queue}`, body(n * 1000), { mandatory: true });
    }
    await channel.waitForConfirms();
    for (const n of range(6)) {
      const message = await channel.get(queue, { noAck: n === 0 });
      if (message && n === 1) channel.nack(message);
      else if (message && n > 1) channel.ack(message);
    }
    if (returned !== 5) throw new Error(`${returned} returned`);
    await connection.close();
  },
  async blocked() {
    const connection = await open();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: false, autoDelete: true });
    await ready();
    for (const n of range(20)) channel.sendToQueue(queue, body(n * 100));
    await ready();
    await channel.waitForConfirms();
    await connection.close();
  },
  async restart() {
    const connection = await open();
    connection.on("error", () => {});
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: false, autoDelete: true });
    for (const n of range(10)) channel.sendToQueue(queue, body(n));
    await channel.waitForConfirms();
    const closed = new Promise(resolve => void connection.on("close", resolve));
    await ready();
    await closed;
    await ready();
    const again = await open();
    await exchange(again, [1, 2, 3]);
    await again.close();
  },
  async killed() {
    const connection = await open();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: false, autoDelete: true });
    for (const n of range(10)) channel.sendToQueue(queue, body(n));
    await channel.waitForConfirms();
    await ready();
  },
  async tls() {
    const connection = await connect(
      { protocol: "amqps", hostname: "127.0.0.1", port: Number(port) },
      { rejectUnauthorized: false },
    );
    await exchange(connection, SIZES);
    await connection.close();
  },
});
