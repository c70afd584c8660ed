/** What `check` takes for captures: files, folders, each once, in an order of its own. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { captureFiles } from "../../src/cli/check-files.ts";
import { temporaryFolder } from "../support/command.ts";

/** A folder with files of one octet each. */
function folderOf(onTestFinished: TestContext["onTestFinished"], ...names: string[]): string {
  const folder = temporaryFolder(onTestFinished);
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "x");
  }
  return folder;
}

const within = (folder: string, files: { path: string }[]) => files.map(({ path }) => path.slice(folder.length + 1));

describe("a folder", () => {
  it("is walked for captures, and sorted", async ({ onTestFinished }) => {
    const rings = ["trace.pcap1", "trace.pcap02", "t.pcapng12.gz"];
    const captures = [
      "b.pcap",
      "a/z.pcapng",
      "a/b/c.cap",
      "B.pcapng.gz",
      "x.cap.gz",
      "y.PCAP",
      ".hidden/h.pcap",
      ...rings,
    ];
    const others = ["a.txt", "pcap", "a/pcap.md", "c.pcap.txt", "d.gz", "e.pcap.zst", "f.pcap1a"];
    const folder = folderOf(onTestFinished, ...captures, ...others);
    const { files, folders } = await captureFiles([folder]);
    expect(within(folder, files)).toEqual(captures.toSorted());
    expect(files.every(({ octets, problem }) => octets === 1 && problem === undefined)).toBe(true);
    expect(folders[0]!.passedOver.map(path => path.slice(folder.length + 1)).sort()).toEqual(others.toSorted());
  });

  it("may hold none", async ({ onTestFinished }) => {
    expect((await captureFiles([folderOf(onTestFinished, "readme.md")])).files).toEqual([]);
  });

  it.skipIf(process.platform === "win32")(
    "links to files count, links to folders do not",
    async ({ onTestFinished }) => {
      const folder = folderOf(onTestFinished, "a.pcap", "sub/b.pcap");
      symlinkSync("a.pcap", join(folder, "link.pcap"));
      symlinkSync(".", join(folder, "sub", "round.pcap"));
      symlinkSync("nowhere", join(folder, "sub", "dangling.pcap"));
      const { files, folders } = await captureFiles([folder]);
      expect(within(folder, files)).toEqual(["a.pcap", "link.pcap", "sub/b.pcap", "sub/dangling.pcap"]);
      expect(files.at(-1)!.problem).toBe("no such file");
      expect(folders.map(({ links, passedOver }) => [links.length, passedOver.length])).toEqual([[1, 0]]);
    },
  );
});

describe("files", () => {
  it("named twice, or named and in a folder, count once, whatever the order", async ({ onTestFinished }) => {
    const folder = folderOf(onTestFinished, "b.pcap", "a.pcap");
    const [a, b] = [join(folder, "a.pcap"), join(folder, "b.pcap")];
    const orders = [
      [a, b, a],
      [folder, a],
      [b, `${folder}/./a.pcap`],
      [folder, `${folder}//`],
      [a, folder, b],
    ];
    for (const named of orders) {
      expect(within(folder, (await captureFiles(named)).files), named.join(" ")).toEqual(["a.pcap", "b.pcap"]);
    }
  });

  it("under two names keep the first of them in the order of the alphabet", async ({ onTestFinished }) => {
    const path = join(folderOf(onTestFinished, "a.pcap"), "a.pcap");
    const names = [path, relative("", path)];
    const paths = async (...named: string[]) => (await captureFiles(named)).files.map(file => file.path);
    expect(await paths(...names)).toEqual([names.toSorted()[0]!.replaceAll("\\", "/")]);
    expect(await paths(...names.toReversed())).toEqual(await paths(...names));
  });

  it("that are named may be called anything; what is not there is told", async ({ onTestFinished }) => {
    const folder = folderOf(onTestFinished, "trace.bin");
    const { files } = await captureFiles([join(folder, "trace.bin"), join(folder, "nowhere.pcap"), "-", "-"]);
    expect(files.map(({ path, problem }) => [path.split("/").at(-1), problem])).toEqual([
      ["-", undefined],
      ["nowhere.pcap", "no such file"],
      ["trace.bin", undefined],
    ]);
  });

  it("are named by themselves, whatever else holds them, and passed over in no folder then", async ({
    onTestFinished,
  }) => {
    const folder = folderOf(onTestFinished, "a.pcap", "b.pcap", "trace.bin", "c.txt");
    for (const named of [
      ["", "a.pcap", "trace.bin"],
      ["trace.bin", "a.pcap", ""],
    ]) {
      const { files, folders } = await captureFiles(named.map(name => join(folder, name)));
      expect(files.map(({ isNamed }) => isNamed)).toEqual([true, false, true]);
      expect(
        folders.map(({ passedOver }) =>
          within(
            folder,
            passedOver.map(path => ({ path })),
          ),
        ),
      ).toEqual([["c.txt"]]);
    }
    expect((await captureFiles([folder, `${folder}/.`])).folders).toHaveLength(1);
  });

  it('"./-" is a file, and "-" is standard input', async () => {
    const { files } = await captureFiles(["-", "./-"]);
    expect(files.map(({ path }) => path)).toEqual(["-", "./-"]);
  });
});
