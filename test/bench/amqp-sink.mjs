/**
 * The broker's side of the proxy benchmarks, a process of its own: plays RabbitMQ's handshake, then counts octets, frames
 * and messages by hopping from frame header to frame header. Every frame must end with its end octet, so that a relay
 * which loses or changes octets is found out. In confirm mode each publish is answered with basic.ack.
 *
 * Forked by bench-processes.mjs: tells `{ port }` once it listens, and answers any message with its totals.
 */
import { createServer } from "node:net";
import { ack, BROKER, FRAME_BODY, FRAME_END, FRAME_HEADER_OCTETS, FRAME_METHOD, METHOD } from "./amqp-octets.mjs";

const PROTOCOL_HEADER_OCTETS = 8;
/** A frame header, and the ids behind it. The load generator sends no frame that is shorter. */
const HEAD_OCTETS = FRAME_HEADER_OCTETS + 4;
const FRAMES_OF_MESSAGE = 3;

const totals = { connections: 0, open: 0, messages: 0, frames: 0, octets: 0, faults: [] };

class Session {
  #socket;
  /** Octets of a protocol header, or a frame's head, that lies across chunks. */
  #head = Buffer.alloc(HEAD_OCTETS);
  #headOctets = 0;
  /** Octets still to come of the frame whose head was read; 0 at a boundary. */
  #ahead = 0;
  #type = 0;
  #method = 0;
  /** Octets of the message that is being read, and of the last one that was; where its body frame began. */
  #octetsOfOne = 0;
  #messageOctets = 0;
  #bodyAt = 0;
  #opened = false;
  #confirms = false;
  #deliveryTag = 0;

  constructor(socket) {
    this.#socket = socket;
  }

  receive(chunk) {
    totals.octets += chunk.length;
    let at = 0;
    while (at < chunk.length) {
      if (this.#ahead > 0) at = this.#hop(chunk, at);
      else if (this.#isMessage(chunk, at)) at += this.#messageOctets;
      else if (this.#opened && this.#headOctets === 0 && chunk.length - at >= HEAD_OCTETS) at = this.#begin(chunk, at);
      else at = this.#gather(chunk, at);
      if (at < 0) return;
    }
  }

  /**
   * Whether the chunk holds another whole message of the last one's length; counts it. Small messages are stepped over at
   * a third of the cost, so that the sink is not what holds everything up.
   */
  #isMessage(chunk, at) {
    const end = at + this.#messageOctets;
    if (this.#messageOctets === 0 || this.#confirms || this.#headOctets > 0 || end > chunk.length) return false;
    if (chunk[at] !== FRAME_METHOD || chunk[at + this.#bodyAt] !== FRAME_BODY) return false;
    if (chunk[at + this.#bodyAt - 1] !== FRAME_END || chunk[end - 1] !== FRAME_END) return false;
    totals.messages++;
    totals.frames += FRAMES_OF_MESSAGE;
    return true;
  }

  /** Puts the next head together, octet by octet. */
  #gather(chunk, at) {
    this.#head[this.#headOctets++] = chunk[at];
    if (this.#headOctets === (this.#opened ? HEAD_OCTETS : PROTOCOL_HEADER_OCTETS)) {
      this.#headOctets = 0;
      if (this.#opened) {
        if (this.#begin(this.#head, 0) < 0) return -1;
      } else if (this.#head.toString("latin1", 0, 4) !== "AMQP") {
        return this.#fault("no protocol header");
      } else {
        this.#opened = true;
        this.#socket.write(BROKER.start);
      }
    }
    return at + 1;
  }

  /** Reads a whole head; returns where the octets behind it begin. */
  #begin(octets, at) {
    this.#type = octets[at];
    if (this.#type < FRAME_METHOD || this.#type > FRAME_BODY) return this.#fault(`a frame of type ${this.#type}`);
    this.#method = octets.readInt32BE(at + FRAME_HEADER_OCTETS);
    const frameOctets = octets.readUInt32BE(at + 3) + FRAME_HEADER_OCTETS + 1;
    if (this.#type === FRAME_METHOD) this.#octetsOfOne = 0;
    if (this.#type === FRAME_BODY) this.#bodyAt = this.#octetsOfOne;
    this.#octetsOfOne += frameOctets;
    this.#ahead = frameOctets - HEAD_OCTETS;
    if (this.#ahead < 1) return this.#fault("a frame that is shorter than any that was sent");
    return at + HEAD_OCTETS;
  }

  /** Steps over what the chunk holds of the frame. */
  #hop(chunk, at) {
    const end = at + this.#ahead;
    if (end > chunk.length) {
      this.#ahead = end - chunk.length;
      return chunk.length;
    }
    this.#ahead = 0;
    if (chunk[end - 1] !== FRAME_END) return this.#fault(`a frame that ends with ${chunk[end - 1]}`);
    totals.frames++;
    if (this.#type === FRAME_BODY) this.#messageIsWhole();
    else if (this.#type === FRAME_METHOD && this.#method !== METHOD.publish) this.#answer();
    return end;
  }

  #messageIsWhole() {
    totals.messages++;
    this.#messageOctets = this.#octetsOfOne;
    if (this.#confirms) this.#socket.write(ack(++this.#deliveryTag));
  }

  #answer() {
    switch (this.#method) {
      case METHOD.startOk:
        this.#socket.write(BROKER.tune);
        break;
      case METHOD.tuneOk:
        break;
      case METHOD.open:
        this.#socket.write(BROKER.openOk);
        break;
      case METHOD.channelOpen:
        this.#socket.write(BROKER.channelOpenOk);
        break;
      case METHOD.select:
        this.#confirms = true;
        this.#socket.write(BROKER.selectOk);
        break;
      case METHOD.close:
        this.#socket.end(BROKER.closeOk);
        break;
      default:
        this.#fault(`method 0x${this.#method.toString(16)}`);
    }
  }

  #fault(what) {
    totals.faults.push(what);
    this.#socket.destroy();
    return -1;
  }
}

const server = createServer({ noDelay: true }, socket => {
  totals.connections++;
  totals.open++;
  const session = new Session(socket);
  socket.on("data", chunk => session.receive(chunk));
  socket.on("error", () => {}); // a relay that is stopped resets its connections
  socket.on("close", () => totals.open--);
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => process.send({ port: server.address().port }));
process.on("message", () => process.send(totals));
process.on("disconnect", () => process.exit());
process.on("SIGINT", () => {}); // Ctrl-C is for the benchmark, which then ends us
