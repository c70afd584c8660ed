/** The resume file of `recover --republish`: what a later run knows by it. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ResumeFile } from "../../src/cli/resume-file.ts";
import { temporaryFolder } from "../support/command.ts";

const TARGET = "amqp://broker:5672 virtual host /";

describe("a resume file", () => {
  it("knows what was confirmed, and what was sent without an answer, and is gone on with behind a torn line", ({
    onTestFinished,
  }) => {
    const path = join(temporaryFolder(onTestFinished), "resume");
    const first = new ResumeFile(path, TARGET);
    for (const key of ["a", "b", "c"]) first.note("sent", key);
    first.note("confirmed", "a");
    first.note("returned", "b");
    first.close();
    // Killed in the middle of a line.
    appendFileSync(path, "confirmed c");
    const second = new ResumeFile(path, TARGET);
    expect([[...second.confirmed], [...second.unanswered]]).toEqual([["a"], ["c"]]);
    second.note("confirmed", "b");
    second.close();
    const third = new ResumeFile(path, TARGET);
    expect([...third.confirmed].sort()).toEqual(["a", "b", "c"]);
    third.close();
  });

  it("of another target, or another kind, is refused and stays as it is", ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const [other, text] = [join(folder, "other"), join(folder, "text")];
    new ResumeFile(other, "amqp://elsewhere:5672 virtual host /").close();
    writeFileSync(text, "some text\n");
    expect(() => new ResumeFile(other, TARGET)).toThrow(
      `${other}: is of amqp://elsewhere:5672 virtual host /, expected a resume file of ${TARGET}`,
    );
    expect(() => new ResumeFile(text, TARGET)).toThrow(`${text}: is another file, expected a resume file of ${TARGET}`);
    expect(readFileSync(text, "utf8")).toBe("some text\n");
  });
});
