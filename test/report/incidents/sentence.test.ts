import { describe, expect, it } from "vitest";
import { groupsOf } from "../../../src/report/incidents/groups.ts";
import { incidentsOf } from "../../../src/report/incidents/incident.ts";
import { noneLost } from "../../../src/report/incidents/lost.ts";
import { placesOf } from "../../../src/report/incidents/places.ts";
import { incidentSentence, lostSentence } from "../../../src/report/incidents/sentence.ts";
import type { Span, TornFrame } from "../../../src/report/report.ts";
import { connection, diagnosis, finding, input, report, tornFrame } from "../../support/report-samples.ts";

const torn = (writer: string, ...spans: Span[]): TornFrame => ({
  type: 3,
  channel: 1,
  size: 100,
  spans,
  packets: [],
  complete: true,
  writer,
});
const writer = (name: string, ...spans: Span[]) => ({ name, channels: [1], spans, messages: [] });
const sentence = (parts: Parameters<typeof diagnosis>[0]) =>
  incidentSentence({ finding: finding({ diagnosis: diagnosis(parts) }) });

describe("an incident's sentence", () => {
  it("names writers as they call themselves, or by the picture's letters", () => {
    const [one] = tornFrame().findings;
    expect(incidentSentence({ finding: one! })).toBe(
      "enable_switch_ports-1 was writing t1-3. turn_server_power_on-0 wrote 4 messages into the middle of it.",
    );
    expect(incidentSentence({ finding: one! }, true)).toBe(
      "A was writing t1-3. B wrote 4 messages into the middle of it.",
    );
  });

  it.each<[string, Parameters<typeof diagnosis>[0]]>([
    [
      "A and B cut into each other’s frames: 2 torn.",
      { torn: [torn("A", [0, 9], [20, 9]), torn("B", [9, 5], [40, 9])] },
    ],
    ["A frame was cut short: 1 of 108 octets was written.", { kind: "missing-octets", torn: [torn("A", [0, 1])] }],
    [
      "1 octet that had been sent came again; 156 never came.",
      {
        kind: "replayed-octets",
        replayed: [{ span: [9, 1], of: [0, 1] }],
        missing: [{ streamOffset: 10, octets: 156 }],
      },
    ],
    [
      "5 octets of HTTP stand between the frames.",
      { kind: "foreign-protocol", foreign: [{ span: [0, 5], protocol: "HTTP" }] },
    ],
    [
      "2 frames broken, 1 of them cut short. 1 stretch cannot be explained.",
      { confidence: 0.6, torn: [torn("A", [0, 9]), { ...torn("B", [9, 5]), complete: false }], unexplained: [[50, 3]] },
    ],
    [
      "2,378 octets at 777,329 that no writer’s frames explain.",
      { kind: "unexplained", unexplained: [[777_329, 2378]] },
    ],
  ])("%s", (expected, parts) => {
    const writers = [writer("A", [0, 9]), writer("B", [9, 5])];
    expect(sentence({ writers, ...parts })).toBe(expected);
  });

  it("is the finding's own where whole frames are missing: their octets are not known", () => {
    const { message } = finding({});
    expect(sentence({ kind: "missing-octets", torn: [], missing: [] })).toBe(message);
    expect(sentence({ kind: "missing-octets", torn: [], missing: [{ streamOffset: 9, octets: 1 }] })).toBe(
      "1 octet of a frame was never written.",
    );
  });

  it("counts what was lost, with the fates that there are", () => {
    expect(lostSentence(noneLost())).toBeNull();
    expect(lostSentence({ ...noneLost(), messages: 1, torn: 1 })).toBe("1 message, torn");
    expect(lostSentence({ ...noneLost(), messages: 6, torn: 1, unread: 5, atLeast: true })).toBe(
      "at least 6 messages: 1 torn, 5 never read",
    );
  });
});

describe("places", () => {
  const apart = (count: number) =>
    Array.from({ length: count }, (_, at) => torn("A", [at * 10_000, 9], [at * 10_000 + 20, 9]));

  it("are one up to 18 pieces, and the torn frames that overlap beyond", () => {
    expect(placesOf(diagnosis({ torn: apart(9) }))).toHaveLength(1);
    expect(placesOf(diagnosis({ torn: apart(10) }))).toHaveLength(10);
    const nested = [...apart(10), torn("B", [10, 5], [40, 5])];
    const places = placesOf(diagnosis({ torn: nested }));
    expect(places).toHaveLength(10);
    expect(places[0]).toEqual({ from: 0, to: 45, torn: [0, 10] });
  });

  it("are none where nothing is torn, missing, repeated or foreign", () => {
    expect(placesOf(diagnosis({}))).toEqual([]);
  });
});

describe("groups", () => {
  it("tell what came after the broker stopped with what stopped it", () => {
    const verdict = { predicted: { outcome: "reset", reason: "", streamOffset: 100 } as const, observed: null };
    const findings = [
      finding({ streamOffset: 50, direction: "client-to-server" }),
      finding({ id: "f2", rule: "frame-type", streamOffset: 500, direction: "client-to-server" }),
    ];
    const [group, ...others] = groupsOf(
      incidentsOf(report({ inputs: [input()], connections: [connection({ verdict })], findings })),
    );
    expect(others).toEqual([]);
    expect(group!.afterStop.map(({ finding: { id } }) => id)).toEqual(["f2"]);
  });
});
