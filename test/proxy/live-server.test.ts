/** Who gets what of the live page: one browser, what it missed, no more than a bound, and nothing for anybody else. */
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { LiveServer } from "../../src/proxy/live-server.ts";
import { LiveState } from "../../src/proxy/live-state.ts";
import { newSecrets, type VisitSecrets } from "../../src/proxy/one-visit.ts";
import type { InspectorNews, RelayState } from "../../src/proxy/telemetry-protocol.ts";
import type { LiveSnapshot, LiveUpdate } from "../../src/report/html/live-data.ts";

const PAGE = "<!doctype html><title>secret</title>";
const requests = new Set<ClientRequest>();
const servers = new Set<LiveServer>();
afterEach(() => {
  for (const each of requests) each.destroy();
  for (const each of servers) each.close();
  requests.clear();
  servers.clear();
});

async function served(state = new LiveState("2026-11-21T18:20:00Z"), secrets: VisitSecrets = newSecrets()) {
  const asked: unknown[][] = [];
  const server = new LiveServer({
    page: PAGE,
    address: { port: 0, secrets },
    state,
    visited: () => asked.push(["visited"]),
    watch: (...what) => asked.push(["watch", ...what]),
    unwatch: watch => asked.push(["unwatch", watch]),
  });
  servers.add(server);
  const port = await server.listen();
  const cookie = `ghostframe-live-${port}=${secrets.cookie}`;
  const get = async (path: string, headers: Record<string, string> = { cookie }): Promise<IncomingMessage> => {
    const asking = request({ port, path, headers, host: "127.0.0.1" });
    requests.add(asking);
    const [response] = (await once(asking.end(), "response")) as [IncomingMessage];
    return response;
  };
  return { server, state, get, cookie, port, asked, secrets };
}

/** Events of a stream, until there are so many. */
async function events<Data>(
  response: IncomingMessage,
  count: number,
): Promise<{ id: string; event: string; data: Data }[]> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk;
    const whole = text
      .split("\n\n")
      .slice(0, -1)
      .filter(each => each.includes("data: "));
    if (whole.length < count) continue;
    response.destroy();
    return whole.map(each => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(each)?.[1] ?? "";
      return { id: field("id"), event: field("event"), data: JSON.parse(field("data")) as Data };
    });
  }
  throw new Error(`the stream ended: ${text}`);
}

function news(part: Partial<InspectorNews>): InspectorNews {
  const counts = { frames: 0, messageCount: 0, dropped: 0, lostDropped: 0 };
  return { kind: "news", connections: [], findings: [], messages: [], lost: [], ...counts, ...part };
}

const connection = (id: string, isOpen = true) => ({ id, isOpen, json: JSON.stringify({ id, isOpen }) });
const finding = (id: string, of = "c1") => ({ id, connection: of, json: JSON.stringify({ id }), excerpt: null });
const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);
const RELAY: RelayState = {
  isListening: true,
  isDraining: false,
  accepted: 3,
  open: 2,
  refused: 0,
  uninspected: 1,
  octets: [100, 50],
  pauses: null,
  behind: 0,
  upstreamReached: true,
};

describe("the live server", () => {
  it.each(["/", "/events", "/frames?connection=c1", "/recording/f1.pcapng", "/?token=no"])(
    "gives %s to nobody without the cookie, nor under another name",
    async path => {
      const { get, cookie } = await served();
      expect((await get(path, {})).statusCode).toBe(403);
      expect((await get(path, { cookie, host: "evil.example" })).statusCode).toBe(421);
    },
  );

  it("lets one browser in, and stays open for it when it begins again at the same place", async () => {
    const secrets = newSecrets();
    const { get, asked } = await served(undefined, secrets);
    const first = await get(`/?token=${secrets.token}`, {});
    expect(first.statusCode).toBe(303);
    expect(asked).toEqual([["visited"]]);
    expect((await get(`/?token=${secrets.token}`, {})).statusCode).toBe(403);
    const again = await served(undefined, { ...secrets, token: null });
    expect((await again.get(`/?token=${secrets.token}`, {})).statusCode).toBe(403);
    const page = await again.get("/");
    expect([page.statusCode, page.headers["content-security-policy"]]).toEqual([200, "frame-ancestors 'none'"]);
    again.server.allow("new");
    expect((await again.get("/?token=new", {})).statusCode).toBe(303);
  });

  it.each([
    ["/frames?connection=1", 400],
    ["/frames?connection=c1&channel=x", 400],
    ["/frames?connection=c1&channel=65536", 400],
    ["/recording/f1.pcapng", 404],
    ["/recording/..%2f..%2fetc%2fpasswd", 404],
    ["/metrics", 404],
  ])("refuses %s with %i", async (path, status) => {
    const { get } = await served();
    expect((await get(path)).statusCode).toBe(status);
  });

  it("sends all that is known, then what changed, and what was missed to whoever comes back", async () => {
    const { get, state, cookie } = await served();
    state.news(news({ connections: [connection("c1")], findings: [finding("f1")], messages: ['{"m":1}'] }));
    const [snapshot] = await events<LiveSnapshot>(await get("/events"), 1);
    expect(snapshot).toMatchObject({ event: "snapshot", data: { version: expect.any(String), messages: [{ m: 1 }] } });
    expect([ids(snapshot!.data.connections), ids(snapshot!.data.findings)]).toEqual([["c1"], ["f1"]]);
    state.news(news({ connections: [connection("c2")] }));
    state.relayed(RELAY, 1000);
    state.relayed({ ...RELAY, octets: [150, 50] }, 2000);
    const back = await get("/events", { cookie, "last-event-id": snapshot!.id });
    const [update] = await events<LiveUpdate>(back, 1);
    expect(update).toMatchObject({ event: "update", data: { rates: [[2000, 2, 50, 0, 0, 0]] } });
    expect(ids(update!.data.connections)).toEqual(["c2"]);
    expect(update!.data.counts).toMatchObject({ open: 2, accepted: 3, uninspected: 1 });
    const [anew] = await events(await get("/events", { cookie, "last-event-id": "other.1" }), 1);
    expect(anew!.event).toBe("snapshot");
  });

  it("has no more than eight readers, and asks for frames only as long as somebody looks", async () => {
    const { get, server, asked } = await served();
    const frames = await get("/frames?connection=c3&channel=1");
    expect(asked).toEqual([["watch", 1, "c3", 1]]);
    server.frames({ kind: "frames", watch: 1, frames: ['{"type":"body"}'], omitted: 2, over: false });
    expect(await events(frames, 1)).toMatchObject([
      { event: "frames", data: { frames: [{ type: "body" }], omitted: 2 } },
    ]);
    await expect.poll(() => asked.at(-1)).toEqual(["unwatch", 1]);
    for (let number = 0; number < 8; number++) expect((await get("/events")).statusCode).toBe(200);
    expect((await get("/events")).statusCode).toBe(503);
  });

  it("lets a reader go for whom too much waits", async () => {
    const { get, server } = await served();
    const slow = await get("/frames?connection=c1");
    const frames = [JSON.stringify("x".repeat(1 << 20))];
    for (let time = 0; time < 64; time++) server.frames({ kind: "frames", watch: 1, frames, omitted: 0, over: false });
    const [error] = await once(slow.resume(), "error");
    expect((error as NodeJS.ErrnoException).code).toBe("ECONNRESET");
  });
});

describe("what is kept", () => {
  const snapshotOf = (state: LiveState) => JSON.parse(state.snapshot()) as LiveSnapshot;

  it("is bounded, closed connections first, but not those of which a finding is kept; and it is told", () => {
    const state = new LiveState("");
    state.news(news({ connections: [connection("c1", false)], findings: [finding("f1")] }));
    const closed = Array.from({ length: 600 }, (_, at) => connection(`c${at + 2}`, false));
    const open = Array.from({ length: 2100 }, (_, at) => connection(`c${at + 1000}`));
    state.news(news({ connections: [...closed, ...open] }));
    const { connections, counts } = snapshotOf(state);
    expect(connections).toHaveLength(1 + 500 + 2000);
    expect(connections[0]!.id).toBe("c1");
    expect(counts.leftOut).toBe(100 + 100);
    state.news(news({ connections: [connection("c3099", false)] }));
    expect(snapshotOf(state).counts.leftOut).toBe(100 + 99 + 1);
    state.news(news({ findings: Array.from({ length: 1500 }, (_, at) => finding(`f${at + 2}`)) }));
    const later = snapshotOf(state);
    expect([later.findings.length, later.counts.findings]).toEqual([1000, 1501]);
    const update = JSON.parse(state.takeUpdate()!) as LiveUpdate;
    expect(update.goneFindings).toContain("f1");
    expect(state.takeUpdate()).toBeNull();
  });

  it("forgets what an inspector that ended had open, and goes on to count", () => {
    const state = new LiveState("");
    state.news(
      news({
        connections: [connection("c1"), connection("c2", false)],
        findings: [finding("f1", "c1")],
        messageCount: 5,
      }),
    );
    state.takeUpdate();
    state.inspectorBegan();
    state.news(news({ messageCount: 2 }));
    const { connections, findings, counts } = snapshotOf(state);
    expect([ids(connections), ids(findings), counts.messages]).toEqual([["c2"], ["f1"], 7]);
    expect((JSON.parse(state.takeUpdate()!) as LiveUpdate).gone).toEqual(["c1"]);
  });
});
