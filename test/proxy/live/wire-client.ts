/** An AMQP client that sends exactly the octets it is told to, and hears what the broker answers. */
import { connect, type Socket } from "node:net";
import { type ServerClose, type ServerEvent, ServerFrames } from "../../broker/server-frames.ts";
import { PATIENCE } from "../../support/proxied.ts";
import { field, type Octets, wire } from "../../support/wire.ts";

export interface Login {
  /** connection_name: how the broker's log calls it. */
  name: string;
  password?: string;
}

export class WireClient {
  /** Our own port, by which events and recordings name this client; 0 before it is connected. */
  port = 0;
  /** The broker's connection.close. */
  close: ServerClose | null = null;
  /** How the stream of the other end ended; null while it has not. */
  ended: "fin" | "rst" | null = null;
  octets = 0;
  readonly #socket: Socket;
  readonly #frames = new ServerFrames();
  /** Methods heard: "10.41". */
  readonly #methods: string[] = [];
  #received: () => void = () => {};

  /** Connects to a port of this machine. */
  static async connect(port: number): Promise<WireClient> {
    const client = new WireClient(port);
    await client.until("connected", () => client.port > 0);
    return client;
  }

  /** Connects and opens the connection. */
  static async open(port: number, login: Login): Promise<WireClient> {
    const client = await WireClient.connect(port);
    client.login(login);
    await client.received("10.41");
    return client;
  }

  private constructor(port: number) {
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
    this.#socket.on("connect", () => {
      this.port = this.#socket.localPort!;
      this.#received();
    });
    this.#socket.on("data", octets => {
      this.octets += octets.length;
      for (const event of this.#frames.receive(octets)) this.#note(event);
      this.#received();
    });
    const end = (how: "fin" | "rst") => (): void => {
      this.ended ??= how;
      this.#received();
    };
    this.#socket.on("end", end("fin"));
    this.#socket.on("error", end("rst"));
    this.#socket.on("close", end("rst"));
  }

  /** All of a client's handshake, at once. */
  login({ name, password = "guest" }: Login): void {
    const properties = { product: field.S("wire"), connection_name: field.S(name) };
    const startOk = wire().protocolHeader().startOk(properties, "PLAIN", `\0guest\0${password}`);
    this.send(startOk.tuneOk(2047, 131072, 0).open().octets);
  }

  send(octets: Octets): void {
    this.#socket.write(Uint8Array.from(octets));
  }

  /** Ends our stream. */
  end(): void {
    this.#socket.end();
  }

  /** Resets the connection. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Waits for a method of the broker, so often: "50.11" is queue.declare-ok. */
  received(method: string, times = 1): Promise<void> {
    return this.until(`${times} of ${method}`, () => this.#methods.filter(each => each === method).length >= times);
  }

  until(what: string, isTrue: () => boolean, within = PATIENCE): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const state = `heard ${this.#methods.join(" ")}, close ${JSON.stringify(this.close)}, ended ${this.ended}`;
        reject(new Error(`the client at port ${this.port}: ${what}: not within ${within} ms; ${state}`));
      }, within);
      this.#received = () => {
        if (!isTrue()) return;
        clearTimeout(timer);
        this.#received = () => {};
        resolve();
      };
      this.#received();
    });
  }

  #note(event: ServerEvent): void {
    if (event.kind !== "method") return;
    this.#methods.push(`${event.classId}.${event.methodId}`);
    if (event.close !== undefined && event.classId === 10) this.close ??= event.close;
  }
}
