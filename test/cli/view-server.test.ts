/** Who gets the page that `view` serves: the browser that was sent there, once, and nobody else. */
import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { ViewServer } from "../../src/cli/view-server.ts";

const PAGE = "<!doctype html><title>secret</title>";
let server: ViewServer | null = null;

afterEach(() => server?.close());

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

function ask(address: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(address, { method, headers }, response => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    })
      .on("error", reject)
      .end();
  });
}

async function served(): Promise<{ address: string; base: string }> {
  server = new ViewServer(PAGE);
  const address = await server.listen();
  return { address, base: address.replace(/\?.*/, "") };
}

it("listens on loopback, and gives the page to the one visit, which may load it again", async () => {
  const { address, base } = await served();
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]{48}$/);
  const first = await ask(address);
  expect(first).toMatchObject({ status: 303, headers: { location: "/" } });
  const [cookie] = first.headers["set-cookie"] as string[];
  // Cookies know no ports: the name has it, so that two servers do not take each other's.
  const { port } = new URL(base);
  expect(cookie).toMatch(new RegExp(`^ghostframe-view-${port}=[0-9a-f]{48}; HttpOnly; SameSite=Strict; Path=/$`));
  for (let time = 0; time < 2; time++) {
    const page = await ask(base, { cookie: `other=1; ${cookie!.split(";")[0]}` });
    expect(page).toMatchObject({ status: 200, body: PAGE });
    expect(page.headers).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": "frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    });
  }
  expect(await ask(address)).toMatchObject({ status: 403 });
});

describe("refuses", () => {
  it.each<[what: string, path: string, headers: Record<string, string>, method: string, status: number]>([
    ["who has no token", "", {}, "GET", 403],
    ["a wrong token", `?token=${"0".repeat(48)}`, {}, "GET", 403],
    ["a token that is none", "?token=", {}, "GET", 403],
    ["a wrong cookie", "", { cookie: `ghostframe-view-PORT=${"0".repeat(48)}` }, "GET", 403],
    ["another name that leads here", "", { host: "evil.example" }, "GET", 421],
    ["the same name with another port", "", { host: "127.0.0.1:1" }, "GET", 421],
    ["a method that changes something", "", {}, "POST", 405],
    ["another page", "etc/passwd", {}, "GET", 403],
  ])("%s", async (_, path, headers, method, status) => {
    const { base } = await served();
    const own = headers.cookie === undefined ? {} : { cookie: headers.cookie.replace("PORT", new URL(base).port) };
    const answer = await ask(base + path, { ...headers, ...own }, method);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain("secret");
  });
});
