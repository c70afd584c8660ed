/** Findings of new fingerprints are posted: what is sent, what is tried again, what is told, and that nothing waits for it. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Webhook, webhookSetting } from "../../src/proxy/webhook.ts";
import { freePort } from "./proxied.ts";

interface Posted {
  headers: IncomingHttpHeaders;
  body: string;
}
/** A status, with headers; null: no answer. */
type Answer = number | [number, Record<string, string>] | null;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function receiver(answers: Answer[] = []) {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    posted.push({ headers: request.headers, body });
    const answer = answers.length > 1 ? answers.shift()! : answers[0];
    if (answer === null) return;
    const [status, headers] = Array.isArray(answer) ? answer : [answer ?? 204, {}];
    response.writeHead(status, headers).end("x".repeat(100));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  servers.push(server);
  return { posted, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=abc`) };
}

const NO_WAITS = [0, 0, 0];
const LINE = '{"event":"finding","fingerprint":"f"}\n';

function webhook(url: URL, more: Partial<ConstructorParameters<typeof Webhook>[0]> = {}) {
  const problems: string[] = [];
  const hook = new Webhook({ url, secret: null, waits: NO_WAITS, problem: text => problems.push(text), ...more });
  return { hook, problems };
}

describe("what is sent", () => {
  it("is the event, in the envelope of Standard Webhooks", async () => {
    const { posted, url } = await receiver();
    const { hook, problems } = webhook(url);
    hook.send(LINE);
    await hook.close(5000);
    const { headers, body } = posted[0]!;
    expect(JSON.parse(body)).toEqual({
      type: "ghostframe.finding",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { event: "finding", fingerprint: "f" },
    });
    expect(headers).toMatchObject({ "content-type": "application/json", "user-agent": "ghostframe" });
    expect(headers["webhook-signature"]).toBeUndefined();
    expect(problems).toEqual([]);
    expect(hook.unsent).toBe(0);
  });

  it.each([
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64")],
    ["a word that both know", Buffer.from("a word that both know")],
  ])("is signed with %s", async (secret, key) => {
    const { posted, url } = await receiver();
    const setting = webhookSetting(url.href, { GHOSTFRAME_WEBHOOK_SECRET: secret });
    const { hook } = webhook(setting.url, { secret: setting.secret });
    hook.send(LINE);
    await hook.close(5000);
    const { headers, body } = posted[0]!;
    const signed = `${headers["webhook-id"] as string}.${headers["webhook-timestamp"] as string}.${body}`;
    expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
    expect(Math.abs(Number(headers["webhook-timestamp"]) - Date.now() / 1000)).toBeLessThan(60);
  });

  it("comes in order, one at a time", async () => {
    const { posted, url } = await receiver([500, 204]);
    const { hook } = webhook(url);
    for (const name of ["a", "b", "c"]) hook.send(`{"event":"${name}"}\n`);
    await hook.close(5000);
    expect(posted.map(({ body }) => (JSON.parse(body) as { data: { event: string } }).data.event).join("")).toBe(
      "aabc",
    );
  });
});

describe("what is not taken", () => {
  it.each<[string, Answer[]]>([
    ["500", [500, 204]],
    ["503, Retry-After", [[503, { "retry-after": "0" }], 204]],
    ["429, Retry-After a date that is over", [[429, { "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }], 204]],
    ["408", [408, 204]],
  ])("%s is tried again, with the same id", async (_, answers) => {
    const { posted, url } = await receiver(answers);
    const { hook, problems } = webhook(url);
    hook.send(LINE);
    await hook.close(5000);
    expect(posted).toHaveLength(2);
    expect(posted[0]!.headers["webhook-id"]).toBe(posted[1]!.headers["webhook-id"]);
    expect(hook.unsent).toBe(0);
    expect(problems).toEqual([
      expect.stringMatching(/^the webhook at 127\.0\.0\.1:\d+ did not take a finding: it answered \d+$/),
    ]);
  });

  it.each<[string, Answer, number]>([
    ["500 each time", 500, NO_WAITS.length + 1],
    ["404", 404, 1],
    ["a redirect, which may lead anywhere", [302, { location: "http://127.0.0.1:1/" }], 1],
  ])("%s is counted, and its URL is not told", async (_, answer, attempts) => {
    const { posted, url } = await receiver([answer]);
    const { hook, problems } = webhook(url);
    hook.send(LINE);
    await hook.close(5000);
    expect(posted).toHaveLength(attempts);
    expect(hook.unsent).toBe(1);
    expect(problems).toHaveLength(2);
    expect(problems.join()).toContain("1 finding could not be sent to the webhook");
    expect(problems.join()).not.toMatch(/token|abc|hook\?/);
  });

  it("nobody listens", async () => {
    const { hook, problems } = webhook(new URL(`http://127.0.0.1:${await freePort()}/`));
    hook.send(LINE);
    await hook.close(5000);
    expect(hook.unsent).toBe(1);
    expect(problems[0]).toMatch(/^the webhook at 127\.0\.0\.1:\d+ did not take a finding: .*ECONNREFUSED/);
  });

  it("no answer", async () => {
    const { url } = await receiver([null]);
    const { hook, problems } = webhook(url, { timeout: 20, waits: [0] });
    hook.send(LINE);
    await hook.close(5000);
    expect(hook.unsent).toBe(1);
    expect(problems[0]).toMatch(/did not answer in time$/);
  });

  it("what waits when the proxy ends is counted", async () => {
    const { url } = await receiver([[503, { "retry-after": "3600" }]]);
    const { hook } = webhook(url);
    for (let i = 0; i < 5; i++) hook.send(LINE);
    await hook.close(50);
    expect(hook.unsent).toBe(5);
    hook.send(LINE);
    expect(hook.unsent).toBe(6);
  });

  it("more than may wait is counted, and told once", async () => {
    const { url } = await receiver([null]);
    const { hook, problems } = webhook(url);
    for (let i = 0; i < 1100; i++) hook.send(LINE);
    expect(hook.unsent).toBe(1100 - 1001);
    expect(problems).toEqual(["1,000 findings wait for the webhook, more are not sent"]);
    await hook.close(0);
    expect(hook.unsent).toBe(1100);
  });
});

describe("--webhook", () => {
  it.each(["hook", "ftp://a/", "http://user:secret@a/hook", "https://:secret@a/"])(
    "%s is refused, and not told",
    text => {
      expect(() => webhookSetting(text, {})).toThrow(/^--webhook: expected/);
      expect(() => webhookSetting(text, {})).not.toThrow(/secret/);
    },
  );

  it("a secret that is no base64 is refused, and not told", () => {
    const env = { GHOSTFRAME_WEBHOOK_SECRET: "whsec_not base64" };
    expect(() => webhookSetting("https://a/", env)).toThrow(/^GHOSTFRAME_WEBHOOK_SECRET: expected base64/);
  });
});
