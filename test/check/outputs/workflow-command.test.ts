import { expect, it } from "vitest";
import { columns } from "../../../src/bytes/printable.ts";
import { commandData, commandProperty, disarmed } from "../../../src/check/outputs/workflow-command.ts";

it("escapes what the runner decodes, and the percent sign first", () => {
  expect(commandData("100%\r\na:b,c %0A")).toBe("100%25%0D%0Aa:b,c %250A");
  expect(commandProperty("a:b,c%\n")).toBe("a%3Ab%2Cc%25%0A");
});

it.each([
  ["::error::x", "：error::x"],
  ["  \t ::error::x", "  \t ：error::x"],
  ["\x1b[31m ::error::x", "\x1b[31m ：error::x"],
  ["a\n::stop-commands::t\nb", "a\n：stop-commands::t\nb"],
  ["x ##[error]y", "x ＃[error]y"],
  ["##vso[task.setvariable]", "＃vso[task.setvariable]"],
  ["##teamcity[message]", "＃teamcity[message]"],
  ["##\x1b[1m[error]", "＃\x1b[1m[error]"],
])("%j becomes %j, as wide as before", (text, harmless) => {
  expect(disarmed(text)).toBe(harmless);
  expect(columns(harmless)).toBe(columns(text));
});

it.each(["Bunny::Session", "fe80::1", "## heading", "a [b] ## c", "12:30:01"])("%j stays", text => {
  expect(disarmed(text)).toBe(text);
});
