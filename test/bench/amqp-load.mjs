/**
 * The clients' side of the proxy benchmarks, a process of its own. Forked by bench-processes.mjs: takes jobs as messages,
 * `{ job, port, … }`, and answers each with `{ result }` or `{ error }`. The jobs are the functions of `JOBS`.
 */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { CLIENT, METHOD, message, PROTOCOL_HEADER, tracedMessage } from "./amqp-octets.mjs";

/** Whole messages are written together up to about so many octets: a write costs next to nothing then. */
const BURST_OCTETS = 512 * 1024;
const OPENED_AT_ONCE = 50;
const PROGRESS_EVERY = 1000;
/** Octets of a traced message's body, and milliseconds between two writes of some. */
const TRACED_OCTETS = 300;
const TRACED_EVERY = 5;

/** One connection to the broker, with one channel. */
class Client {
  octets = 0;
  #socket;
  #unread = Buffer.alloc(0);
  /** @type {{ method: number, times: number, resolve: () => void, reject: (error: Error) => void } | null} */
  #awaited = null;
  #drained = null;
  #problem = null;
  #closed;

  static async open(port) {
    const client = new Client(port);
    await client.exchange(PROTOCOL_HEADER, METHOD.start);
    await client.exchange(CLIENT.startOk, METHOD.tune);
    client.write(CLIENT.tuneOk);
    await client.exchange(CLIENT.open, METHOD.openOk);
    await client.exchange(CLIENT.channelOpen, METHOD.channelOpenOk);
    return client;
  }

  constructor(port) {
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("data", chunk => this.#receive(chunk));
    this.#socket.on("error", error => this.#fail(error));
    this.#socket.on("drain", () => this.#drained?.resolve());
    this.#closed = new Promise(resolve => this.#socket.once("close", resolve));
    void this.#closed.then(() => this.#fail(new Error("the connection was closed")));
  }

  /** Returns whether there is room for more. */
  write(octets) {
    this.octets += octets.length;
    return this.#socket.write(octets);
  }

  /** Writes, and waits for the method that answers it. */
  exchange(octets, method) {
    return new Promise((resolve, reject) => {
      if (this.#problem) return reject(this.#problem);
      this.#awaited = { method, times: 1, resolve, reject };
      this.write(octets);
    });
  }

  /** Resolves when so many confirms have come. */
  confirmed(times) {
    return new Promise((resolve, reject) => {
      if (this.#problem) return reject(this.#problem);
      this.#awaited = { method: METHOD.ack, times, resolve, reject };
    });
  }

  drained() {
    return new Promise((resolve, reject) => {
      if (this.#problem) return reject(this.#problem);
      this.#drained = { resolve, reject };
    });
  }

  async close() {
    await this.exchange(CLIENT.close, METHOD.closeOk);
    this.#socket.end();
    await this.#closed;
  }

  #receive(chunk) {
    const octets = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk;
    let at = 0;
    while (octets.length - at >= 11) {
      const end = at + 8 + octets.readUInt32BE(at + 3);
      if (end > octets.length) break;
      this.#answered(octets.readInt32BE(at + 7));
      at = end;
    }
    this.#unread = octets.subarray(at);
  }

  #answered(method) {
    const awaited = this.#awaited;
    if (awaited?.method === method && --awaited.times > 0) return;
    this.#awaited = null;
    if (awaited?.method === method) awaited.resolve();
    else this.#fail(new Error(`method 0x${method.toString(16)} came, 0x${awaited?.method.toString(16)} was due`));
  }

  #fail(error) {
    this.#problem ??= error;
    this.#awaited?.reject(error);
    this.#drained?.reject(error);
    this.#socket.destroy();
  }
}

/** @type {Client[]} */
let held = [];

const JOBS = {
  /** Publishes for so many seconds as fast as it can; over when the broker has answered every connection's close. */
  async publish({ port, seconds, bodyOctets, connections }) {
    const clients = await openMany(port, connections);
    const one = message(bodyOctets);
    const perBurst = Math.max(1, Math.round(BURST_OCTETS / one.length));
    const burst = Buffer.concat(Array(perBurst).fill(one));
    let messages = 0;
    const began = performance.now();
    await Promise.all(
      clients.map(async client => {
        while (performance.now() - began < seconds * 1000) {
          messages += perBurst;
          if (!client.write(burst)) await client.drained();
        }
        await client.close();
      }),
    );
    const elapsed = (performance.now() - began) / 1000;
    return { seconds: elapsed, messages, octets: octetsOf(clients) };
  },

  /**
   * The same, beside one connection that publishes `rate` messages a second, each in a trace of its own and confirmed.
   * With `rate` only, nothing else is published. `traced` and `late`: how many of those there were, and how many
   * milliseconds the last one was behind its time.
   */
  async traced({ port, seconds, rate, bodyOctets, connections }) {
    const client = await Client.open(port);
    await client.exchange(CLIENT.select, METHOD.selectOk);
    const others = connections === 0 ? null : JOBS.publish({ port, seconds, bodyOctets, connections });
    const next = tracedMessage(TRACED_OCTETS);
    const began = performance.now();
    let traced = 0;
    let late = 0;
    while (traced < rate * seconds) {
      const due = Math.min(Math.floor(((performance.now() - began) / 1000) * rate), rate * seconds);
      const confirmed = traced < due ? client.confirmed(due - traced) : null;
      while (traced < due) {
        client.write(next());
        traced++;
      }
      await confirmed;
      late = performance.now() - began - (traced / rate) * 1000;
      await delay(TRACED_EVERY);
    }
    await client.close();
    const sent = (await others) ?? { seconds: (performance.now() - began) / 1000, messages: 0, octets: 0 };
    return { ...sent, own: sent.octets, octets: sent.octets + client.octets, messages: sent.messages + traced, late };
  },

  /** Publishes one message at a time and waits for its basic.ack. Microseconds. */
  async pingPong({ port, roundTrips, bodyOctets }) {
    const client = await Client.open(port);
    await client.exchange(CLIENT.select, METHOD.selectOk);
    const one = message(bodyOctets);
    const took = new Float64Array(roundTrips);
    for (let at = 0; at < roundTrips; at++) {
      const began = performance.now();
      await client.exchange(one, METHOD.ack);
      took[at] = performance.now() - began;
    }
    await client.close();
    took.sort();
    const quantile = part => took[Math.floor(part * (roundTrips - 1))] * 1000;
    return { median: quantile(0.5), p99: quantile(0.99), messages: roundTrips, octets: client.octets };
  },

  /** Opens connections that do nothing, and keeps them until `release`. */
  async hold({ port, connections }) {
    held = await openMany(port, connections);
    return { messages: 0, octets: octetsOf(held) };
  },

  async release() {
    const before = octetsOf(held);
    await Promise.all(held.map(client => client.close()));
    const octets = octetsOf(held) - before;
    held = [];
    return { messages: 0, octets };
  },

  /** Short connections one after the other: open, publish one message, close. Tells `{ progress }` now and then. */
  async churn({ port, connections, atOnce, bodyOctets }) {
    const one = message(bodyOctets);
    let begun = 0;
    let done = 0;
    let octets = 0;
    const began = performance.now();
    const visit = async () => {
      while (begun < connections) {
        begun++;
        const client = await Client.open(port);
        client.write(one);
        await client.close();
        octets += client.octets;
        if (++done % PROGRESS_EVERY === 0) process.send({ progress: done });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, visit));
    return { seconds: (performance.now() - began) / 1000, messages: connections, octets };
  },
};

async function openMany(port, connections) {
  /** @type {Client[]} */
  const clients = [];
  while (clients.length < connections) {
    const length = Math.min(OPENED_AT_ONCE, connections - clients.length);
    clients.push(...(await Promise.all(Array.from({ length }, () => Client.open(port)))));
  }
  return clients;
}

function octetsOf(clients) {
  return clients.reduce((sum, client) => sum + client.octets, 0);
}

process.on("message", ({ job, ...options }) => {
  JOBS[job](options).then(
    result => process.send({ result }),
    error => process.send({ error: `${job}: ${error.message}` }),
  );
});
process.on("disconnect", () => process.exit());
process.on("SIGINT", () => {}); // Ctrl-C is for the benchmark, which then ends us
