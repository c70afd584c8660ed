/** What an engine tells, in which order, and that a sink of it is a few lines. */
import { describe, expect, it } from "vitest";
import type { Carrier } from "../../src/inspection/carrier.ts";
import type { ConnectionInspection } from "../../src/inspection/connection-inspection.ts";
import { Engine } from "../../src/inspection/engine.ts";
import type { InspectionEvent, InspectionSink } from "../../src/inspection/event.ts";
import { Moment, type Side } from "../../src/net/connection-observer.ts";
import { clientHandshake, join, serverHandshake, text, wire } from "../support/wire.ts";

const GREETING = serverHandshake().channelOpenOk(1).channelOpenOk(2).octets;
const GOOD = clientHandshake().channelOpen(1).channelOpen(2).publish(1, "good").octets;
/** A body frame on channel 1 with a whole publish on channel 2 inside. */
const TEAR = (() => {
  const outer = wire().publish(1, "o".repeat(1200)).octets;
  return join(outer.subarray(0, -400), wire().publish(2, "i".repeat(100)).octets, outer.subarray(-400));
})();
const CALM = Array.from({ length: 12 }, (_, i) => `calm ${i} `.repeat(40)).reduce(
  (calm, body) => calm.publish(1, body),
  wire(),
).octets;

/** A connection whose octets a test hands over. */
class Scene {
  /** A line an event, made when it was told. */
  readonly log: string[] = [];
  readonly moment = new Moment();
  readonly connection: ConnectionInspection;

  constructor({ sink = () => {}, explains = true }: { sink?: InspectionSink; explains?: boolean } = {}) {
    const engine = new Engine({
      broker: "rabbitmq-3.10",
      moment: this.moment,
      predicts: true,
      explains,
      sink: event => {
        this.log.push(line(event));
        sink(event);
      },
    });
    const carrier: Carrier = {
      first: new Moment(),
      last: this.moment,
      ended: "rst",
      address: () => "192.0.2.1",
      tunnels: () => [],
      port: () => 5672,
      octets: () => 0,
    };
    this.connection = engine.connection(carrier, { sawBeginning: true, forced: false, expected: true });
  }

  says(side: Side, octets: Uint8Array): this {
    this.moment.packet++;
    this.connection.data(side, octets, 0, octets.length);
    return this;
  }

  greeted(): this {
    return this.says(0, GOOD.subarray(0, 8)).says(1, GREETING).says(0, GOOD.subarray(8));
  }
}

function line(event: InspectionEvent): string {
  switch (event.kind) {
    case "connection-opened":
      return `opened ${event.number} at ${event.at.input}:${event.at.packet}`;
    case "incident-opened":
      return `incident ${event.incident.rule}`;
    case "finding": {
      const kind = event.connection.diagnosis(event.incident)?.kind ?? "not explained";
      const by = event.connection.cause(event.incident);
      return `${event.identity}: ${kind}${by === null ? "" : ` by ${by}`}${event.final ? "" : ", not over"}`;
    }
    case "uninspected":
      return `${event.why}: ${event.message}`;
    default:
      return event.kind;
  }
}

const TORN_AT = GOOD.length + TEAR.indexOf(3, wire().publishMethod(1).length + 22);

describe("an engine tells", () => {
  it("nothing of frames, whole messages and other octets in good order", () => {
    const { log } = new Scene().greeted().says(0, CALM).says(0, CALM);
    expect(log).toEqual(["opened 1 at 0:0"]);
  });

  it("an incident when the piece is read that broke, and its finding when it is over", () => {
    const scene = new Scene().greeted().says(0, TEAR);
    expect(scene.log.slice(1)).toEqual(["incident frame-end"]);
    scene.says(0, CALM);
    expect(scene.log.slice(2)).toEqual([`frame-end 0 ${TORN_AT}: torn-frame`]);
  });

  it("of what is over within one piece only what it was", () => {
    const { log } = new Scene().greeted().says(0, join(TEAR, CALM));
    expect(log.slice(1)).toEqual([`frame-end 0 ${TORN_AT}: torn-frame`]);
  });

  it("a provisional finding once, and the final one under the same identity", () => {
    const scene = new Scene().greeted().says(0, TEAR);
    scene.connection.emitProvisional(true);
    scene.connection.emitProvisional(true);
    scene.says(0, CALM);
    expect(scene.log.slice(2)).toEqual([
      `frame-end 0 ${TORN_AT}: not explained, not over`,
      `frame-end 0 ${TORN_AT}: torn-frame`,
    ]);
  });

  it("a close behind what led to it, what differs from the prediction, and the end last", () => {
    const scene = new Scene().greeted().says(0, TEAR).says(1, wire().close(501, "FRAME_ERROR").octets);
    scene.connection.finish();
    scene.connection.close();
    expect(scene.log.slice(2).map(line => line.replace(/(verdict-mismatch).*/, "$1"))).toEqual([
      `frame-end 0 ${TORN_AT}: torn-frame`,
      `broker-close 1 ${GREETING.length}: not explained by frame-end 0 ${TORN_AT}`,
      "verdict-mismatch",
      "connection-closed",
    ]);
  });

  it("what is left alone, and no finding of it", () => {
    const scene = new Scene().says(0, text("AMQP\x03\x01\0\0")).says(1, text("AMQP\x03\x01\0\0"));
    scene.connection.finish();
    scene.connection.close();
    expect(scene.log).toEqual(["left-alone: left alone: it is AMQP 1.0", "connection-closed"]);
    expect(scene.connection.givenUp).toBe(true);
  });

  it("once why it gave up, whatever is wrong then", () => {
    const scene = new Scene().greeted();
    scene.connection.giveUp("lost", "its octets do not come");
    scene.connection.giveUp("failed", "again");
    scene.connection.finish();
    scene.connection.close();
    expect(scene.log.slice(1)).toEqual(["lost: its octets do not come", "connection-closed"]);
  });

  it("a sink of a few lines what it wants", () => {
    let errors = 0;
    const sink: InspectionSink = event => {
      if (event.kind === "finding" && event.final && event.incident.severity === "error") errors++;
    };
    new Scene({ sink, explains: false }).greeted().says(0, join(TEAR, CALM)).connection.finish();
    expect(errors).toBe(1);
  });
});

describe("the frames of a connection", () => {
  it("are those that were read, and those that untangling found", () => {
    const explained = new Scene().greeted().says(0, join(TEAR, CALM)).connection;
    const found = new Scene({ explains: false }).greeted().says(0, join(TEAR, CALM)).connection;
    // The torn body and the publish inside it: four frames that only untangling sees whole.
    expect(explained.frames(0)).toBeGreaterThan(found.frames(0));
  });
});
