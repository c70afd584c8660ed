/** What a text says a secret is, behind a name of one; and by which names. */
import { describe, expect, it } from "vitest";
import { Discretion } from "../../src/connection/discretion.ts";
import { SECRET_NAME } from "../../src/connection/secret-names.ts";

const VALUE = "q7Zk9Tw2";
const NAMES = [
  "password",
  "passwd",
  "pwd",
  "dbPwd",
  "pass-word",
  "secret",
  "client_secret",
  "access_token",
  "x-auth-token",
];
const KEYS = ["cookie", "Set-Cookie", "Proxy-Authorization", "credentials", "db.password", "PASSWORD_2"];
const SPELLED = ["pass phrase", "api key", "private key"].flatMap(name =>
  ["", "-", "_", ".", " "].flatMap(between => {
    const spelled = name.replace(" ", between);
    return [spelled, spelled.toUpperCase(), `x-${spelled}`];
  }),
);

describe.each([...NAMES, ...KEYS, ...SPELLED, "apiKey", "privateKey"])("a text that names %s", name => {
  it.each([
    [`${name}='`, "'"],
    [`${name} "`, '"'],
    [`${name}: `, ""],
    [`${name}: Bearer `, ", sorry"],
    [`${name} <<"`, '">>'],
    [`"${name}": "`, '"}'],
    [`invalid ${name} '`, ""],
  ])("shows nothing behind %s", (before, behind) => {
    const discretion = new Discretion();
    expect(discretion.text(`NOT_ALLOWED - ${before}${VALUE}${behind}`)).toBe(`NOT_ALLOWED - ${before}…${behind}`);
    expect(discretion.masked).toBe(1);
  });

  it("is a name of a secret", () => expect(SECRET_NAME.test(name)).toBe(true));
});

it.each([
  "the token of user 'app' expired",
  "no queue 'passage' in vhost '/'",
  "inequivalent arg 'x-key' for queue 'keys'",
  "the bearer is unknown",
])("shows a text that says no secret: %s", text => expect(new Discretion().text(text)).toBe(text));

it("takes time in proportion to hostile texts", () => {
  const begun = process.cpuUsage().user;
  for (const part of ["token ", "pwd:", "bearer ", 'secret"', "token........", "private "])
    new Discretion().text(part.repeat(50_000));
  expect(process.cpuUsage().user - begun).toBeLessThan(2e6);
});
