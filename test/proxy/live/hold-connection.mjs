/** Publishes a message, says "open", and closes when it is told to: hold-connection.mjs PORT. */
import { once } from "node:events";
import { connect } from "amqplib";

const connection = await connect({ hostname: "127.0.0.1", port: Number(process.argv[2]) });
connection.on("error", () => process.exit());
const channel = await connection.createChannel();
await channel.assertQueue("held by amqplib", { autoDelete: true });
channel.sendToQueue("held by amqplib", Buffer.from("hi"));
console.log("open");
await once(process.stdin, "data");
await connection.close();
process.exit();
