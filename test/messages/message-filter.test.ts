/** Which messages are chosen, and which connections are followed for them. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { Message } from "../../src/messages/message.ts";
import { FIXTURES } from "../support/golden.ts";

/** Three clients, one connection each. */
const THREE = "clean/returns-and-nacks.pcap.gz";

it("follows a connection alone where nobody needs the others, by its number or an end of it", async () => {
  const numbers = async (connection: string, onlyTheirConnections: boolean) => {
    const seen: number[] = [];
    const onAnyMessage = (message: Message) => void seen.push(message.connection.number);
    await inspect([join(FIXTURES, THREE)], {
      messages: { connection: [connection] },
      onlyTheirConnections,
      onAnyMessage,
    });
    return [...new Set(seen)].sort((one, other) => one - other);
  };
  expect(await numbers("c2", false)).toEqual([1, 2, 3]);
  expect(await numbers("c2", true)).toEqual([2]);
  const [first] = (await inspect([join(FIXTURES, THREE)])).connections;
  expect(await numbers(`${first!.client.address}:${first!.client.port}`, true)).toEqual([1]);
  // A client's name comes later than its first frame.
  expect(await numbers("some-service", true)).toEqual([1, 2, 3]);
});
