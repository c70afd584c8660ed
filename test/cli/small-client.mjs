/**
 * A command for `ghostframe run`: connects to where AMQP_URL says and sends the octets in PIECES (hexadecimal, separated
 * by commas), one when it is connected and one for each answer. It ends when the broker has answered them all, with the
 * status in STATUS. With LINGER it tells "sent" behind the last piece, and stays until it is disconnected.
 */
import { connect } from "node:net";

const { AMQP_URL, PIECES, STATUS, LINGER } = process.env;
const { hostname, port } = new URL(AMQP_URL);
const pieces = PIECES.split(",").map(piece => Buffer.from(piece, "hex"));
const socket = connect(Number(port), hostname);
socket.on("connect", next);
socket.on("data", next);
socket.on("error", () => process.exit(99));
socket.on("close", () => {
  process.exitCode = Number(STATUS ?? 0);
});

function next() {
  const piece = pieces.shift();
  if (piece === undefined) socket.end();
  else socket.write(piece, () => LINGER && pieces.length === 0 && console.log("sent"));
}
