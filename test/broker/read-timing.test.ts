/** Which of two errors is told: that depends on what the broker reads at once. */
import { expect, test } from "vitest";
import { bits, long, octet, short, shortstr, table, type Wire, wire } from "../support/wire.ts";
import { judged, said } from "./judged.ts";

const ready = () => wire().protocolHeader().startOk().tuneOk().open().channelOpen(1).octets;
const refused = () => wire().method(1, 60, 10, long(7), short(0), bits(false));
const misplaced = () => wire().header(1, 0);
const elsewhere = (size: number) => wire().channelOpen(2).publish(2, new Uint8Array(size), { pieces: 100_000 });

const BY_CHANNEL = "540 (60, 10) NOT_IMPLEMENTED - prefetch_size!=0 (7)";
const BY_READER = "505 (0, 0) UNEXPECTED_FRAME - expected method frame, got non method frame instead";
const SECOND_OPEN = "504 (20, 10) CHANNEL_ERROR - second 'channel.open' seen";
const PAUSE = { pause: 200_000 };

test.each<[string, Parameters<typeof judged>[0], string]>([
  ["the reader's error wins", [refused().octets, misplaced().octets], BY_READER],
  ["unless there is a pause before it", [refused().octets, PAUSE, misplaced().octets], BY_CHANNEL],
  ["50 kB later it still wins", [refused().octets, elsewhere(50_000).octets, misplaced().octets], BY_READER],
  ["70 kB later it does not", [refused().octets, elsewhere(70_000).octets, misplaced().octets], BY_CHANNEL],
  ["closing helps neither", [refused().octets, wire().channelClose(1).close().octets], BY_CHANNEL],
  ["a channel closed and opened at once", [wire().channelClose(1).channelOpen(1).octets], SECOND_OPEN],
  [
    "a channel closed and, later, opened",
    [wire().channelClose(1).octets, PAUSE, wire().channelOpen(1).octets],
    "nothing",
  ],
  ["commands behind channel.close", [wire().channelClose(1).raw(refused().octets).octets], "nothing"],
  [
    "commands some time behind channel.close",
    [wire().channelClose(1).octets, PAUSE, refused().octets],
    "504 (60, 10) CHANNEL_ERROR - expected 'channel.open'",
  ],
  ["a consume cancelled at once", [consume(0), cancel()], "541 (0, 0) INTERNAL_ERROR"],
  ["a consume without an answer cancelled at once", [consume(8), cancel()], "nothing"],
  ["a consume cancelled later", [consume(0), PAUSE, cancel()], "nothing"],
  ["the channel is closed before it can die", [consume(0), cancel(), wire().channelClose(1).octets], "nothing"],
  [
    "two consumers of one tag",
    [consume(0), consume(0)],
    "530 (60, 20) NOT_ALLOWED - attempt to reuse consumer tag 'tag'",
  ],
])("%s", (_situation, parts, verdict) => {
  expect(said(judged([ready(), ...parts]))).toBe(verdict);
});

test("a close-ok is unasked where the server has not closed the channel", () => {
  const closeOk = wire().channelCloseOk(1).octets;
  const unimplemented = "503 (20, 41) COMMAND_INVALID - unimplemented method";
  expect(said(judged([ready(), closeOk]))).toBe(unimplemented);
  const asked = { server: wire().openOk().channelOpenOk(1).channelClose(1, 404, "NOT_FOUND") };
  expect(said(judged([ready(), asked, closeOk]))).toBe("nothing");
  // The directions of a capture are not in step.
  expect(said(judged([ready(), closeOk, asked]))).toBe("nothing");
  expect(said(judged([ready(), closeOk], { server: null }))).toBe("nothing");
});

test("the same of a connection", () => {
  const closeOk = wire().closeOk().octets;
  const asked = { server: wire().close(320, "CONNECTION_FORCED") };
  const unexpected = "504 (10, 51) CHANNEL_ERROR - unexpected method in connection state running";
  expect(said(judged([ready(), closeOk]))).toBe(unexpected);
  expect(said(judged([ready(), asked, closeOk]))).toBe("nothing");
  expect(said(judged([ready(), closeOk, asked]))).toBe("nothing");
});

test("a login that cannot do, but did: the capture has been cleaned of credentials", () => {
  const login = wire().protocolHeader().startOk({}, "PLAIN", "xxxxxxxxxxxx").octets;
  expect(said(judged([login]))).toBe("silence PLAIN response invalid");
  expect(said(judged([login, { server: wire().tune() }]))).toBe("nothing");
  expect(said(judged([login], { server: null }))).toBe("nothing");
});

function consume(options: number): Uint8Array {
  const declared: Wire = wire().queueDeclare(1, "");
  return declared.method(1, 60, 20, short(0), shortstr(""), shortstr("tag"), octet(options), table()).octets;
}

function cancel(): Uint8Array {
  return wire().cancel(1, "tag").octets;
}
