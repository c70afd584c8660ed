/** A reset is trouble or none by what AMQP said before it: RabbitMQ ends good connections so, and so do health checks. */
import { describe, expect, it } from "vitest";
import type { Side } from "../../src/net/connection-observer.ts";
import { LiveScene } from "../support/live-scene.ts";
import { clientHandshake, serverHandshake, wire } from "../support/wire.ts";

const [CLIENT, BROKER] = [0, 1] as const;

/** A connection in use. */
function running(): LiveScene {
  return new LiveScene().open().broker(serverHandshake().octets).client(clientHandshake().octets);
}

/** A side resets; the relay resets the other one. */
function reset(scene: LiveScene, side: Side, clientSpoke = true): string[] {
  const kind = side === CLIENT ? "client-reset" : "upstream-reset";
  scene.end(side, "rst");
  scene.inspection.trouble(1, { kind, message: "reset", clientSpoke });
  scene.end(side === CLIENT ? BROKER : CLIENT, "rst").close();
  return scene.log.filter(line => line.includes("trouble"));
}

const close = wire().close(200, "bye").octets;
const closeOk = wire().closeOk().octets;

describe("a reset is no trouble", () => {
  it.each<[why: string, scene: LiveScene, side: Side]>([
    ["of a client that has closed", running().client(close), CLIENT],
    ["of a client whose close was answered", running().client(close).broker(closeOk), CLIENT],
    ["of a broker that has answered the close", running().client(close).broker(closeOk), BROKER],
    ["of a broker that has closed", running().broker(close), BROKER],
    ["of a client that the broker has closed: that is told as broker-close", running().broker(close), CLIENT],
    ["of a broker behind the client's FIN", running().end(CLIENT), BROKER],
    ["of a client behind the broker's FIN", running().end(BROKER), CLIENT],
    ["of a client behind its own FIN", running().end(CLIENT), CLIENT],
  ])("%s", (_, scene, side) => {
    expect(reset(scene, side)).toEqual([]);
  });

  it.each<[Side]>([[CLIENT], [BROKER]])("before the client has sent an octet: nothing at all is told", side => {
    const scene = new LiveScene().open();
    reset(scene, side, false);
    expect(scene.log).toEqual([]);
  });
});

describe("a reset is trouble", () => {
  it.each<[why: string, scene: LiveScene, side: Side, kind: string]>([
    ["of a client in use", running(), CLIENT, "client-reset"],
    ["of a broker in use", running(), BROKER, "upstream-reset"],
    ["of a broker that has not answered the close", running().client(close), BROKER, "upstream-reset"],
    [
      "of a client in the handshake",
      new LiveScene().open().client(wire().protocolHeader().octets),
      CLIENT,
      "client-reset",
    ],
    ["of a client whose octets wait for the broker", new LiveScene().accept(), CLIENT, "client-reset"],
  ])("%s", (_, scene, side, kind) => {
    expect(reset(scene, side)).toEqual([`c1 trouble ${kind}`]);
  });
});
