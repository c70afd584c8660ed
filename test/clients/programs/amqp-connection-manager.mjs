// Scenarios of healthy clients, by amqp-connection-manager: amqp-connection-manager.mjs PORT SCENARIO QUEUE.
import { connect } from "amqp-connection-manager";
import { body, headers, port, queue, range, ready, run, SIZES } from "./pace.mjs";

const open = () => connect([`amqp://127.0.0.1:${port}`], { reconnectTimeInSeconds: 0.2 });

async function exchange(connection, sizes, name = queue) {
  const wrapper = connection.createChannel({
    setup: channel => channel.assertQueue(name, { durable: false, autoDelete: true }),
  });
  await Promise.all(sizes.map((size, n) => wrapper.sendToQueue(name, body(size), { headers: headers(n) })));
  let left = sizes.length;
  await new Promise(resolve => {
    wrapper.consume(name, message => {
      wrapper.ack(message);
      if (--left === 0) resolve();
    });
  });
  await wrapper.close();
}

await run({
  async confirms() {
    const connection = open();
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
    const sizes = [10, 200, 1500, 5000, 20_000, 0];
    await Promise.all(range(20).map(n => exchange(connection, [...sizes, ...sizes], `${queue} ${n}`)));
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
