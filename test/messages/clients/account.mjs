// As account.py, by amqplib: account.mjs PORT NAME. Publishes do not wait for each other.
import { connect } from "amqplib";

const [port, name] = process.argv.slice(2);
const tell = (operation, messageId, outcome, more) =>
  process.stdout.write(`${JSON.stringify({ operation, messageId, outcome, ...more })}\n`);

const connection = await connect(`amqp://guest:guest@127.0.0.1:${port}`);
const channel = await connection.createConfirmChannel();
await channel.assertQueue(name, { exclusive: true });
const full = { "x-max-length": 1, "x-overflow": "reject-publish" };
await channel.assertQueue(`${name}-full`, { exclusive: true, arguments: full });
const returned = new Map();
channel.on("return", ({ fields, properties }) => returned.set(properties.messageId, fields.replyCode));

function publish(routingKey, kind, number, options = {}) {
  const messageId = `${name}-${kind}-${number}`;
  channel.publish("", routingKey, Buffer.from(`body of ${messageId}`), { messageId, ...options }, error => {
    const code = returned.get(messageId);
    if (code !== undefined) tell("publish", messageId, "returned", { code });
    else tell("publish", messageId, error ? "nacked" : "confirmed");
  });
}

for (let number = 0; number < 6; number++) {
  publish(name, "task", number);
  publish(`${name}-nowhere`, "lost", number, { mandatory: true });
  publish(`${name}-full`, "full", number);
}
await channel.waitForConfirms().catch(() => {});

const consumer = await connection.createChannel();
const received = [];
await new Promise(resolve =>
  consumer.consume(name, message => {
    received.push(message);
    if (received.length === 6) resolve();
  }),
);
consumer.ack(received[0]);
consumer.ack(received[2], true);
consumer.nack(received[3], false, false);
consumer.reject(received[4], false);
await consumer.close();
const outcomes = ["acked", "acked", "acked", "nacked", "rejected", "requeued"];
for (const [i, { fields, properties }] of received.entries()) {
  tell("deliver", properties.messageId, outcomes[i], { deliveryTag: fields.deliveryTag });
}

const getter = await connection.createChannel();
const tellGot = ({ fields, properties }, outcome) =>
  tell("get", properties.messageId, outcome, { deliveryTag: fields.deliveryTag });
const first = await getter.get(name);
getter.reject(first, true);
tellGot(first, "requeued");
const again = await getter.get(name);
getter.ack(again);
tellGot(again, "acked");
publish(name, "task", 6);
await channel.waitForConfirms();
tellGot(await getter.get(name, { noAck: true }), "auto-acked");
await connection.close();
