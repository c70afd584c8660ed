import { conversation, describePlays } from "../support/frame-log.ts";
import { field, type Wire, wire } from "../support/wire.ts";

const opened = () => wire().channelOpen(1).channelOpen(2);

function times(count: number, made: Wire, add: (made: Wire, i: number) => Wire): Wire {
  for (let i = 0; i < count; i++) add(made, i);
  return made;
}

/** A publish on channel 1 with one on channel 2 between its content header and its body. */
const splitBehindHeader = (made: Wire) => made.publishMethod(1).header(1, 5).publish(2, "x").body(1, "hello");
/** The same between its method and its content header. */
const splitBehindMethod = (made: Wire) => made.publishMethod(1).ack(2, 1).content(1, "hello");
const whole = (made: Wire) => made.publish(1, "hello");

const splits = (splits: string, publishes: string, where: string) =>
  `Other channels' frames stand inside ${splits} of ${publishes} publishes (${where}; first channel 2 inside channel 1): legal (§4.2.6), but this client writes a publish in pieces, and only the lock around each piece keeps frames whole.`;

describePlays("split-content", [
  {
    rule: "ten publishes with another channel's frames inside",
    told: conversation().client(times(10, opened(), splitBehindHeader)),
    findings: [`>1070+0 warning split-content: ${splits("10", "20", "always between content header and body")}`],
  },
  {
    rule: "right behind the method, which no client that holds a lock for a publish does",
    told: conversation().client(times(4, times(6, opened(), splitBehindHeader), splitBehindMethod)),
    findings: [
      `>1070+0 warning split-content: ${splits("10", "16", "4 times right behind the method, before its content header")}`,
    ],
  },
  {
    rule: "nine are chance: silence",
    told: conversation().client(times(9, opened(), splitBehindHeader)),
    findings: [],
  },
  {
    rule: "ten among more than 500 are, too",
    told: conversation().client(times(491, times(10, opened(), splitBehindMethod), whole)),
    findings: [],
  },
  {
    rule: "ten among 500 are not",
    told: conversation().client(times(490, times(10, opened(), splitBehindMethod), whole)),
    findings: [
      `>1048+0 warning split-content: ${splits("10", "500", "10 times right behind the method, before its content header")}`,
    ],
  },
  {
    rule: "several frames inside one publish are one",
    told: conversation().client(
      times(9, opened(), made => made.publishMethod(1).ack(2, 1).ack(2, 2).header(1, 5).ack(2, 3).body(1, "hello")),
    ),
    findings: [],
  },
  {
    rule: "heartbeats inside a publish are in order",
    told: conversation().client(times(20, opened(), made => made.publishMethod(1).heartbeat().content(1, "hello"))),
    findings: [],
  },
  {
    rule: "a server may deliver so",
    told: conversation()
      .client(opened())
      .server(
        times(20, wire().channelOpenOk(1).channelOpenOk(2), made =>
          made.deliverMethod(1).header(1, 5).deliver(2, "x").body(1, "hello"),
        ),
      ),
    findings: [],
  },
]);

const by = (made: Wire, headers: Record<string, string>, channel = 1) =>
  made.publish(channel, "hello", {
    properties: { headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, field.S(value)])) },
  });
const thread = (made: Wire, name: string, channel = 1) => by(made, { thread: name }, channel);
const trace = (id: number) => `00-${id.toString(16).padStart(32, "0")}-00f067aa0ba902b7-01`;

const shared = (who: string, returns: number, one: string, other: string) =>
  `${who} take turns on channel 1: ${returns} times one published again after another had (“${one}” after “${other}”). A channel is for one producer; where two publish at a time, their frames mix.`;

describePlays("shared-channel", [
  {
    rule: "two threads take turns on a channel",
    told: conversation().client(times(8, opened(), (made, i) => thread(made, i % 2 === 0 ? "a" : "b"))),
    findings: [`>1048+0 warning shared-channel: ${shared("2 threads", 6, "b", "a")}`],
  },
  {
    rule: "two traces do",
    told: conversation().client(times(8, opened(), (made, i) => by(made, { traceparent: trace(1 + (i % 2)) }))),
    findings: [
      `>1048+0 warning shared-channel: ${shared("2 traces", 6, trace(2).slice(3, 35), trace(1).slice(3, 35))}`,
    ],
  },
  {
    rule: "five returns are chance: silence",
    told: conversation().client(times(7, opened(), (made, i) => thread(made, i % 2 === 0 ? "a" : "b"))),
    findings: [],
  },
  {
    rule: "each thread has a channel of its own: silence",
    told: conversation().client(
      times(20, opened(), (made, i) => (i % 2 === 0 ? thread(made, "a", 1) : thread(made, "b", 2))),
    ),
    findings: [],
  },
  {
    rule: "one after another, and none comes back: silence",
    told: conversation().client(times(40, opened(), (made, i) => thread(made, `worker ${Math.floor(i / 2)}`))),
    findings: [],
  },
  {
    rule: "a trace for every message: silence",
    told: conversation().client(times(40, opened(), (made, i) => by(made, { traceparent: trace(i) }))),
    findings: [],
  },
]);
