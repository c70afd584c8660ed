/**
 * What clients of other libraries say over TLS, with the key log of the server: ghostframe sees the frames that tshark
 * sees, and nothing wrong with the records, with keys and without.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import tls from "node:tls";
import { afterAll, describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { Side } from "../../src/net/connection-observer.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { frameCounter } from "../support/frame-counter.ts";
import { askTshark, hasTshark } from "../support/oracle-tools.ts";
import { certificate } from "../support/tls-peers.ts";
import { clientHandshake, serverHandshake, wire } from "../support/wire.ts";

const TSHARK = hasTshark();
const folder = mkdtempSync(joinPath(tmpdir(), "ghostframe-tls-oracle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => joinPath(folder, name);

const SERVER_SAYS = serverHandshake().octets;
const CLIENT_SAYS = (() => {
  let said = clientHandshake().channelOpen(1);
  for (let i = 0; i < 20; i++) said = said.publish(1, i % 5 === 0 ? "x".repeat(40_000) : `message ${i}`);
  return said.close().octets;
})();
const PROTOCOL_HEADER = 8;
writeFileSync(at("client.bin"), CLIENT_SAYS);

const S_CLIENT = "openssl s_client";

/** Programs that speak TLS as clients: they say what is in client.bin, the protocol header in a record of its own, and leave when the server has ended. */
const CLIENTS: Readonly<Record<string, (port: number, version: Version) => [command: string, ...args: string[]]>> = {
  // It says what it is told on standard input.
  [S_CLIENT]: (port, version) => [
    "openssl",
    "s_client",
    "-quiet",
    version === "TLSv1.2" ? "-tls1_2" : "-tls1_3",
    "-servername",
    "localhost",
    "-connect",
    `127.0.0.1:${port}`,
  ],
  Python: port => [
    "python3",
    "-c",
    `import socket, ssl
context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
peer = context.wrap_socket(socket.create_connection(("127.0.0.1", ${port})), server_hostname="localhost")
said = open("${at("client.bin")}", "rb").read()
peer.sendall(said[:8]); peer.sendall(said[8:])
while peer.recv(65536): pass`,
  ],
  Ruby: port => [
    "ruby",
    "-rsocket",
    "-ropenssl",
    "-e",
    `context = OpenSSL::SSL::SSLContext.new
peer = OpenSSL::SSL::SSLSocket.new(TCPSocket.new("127.0.0.1", ${port}), context); peer.hostname = "localhost"; peer.connect
said = File.binread("${at("client.bin")}")
peer.syswrite(said[0, 8]); peer.write(said[8..]); peer.flush
begin; loop { peer.readpartial(65536) }; rescue EOFError, OpenSSL::SSL::SSLError; end`,
  ],
  PHP: port => [
    "php",
    "-r",
    `$options = ["ssl" => ["verify_peer" => false, "verify_peer_name" => false, "peer_name" => "localhost"]];
$peer = stream_socket_client("tls://127.0.0.1:${port}", $n, $e, 5, STREAM_CLIENT_CONNECT, stream_context_create($options));
$said = file_get_contents("${at("client.bin")}");
fwrite($peer, substr($said, 0, 8)); fwrite($peer, substr($said, 8));
while (!feof($peer)) { fread($peer, 65536); }`,
  ],
};

type Version = "TLSv1.2" | "TLSv1.3";

const SUITES: readonly [Version, ciphers: string][] = [
  ["TLSv1.3", "TLS_AES_256_GCM_SHA384"],
  ["TLSv1.3", "TLS_AES_128_GCM_SHA256"],
  ["TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"],
  ["TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"],
  ["TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"],
  ["TLSv1.2", "ECDHE-ECDSA-AES128-SHA256"],
];

interface PeerSession {
  segments: Segment[];
  keys: string;
}

/** What crosses the wire between a program and a server of this suite. */
async function record(client: string, version: Version, ciphers: string): Promise<PeerSession> {
  const keys: Buffer[] = [];
  // OpenSSL wants a suite of TLS 1.2 even where 1.3 is spoken.
  const suites = version === "TLSv1.3" ? `${ciphers}:ECDHE-ECDSA-AES128-GCM-SHA256` : ciphers;
  const limits = { minVersion: version, maxVersion: version, ciphers: suites };
  const server = tls.createServer({ ...certificate(), ...limits }, peer => {
    let received = 0;
    peer.on("error", () => {});
    peer.on("data", (chunk: Buffer) => {
      if (received === 0) peer.write(SERVER_SAYS);
      received += chunk.length;
      if (received === CLIENT_SAYS.length) peer.end(wire().closeOk().octets);
    });
  });
  server.on("keylog", line => keys.push(line));
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const segments: Segment[] = [];
  const relay = net.createServer(socket => {
    const onward = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
    pass(0, socket, onward, segments);
    pass(1, onward, socket, segments);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const [command, ...args] = CLIENTS[client]!((relay.address() as AddressInfo).port, version);
  const program = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
  program.stdin.on("error", () => {});
  program.stdout.once("data", () => {
    if (client === S_CLIENT) program.stdin.write(CLIENT_SAYS.subarray(PROTOCOL_HEADER));
  });
  if (client === S_CLIENT) program.stdin.write(CLIENT_SAYS.subarray(0, PROTOCOL_HEADER));
  await once(program, "exit");
  server.close();
  relay.close();
  return { segments, keys: Buffer.concat(keys).toString() };
}

const MAX_SEGMENT = 16_000;

function pass(side: Side, from: net.Socket, to: net.Socket, segments: Segment[]): void {
  from.on("data", (chunk: Buffer) => {
    for (let start = 0; start < chunk.length; start += MAX_SEGMENT) {
      segments.push({ side, octets: Uint8Array.from(chunk.subarray(start, start + MAX_SEGMENT)) });
    }
    to.write(chunk);
  });
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
}

/** Frames by type, and methods, of the one connection; with what was found. */
async function read(path: string, keyLogs: string[]): Promise<{ found: string[]; counts: object; opened?: boolean }> {
  const { counts, listener } = frameCounter();
  const report = await inspect([path], { keyLogs, listener });
  expect(report.connections).toHaveLength(1);
  const { tls: facts, id } = report.connections[0]!;
  const found = report.findings.map(({ rule, message }) => `${rule}: ${message}`);
  return { found, counts: Object.fromEntries(counts.get(id) ?? []), opened: facts?.decrypted === true };
}

const there = (client: string) => {
  const [command] = CLIENTS[client]!(0, "TLSv1.3");
  return spawnSync(command, [client === S_CLIENT ? "version" : "--version"]).status === 0;
};

describe.each(Object.keys(CLIENTS))("%s", client => {
  // Ruby and PHP speak by the same library: one suite of each version.
  const suites = client === "Ruby" || client === "PHP" ? [SUITES[0]!, SUITES[3]!] : SUITES;
  it.skipIf(!there(client)).each(suites)("over %s with %s", async (version, ciphers) => {
    const { segments, keys } = await record(client, version, ciphers);
    const path = at(`${client.replace(" ", "-")}-${ciphers}.pcap`);
    writeFileSync(path, conversationCapture([{ port: 40_000, serverPort: 5671, segments }]));
    writeFileSync(at("keys.log"), keys);

    const closed = await read(path, []);
    expect(closed).toEqual({ found: [], counts: {}, opened: false });
    const { found, counts, opened } = await read(path, [keys]);
    expect({ found, opened }).toEqual({ found: [], opened: true });
    expect(counts).toMatchObject({ "type 1": 29, "10.50": 1, "60.40": 20, "type 2": 20 });
    if (!TSHARK) return;
    const ports = ["-o", `tls.keylog_file:${at("keys.log")}`, "-d", "tcp.port==5671,tls", "-d", "tls.port==5671,amqp"];
    const oracle = await askTshark(path, [], ports);
    expect(counts).toEqual(Object.fromEntries(oracle.connections[0]!.counts));
  });
});
