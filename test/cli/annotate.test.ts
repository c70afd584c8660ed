/** ghostframe annotate: the copy as Wireshark reads it, and files that cannot be written. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ghostframe, temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";
import { hasTshark } from "../support/oracle-tools.ts";

const TORN = "interleaving/two-publishers-one-socket.pcapng.gz";
const ORACLE = hasTshark();

function run(command: string, args: readonly string[], env: Record<string, string> = {}): string {
  const { stdout, status, stderr } = spawnSync(command, args, {
    cwd: FIXTURES,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: "/nonexistent", ...env },
  });
  expect({ status, stderr: status === 0 ? "" : stderr }, `${command} ${args.join(" ")}`).toEqual({
    status: 0,
    stderr: "",
  });
  return stdout;
}

describe("annotate", { concurrent: true }, () => {
  it("is what the copied octets are, and a second run changes nothing", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const [first, second] = [join(folder, "first.pcapng"), join(folder, "second.pcapng.gz")];
    expect(await ghostframe(["annotate", TORN, "-o", first])).toEqual({
      code: 0,
      signal: null,
      stdout: `${first}: 48 packets, 7 with comments, of 2 findings\n`,
      stderr: "",
    });
    expect((await ghostframe(["annotate", first, "-o", second])).code).toBe(0);
    expect(Buffer.compare(gunzipSync(readFileSync(second)), readFileSync(first))).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["first.pcapng", "second.pcapng.gz"]);
    expect(statSync(first).mode & 0o777).toBe(0o600);
  });

  it.skipIf(!ORACLE)(
    "tshark reads the comments on the right packets, and all else as before",
    async ({ onTestFinished }) => {
      const folder = temporaryFolder(onTestFinished);
      const copy = join(folder, "copy.pcapng");
      await ghostframe(["annotate", TORN, "-o", copy]);
      const lines = run("tshark", [
        "-r",
        copy,
        "-Y",
        "frame.comment",
        "-T",
        "fields",
        "-e",
        "frame.number",
        "-e",
        "frame.comment",
        "-E",
        "aggregator=|",
      ]).split("\n");
      expect(lines.map(line => line.split("\t")[0])).toEqual(["31", "33", "35", "37", "39", "41", "42", ""]);
      expect(lines[0]).toMatch(
        /^31\tghostframe f1 frame-end \(error\): The body frame at offset 162315 .*Torn trace: a9aced7e/,
      );
      expect(lines[0]).toContain(
        "|ghostframe f1 piece 1 of 2 of the frame torn here (type 3 (body), channel 2, size 50743)",
      );
      expect(lines[6]).toBe(
        "42\tghostframe f1 piece 2 of 2 of the frame torn in packet 31 (type 3 (body), channel 2, size 50743): 2,316 octets of writer A",
      );
      const fields = [
        "-T",
        "fields",
        ...["frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "tcp.payload"].flatMap(name => [
          "-e",
          name,
        ]),
      ];
      expect(run("tshark", ["-r", copy, ...fields])).toBe(run("tshark", ["-r", TORN, ...fields]));
      // editcap writes the comments on.
      const edited = join(folder, "edited.pcapng");
      run("editcap", [copy, edited]);
      expect(run("tshark", ["-r", edited, "-T", "fields", "-e", "frame.comment"])).toBe(
        run("tshark", ["-r", copy, "-T", "fields", "-e", "frame.comment"]),
      );
      const counts = ["-T", "-r", "-c", "-u", "-S"];
      const values = (path: string): string | undefined =>
        run("capinfos", [...counts, path])
          .split("\t")
          .slice(1)
          .join("\t");
      expect(values(copy)).toBe(values(TORN));
    },
  );

  it.skipIf(!ORACLE)("Wireshark's profile colours the sick packets", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const copy = join(folder, "copy.pcapng");
    mkdirSync(join(folder, "profiles"));
    await ghostframe(["annotate", TORN, "-o", copy, "--wireshark-profile", join(folder, "profiles", "ghostframe")]);
    const summary = run(
      "tshark",
      [
        "-C",
        "ghostframe",
        "--color",
        "-r",
        copy,
        "-T",
        "fields",
        "-e",
        "frame.number",
        "-e",
        "frame.coloring_rule.name",
      ],
      { WIRESHARK_CONFIG_DIR: folder },
    );
    const coloured = summary.split("\n").filter(line => line.includes("ghostframe"));
    expect(coloured).toEqual([
      "31\tghostframe, an error begins here",
      "33\tghostframe, a message that was lost begins here",
      "35\tghostframe, a message that was lost begins here",
      "37\tghostframe, a message that was lost begins here",
      "39\tghostframe, a message that was lost begins here",
      "41\tghostframe, an error begins here",
      "42\tghostframe, a piece of a torn frame",
    ]);
  });

  it("files of a ring become sections of one file, and packets are counted through", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const copy = join(folder, "ring.pcapng");
    const ring = readdirSync(join(FIXTURES, "files"))
      .filter(name => /^ring_.*pcapng$/.test(name))
      .sort();
    const { code, stdout } = await ghostframe(["annotate", ...ring.map(name => `files/${name}`), "-o", copy]);
    expect({ code, told: / packets, \d+ with comments, of \d+ finding/.test(stdout) }).toEqual({ code: 0, told: true });
    const again = join(folder, "again.pcapng");
    await ghostframe(["annotate", copy, "-o", again]);
    expect(Buffer.compare(readFileSync(again), readFileSync(copy))).toBe(0);
  });

  const capture = join(FIXTURES, TORN);
  it.each([
    ["a file that is there", [capture, "-o", "there"], "there: is there already; --force replaces it"],
    ["a folder", [capture, "-o", "folder"], "folder: is a directory, expected the name of a file"],
    [
      "a part of the path",
      [capture, "-o", "there/copy"],
      "there/copy: cannot be written: a part of the path is not a directory",
    ],
    ["a device that is full", [capture, "-o", "/dev/full"], "/dev/full: cannot be written: there is no space left"],
    ["standard input", ["-", "-o", "new"], "standard input: captures are read twice here, expected a file"],
    ["what is no capture", ["there", "-o", "new"], "there: not a pcap or pcapng capture: it is text"],
    ["what is not there", ["none", "-o", "new"], "none: no such file"],
    ["no output", [capture], "expected --output with the file to write (-o sick.pcapng)"],
  ])("%s is refused, and nothing is left behind", async (_, args, problem) => {
    const folder = mkdtempSync(join(tmpdir(), "ghostframe-test-"));
    writeFileSync(join(folder, "there"), "some text");
    mkdirSync(join(folder, "folder"));
    const { code, stdout, stderr } = await ghostframe(["annotate", ...args], { cwd: folder });
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `ghostframe: ${problem}\n` });
    expect(readdirSync(folder).sort()).toEqual(["folder", "there"]);
    expect(readFileSync(join(folder, "there"), "utf8")).toBe("some text");
    rmSync(folder, { recursive: true });
  });

  it("--force replaces a file", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    writeFileSync(join(folder, "copy"), "some text");
    expect((await ghostframe(["annotate", capture, "-o", "copy", "--force"], { cwd: folder })).code).toBe(0);
    expect(readFileSync(join(folder, "copy")).readUInt32BE(0)).toBe(0x0a0d0d0a);
  });

  it("what a cut file lacks is told, and the rest is copied", async ({ onTestFinished }) => {
    const copy = join(temporaryFolder(onTestFinished), "copy.pcapng");
    const { code, stderr } = await ghostframe(["annotate", "files/truncated-last-packet.pcap", "-o", copy]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        "ghostframe: files/truncated-last-packet.pcap: the file ends inside packet 31, at octet 5720: 94 octets expected, 76 found; the copy ends in front of that\n",
    });
    expect(existsSync(copy)).toBe(true);
  });
});
