/** Octets as Erlang prints them: what io_lib:format("~p") and ("~tp") gave for each binary. */
import { describe, expect, test } from "vitest";
import { binary, decimals, string } from "../../src/broker/erlang-term.ts";
import { replyText } from "../../src/broker/verdict.ts";

describe("a binary", () => {
  test.each<[octets: readonly number[], p: string, tp: string]>([
    [[], "<<>>", "<<>>"],
    [[65, 66], '<<"AB">>', '<<"AB">>'],
    [[0, 65], "<<0,65>>", "<<0,65>>"],
    [[65, 127], "<<65,127>>", "<<65,127>>"],
    [[65, 159], "<<65,159>>", "<<65,159>>"],
    [[160], '<<"\u00a0">>', '<<"\u00a0">>'],
    [[233, 97], '<<"éa">>', '<<"éa">>'],
    [[195, 169], '<<"Ã©">>', '<<"é"/utf8>>'],
    [[226, 130, 172], "<<226,130,172>>", "<<226,130,172>>"],
    [[194, 128], "<<194,128>>", "<<194,128>>"],
    [[27, 8, 9, 10, 11, 12, 13], '<<"\\e\\b\\t\\n\\v\\f\\r">>', '<<"\\e\\b\\t\\n\\v\\f\\r">>'],
    [[34, 92], '<<"\\"\\\\">>', '<<"\\"\\\\">>'],
  ])("%j", (octets, p, tp) => {
    expect(binary(Uint8Array.from(octets))).toBe(p);
    expect(binary(Uint8Array.from(octets), true)).toBe(tp);
  });

  test("~w prints numbers only", () => {
    expect(decimals(Uint8Array.of(65, 66))).toBe("<<65,66>>");
    expect(decimals(Uint8Array.of())).toBe("<<>>");
  });
});

test("a string", () => {
  expect(string('a "b" \\ \n')).toBe('"a \\"b\\" \\\\ \\n"');
});

describe("a reply text", () => {
  test("holds the code's name and the explanation", () => {
    expect(replyText(541, "")).toBe("INTERNAL_ERROR");
    expect(replyText(505, "x")).toBe("UNEXPECTED_FRAME - x");
  });

  test("fits into a short string: 252 octets and an ellipsis", () => {
    const name = "FRAME_ERROR - ";
    expect(replyText(501, "x".repeat(255 - name.length))).toBe(name + "x".repeat(241));
    expect(replyText(501, "x".repeat(256 - name.length))).toBe(`${name}${"x".repeat(238)}...`);
    expect(replyText(501, "é".repeat(121))).toBe(`${name}${"é".repeat(119)}...`);
  });
});
