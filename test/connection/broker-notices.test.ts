import { conversation, describePlays } from "../support/frame-log.ts";
import { wire } from "../support/wire.ts";

const opened = () => conversation().client(wire().channelOpen(1)).server(wire().channelOpenOk(1));

describePlays("consumer-cancelled", [
  {
    rule: "a consumer that goes with its queue is a note",
    conversation: opened().server(wire().cancel(1, "orders")).client(wire().cancelOk(1, "orders")),
    findings: [
      '<1016+0 note consumer-cancelled: The broker cancelled consumer "orders" on channel 1: its queue was deleted, or is not available.',
    ],
  },
  {
    rule: "several are counted",
    conversation: opened().server(wire().cancel(1, "a").cancel(1, "b").cancel(1, "c")),
    findings: [
      '<1016+0 note consumer-cancelled: The broker cancelled consumer "a" on channel 1: its queue was deleted, or is not available; 3 consumers in all.',
    ],
  },
  {
    rule: "a client that cancels its own consumer is nothing to tell",
    conversation: opened().client(wire().cancel(1, "orders")).server(wire().cancelOk(1, "orders")),
    findings: [],
  },
]);

describePlays("connection-blocked", [
  {
    rule: "a publisher that is blocked, and unblocked, is a note with the time that it took",
    conversation: opened().server(wire().blocked("low on memory").unblocked()).client(wire().publish(1, "hello")),
    findings: ['<1016+0 note connection-blocked: The broker blocked the connection ("low on memory"), for 0.0 s.'],
  },
  {
    rule: "one that is blocked still",
    conversation: opened().server(wire().blocked("low on disk")),
    findings: [
      '<1016+0 note connection-blocked: The broker blocked the connection ("low on disk"), and it was blocked still at the end.',
    ],
  },
  {
    rule: "several times",
    conversation: opened().server(wire().blocked("low on disk").unblocked().blocked("low on disk").unblocked()),
    findings: [
      '<1016+0 note connection-blocked: The broker blocked the connection ("low on disk"), 2 times, for 0.0 s.',
    ],
  },
]);
