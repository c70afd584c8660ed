import { expect, it } from "vitest";
import { CLOSED } from "../../src/net/unread-kinds.ts";
import { unreadPackets } from "../../src/net/unread-packets.ts";

const KINDS = [...CLOSED.keys(), 0x7fff_0000];

it("one packet is one, and several are several, whatever their kind", () => {
  for (const kind of KINDS) {
    const [one, several] = [1, 1234].map(count => unreadPackets(new Map([[kind, count]]))[0]!.message);
    expect(one).toMatch(/^1 packet /);
    expect(one).not.toMatch(/\b(were|have|are encrypted|they|their|copies)\b|[[\]|]/);
    expect(several).toMatch(/^1,234 packets /);
    expect(several).not.toMatch(/\b(was|has|it is)\b|[[\]|]/);
  }
});
