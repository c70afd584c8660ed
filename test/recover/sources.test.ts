/** Lost messages are the same whether their capture is plain, encrypted with a key log beside it, or a ring of files. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { recover } from "../../src/recover/recover.ts";
import { type RecoveredRecord, recoveredRecord } from "../../src/recover/recovered-record.ts";
import { ghostframe, temporaryFolder } from "../support/command.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { hasTshark } from "../support/oracle-tools.ts";
import { scene13 } from "../support/tls-scenes.ts";
import { tornStream } from "../support/torn-stream.ts";

const PLAIN: Segment[] = tornStream().map(octets => ({ side: 0, octets }));
const FILE_HEADER = 24;

function encrypted(): { segments: Segment[]; keys: string } {
  const { opening, client, keys } = scene13();
  const hellos: Segment[] = [
    { side: 0, octets: opening[0] },
    { side: 1, octets: opening[1] },
  ];
  return { segments: [...hellos, ...PLAIN.map(({ side, octets }) => ({ side, octets: client.seal(octets) }))], keys };
}

/** Two files, the second one from packet `second` on. */
function ring(capture: Uint8Array, second: number): [Uint8Array, Uint8Array] {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  const isLittle = view.getUint32(0, true) === 0xa1b2c3d4;
  let at = FILE_HEADER;
  for (let packet = 1; packet < second; packet++) at += 16 + view.getUint32(at + 8, isLittle);
  const header = capture.subarray(0, FILE_HEADER);
  return [capture.subarray(0, at), Buffer.concat([header, capture.subarray(at)])];
}

function written(captures: readonly Uint8Array[], onTestFinished: TestContext["onTestFinished"]): string[] {
  const folder = temporaryFolder(onTestFinished);
  return captures.map((capture, i) => {
    const path = joinPath(folder, `${i}.pcap`);
    writeFileSync(path, capture);
    return path;
  });
}

async function recovered(paths: readonly string[], keyLogs: string[] = []): Promise<RecoveredRecord[]> {
  const records: RecoveredRecord[] = [];
  await recover(paths, { includeUnconfirmed: false, keyLogs }, async each => void records.push(recoveredRecord(each)));
  return records;
}

function meant(records: readonly RecoveredRecord[]): unknown[] {
  return records.map(({ messageId, fate, sure, spans, properties, body }) => ({
    messageId,
    fate,
    sure,
    spans,
    properties,
    body,
  }));
}

describe("lost messages", () => {
  it("are the same from TLS, and from a ring of files", async ({ onTestFinished }) => {
    const capture = conversationCapture([{ port: 40_000, segments: PLAIN }]);
    const { segments, keys } = encrypted();
    const tls = conversationCapture([{ port: 40_000, serverPort: 5671, segments }]);
    const plain = await recovered(written([capture], onTestFinished));
    expect(plain.map(({ messageId, fate, sure }) => [messageId, fate, sure])).toEqual([
      ["torn", "torn", true],
      ["tearing", "swallowed", true],
    ]);
    expect((plain[0]!.body as { text: string }).text).toBe("x".repeat(3000));
    expect(meant(await recovered(written([tls], onTestFinished), [keys]))).toEqual(meant(plain));
    expect(await recovered(written([tls], onTestFinished))).toEqual([]);
    // The second file begins between the two pieces of the torn frame.
    expect(meant(await recovered(written(ring(capture, 7), onTestFinished)))).toEqual(meant(plain));
  });

  it.skipIf(!hasTshark())("are shown, and repaired, from TLS, too", async ({ onTestFinished }) => {
    const { segments, keys } = encrypted();
    const [path, log] = written([conversationCapture([{ port: 40_000, segments }]), Buffer.from(keys)], onTestFinished);
    const [annotated, repaired] = [`${path}.sick.pcapng`, `${path}.meant.pcapng`];
    const [first, second] = await Promise.all([
      ghostframe(["annotate", path!, "--tls-keys", log!, "-o", annotated]),
      ghostframe(["repair", path!, "--tls-keys", log!, "-o", repaired]),
    ]);
    expect([first.code, second.code]).toEqual([0, 0]);
    const tshark = (file: string, ...args: string[]): string =>
      spawnSync("tshark", ["-r", file, ...args], { encoding: "utf8" }).stdout;
    expect(tshark(annotated, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment")).toContain(
      "piece 1 of 2 of the frame torn here",
    );
    expect(tshark(repaired, "-Y", "_ws.malformed")).toBe("");
    expect(tshark(repaired, "-Y", "amqp.method.method == 40 && amqp.method.class == 60").split("\n")).toHaveLength(4);
  });
});
