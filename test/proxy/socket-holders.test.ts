import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { endianness, networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type HeldConnection, type ScanLimits, SocketHolders } from "../../src/proxy/socket-holders.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ghostframe-holders-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A client on 127.0.0.1 with this port, connected to port 5672 there. */
function connection(number: number, port: number, address = "127.0.0.1"): HeldConnection {
  return { number, client: { address, port }, listener: { address: "127.0.0.1", port: 5672 } };
}

describe("in a folder like /proc", () => {
  let roots = 0;

  interface FakeProcess {
    comm?: string;
    cmdline?: string;
    /** Link texts, by number; a string in place of them is a folder that cannot be opened. */
    fd: Record<number, string> | "unreadable";
  }

  function root(table: string[], processes: Record<string, FakeProcess>): string {
    const path = join(folder, `root${roots++}`);
    mkdirSync(join(path, "net"), { recursive: true });
    writeFileSync(join(path, "net/tcp"), ["  sl  local_address …", ...table, ""].join("\n"));
    for (const [pid, { comm, cmdline, fd }] of Object.entries(processes)) {
      mkdirSync(join(path, pid));
      if (comm !== undefined) writeFileSync(join(path, pid, "comm"), `${comm}\n`);
      if (cmdline !== undefined) writeFileSync(join(path, pid, "cmdline"), cmdline);
      if (fd === "unreadable") {
        // Root may open any folder. This is none.
        writeFileSync(join(path, pid, "fd"), "");
        continue;
      }
      mkdirSync(join(path, pid, "fd"));
      for (const [number, target] of Object.entries(fd)) symlinkSync(target, join(path, pid, "fd", number));
    }
    return path;
  }

  const LOOPBACK = endianness() === "LE" ? "0100007F" : "7F000001";
  /** 192.0.2.1 (RFC 5737) is nobody's. */
  const ELSEWHERE = endianness() === "LE" ? "010200C0" : "C0000201";
  function line(port: number, inode: number, remotePort = 5672, address = LOOPBACK): string {
    const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, "0");
    return `   0: ${address}:${hex(port)} ${LOOPBACK}:${hex(remotePort)} 01 0:0 0:0 0 0 0 ${inode} 2 0 20 0 0 10 -1`;
  }

  async function pids(path: string, connections: HeldConnection[], limits?: Partial<ScanLimits>): Promise<object> {
    const found = await new SocketHolders(path, limits).scan(connections);
    return Object.fromEntries([...found].map(([number, holders]) => [number, holders.map(({ pid }) => pid)]));
  }

  const held = { fd: { 3: "socket:[777]" } };

  test("the number of a socket is looked up once, and forgotten with its connection", async () => {
    const path = root([line(40_001, 11), line(40_002, 12)], {
      1: { fd: { 3: "socket:[11]" } },
      2: { fd: { 3: "socket:[12]" } },
    });
    const holders = new SocketHolders(path);
    const [first, second] = [connection(1, 40_001), connection(2, 40_002)];
    const scanned = async (...connections: HeldConnection[]) =>
      Object.fromEntries(
        [...(await holders.scan(connections))].map(([number, of]) => [number, of.map(({ pid }) => pid)]),
      );
    expect(await scanned(first)).toEqual({ 1: [1] });
    writeFileSync(join(path, "net/tcp"), `\n${line(40_002, 12)}\n`);
    expect(await scanned(first, second)).toEqual({ 1: [1], 2: [2] });
    expect(await scanned(second)).toEqual({ 2: [2] });
    expect(await scanned(first, second)).toEqual({ 1: [], 2: [2] });
  });

  test("all connections in one scan, by pid", async () => {
    const path = root([line(50001, 777), line(50002, 778), line(50003, 779)], {
      "4713": { fd: { 0: "/dev/null", 7: "socket:[777]" } },
      "4711": { fd: { 3: "socket:[777]", 4: "socket:[778]", 5: "socket:[777]" } },
      "5": { fd: { 3: "socket:[1]", 4: "pipe:[777]", 5: "socket:[7777]", 6: "socket:[77]" } },
    });
    const asked = [connection(1, 50001), connection(2, 50002), connection(3, 50003), connection(4, 50004)];
    expect(await pids(path, asked)).toEqual({ 1: [4711, 4713], 2: [4711], 3: [], 4: [] });
  });

  test("another user's process is passed over", async () => {
    const path = root([line(50001, 777)], { "9": held, "10": { fd: "unreadable" }, "11": held });
    expect(await pids(path, [connection(1, 50001)])).toEqual({ 1: [9, 11] });
  });

  test("the same ports towards another listener are another connection", async () => {
    const path = root([line(50001, 777, 5673)], { "9": held });
    expect(await pids(path, [connection(1, 50001)])).toEqual({ 1: [] });
  });

  test("a client on another host is not looked for", async () => {
    const path = root([line(50001, 777, 5672, ELSEWHERE)], { "9": held });
    const remote = { ...connection(1, 50001), client: { address: "192.0.2.1", port: 50001 } };
    expect(await pids(path, [remote])).toEqual({ 1: [] });
  });

  test("the client's address may be written as IPv6", async () => {
    const path = root([line(50001, 777)], { "9": held });
    expect(await pids(path, [connection(1, 50001, "::ffff:127.0.0.1")])).toEqual({ 1: [9] });
  });

  test("what is no process, or not there, or not of its form, does no harm", async () => {
    const path = root(["x".repeat(300_000), "\0\x1b[2J", line(50001, 777)], {
      self: held,
      "12a": held,
      "9": { fd: { 3: "socket:[777]", 4: "socket:[]", 5: "socket:[777" } },
    });
    expect(await pids(path, [connection(1, 50001)])).toEqual({ 1: [9] });
    expect(await pids(join(folder, "none"), [connection(1, 50001)])).toEqual({ 1: [] });
    expect(await pids(path, [])).toEqual({});
  });

  test("a line that lies across pieces of the table is one line", async () => {
    const ports = Array.from({ length: 1500 }, (_, at) => 10000 + at);
    const fd = Object.fromEntries(ports.map((port, at) => [at, `socket:[${port}]`]));
    const table = ports.map(port => line(port, port));
    expect(table.join("\n").length).toBeGreaterThan(100_000);
    const found = await new SocketHolders(root(table, { "9": { fd } })).scan(ports.map(port => connection(port, port)));
    expect(ports.filter(port => found.get(port)?.length !== 1)).toEqual([]);
  });

  describe("a scan ends at its limits", () => {
    let path = "";
    beforeAll(() => {
      const fd = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [at, "socket:[777]"]));
      path = root([line(50001, 777)], Object.fromEntries(Array.from({ length: 40 }, (_, at) => [100 + at, { fd }])));
    });

    test.each<{ limits: Partial<ScanLimits>; most: number }>([
      { limits: {}, most: 40 },
      { limits: { maxProcesses: 10 }, most: 10 },
      { limits: { maxFiles: 200 }, most: 5 },
      { limits: { maxTableOctets: 0 }, most: 0 },
      { limits: { milliseconds: -1 }, most: 0 },
    ])("$limits: $most", async ({ limits, most }) => {
      const found = await new SocketHolders(path, limits).scan([connection(1, 50001)]);
      expect(found.get(1)).toHaveLength(most);
    });
  });

  test("one scan at a time: a call during a scan gets its answer", async () => {
    const holders = new SocketHolders(root([line(50001, 777)], { "9": held }));
    const first = holders.scan([connection(1, 50001)]);
    expect(holders.scan([connection(2, 50001)])).toBe(first);
    await first;
    const later = await holders.scan([connection(2, 50001)]);
    expect([...later.keys()]).toEqual([2]);
  });

  const commands = [
    { comm: "ruby", cmdline: "ruby\0worker.rb\0--password\0hunter2\0", shown: "ruby worker.rb" },
    { comm: "python3", cmdline: "/usr/bin/python3\0/home/ada/app/worker.py\0", shown: "python3 worker.py" },
    { comm: "ruby", cmdline: "ruby\0-e\0secret.rb\0", shown: "ruby" },
    { comm: "node", cmdline: "node\0amqp://guest:guest@broker/x.js\0", shown: "node" },
    { comm: "node", cmdline: "node\0https://broker/x.js\0", shown: "node" },
    { comm: "tool", cmdline: "tool\0--token=abc.py\0", shown: "tool" },
    { comm: "tool", cmdline: "tool\0PASSWORD=abc.py\0", shown: "tool" },
    { comm: "tool", cmdline: "tool\0user@host.sh\0", shown: "tool" },
    { comm: "tool", cmdline: "tool\0hunter2\0", shown: "tool" },
    { comm: "mysql", cmdline: "mysql\0-phunter2.pl\0", shown: "mysql" },
    { comm: "tool", cmdline: "tool\0my secret.py\0", shown: "tool" },
    { comm: "puma", cmdline: "puma: cluster worker 0: 4711 [app]", shown: "puma" },
    { comm: "kworker/0:1", cmdline: "", shown: "kworker/0:1" },
    { comm: "a\x1b[2J\u202eb", cmdline: "a\0\x1b]0;x.py\0", shown: "a\\x1b[2J\\u{202e}b \\x1b]0;x.py" },
    { comm: "x".repeat(500), cmdline: `x\0${"y".repeat(9000)}.py\0`, shown: `${"x".repeat(57)}…(+443)` },
    { comm: "ruby", cmdline: `ruby\0${"y".repeat(200)}.rb\0`, shown: `ruby ${"y".repeat(52)}…(+151)` },
    { comm: undefined, cmdline: undefined, shown: "" },
  ];

  test.each(commands)("command $shown", async ({ comm, cmdline, shown }) => {
    const process = { ...held, ...(comm !== undefined && { comm }), ...(cmdline !== undefined && { cmdline }) };
    const path = root([line(50001, 777)], { "9": process });
    const found = await new SocketHolders(path).scan([connection(1, 50001)]);
    expect(found.get(1)).toEqual([{ pid: 9, command: shown }]);
  });
});

/** Connects, does what `body` says, prints pids as JSON, and stays, with its children, until its standard input ends. */
const script = (body: string) => `
import json, os, socket, subprocess, sys, threading
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
sock = socket.socket(family)
sock.connect((sys.argv[1], int(sys.argv[2])))
def stay():
    sys.stdin.buffer.read()
    os._exit(0)
def tell(*pids):
    print(json.dumps([os.getpid(), *pids]), flush=True)
${body}
stay()
`;

const SCRIPTS = {
  alone: "tell()",
  "with threads": `
for _ in range(3):
    threading.Thread(target=stay, daemon=True).start()
tell()`,
  "forked, both hold it": `
pid = os.fork()
if pid == 0:
    stay()
tell(pid)`,
  "forked twice, all hold it": `
first = os.fork()
if first == 0:
    stay()
second = os.fork()
if second == 0:
    stay()
tell(first, second)`,
  "forked, the child closes it": `
reading, writing = os.pipe()
pid = os.fork()
if pid == 0:
    sock.close()
    os.write(writing, b".")
    stay()
os.read(reading, 1)
tell(pid)`,
  "forked, the parent closes it": `
pid = os.fork()
if pid == 0:
    stay()
sock.close()
tell(pid)`,
  "a command that inherits it": `
sock.set_inheritable(True)
tell(subprocess.Popen(["cat"], close_fds=False).pid)`,
  "a command that does not": `
sock.set_inheritable(True)
tell(subprocess.Popen(["cat"], close_fds=True).pid)`,
};

const canFork = process.platform === "linux" && spawnSync("python3", ["--version"]).status === 0;

describe.runIf(canFork)("with real processes", () => {
  let server: Server | undefined;
  let accepted: Socket | undefined;
  let child: ChildProcess | undefined;

  afterEach(async () => {
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, "exit");
      child.stdin?.end();
      await ended;
    }
    accepted?.destroy();
    server?.close();
    child = accepted = server = undefined;
  });

  async function listen(host: string): Promise<number> {
    server = createServer(socket => {
      accepted = socket.on("error", () => {});
    }).listen(0, host);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  function asked(): HeldConnection {
    const { remoteAddress, remotePort, localAddress, localPort } = accepted!;
    return {
      number: 1,
      client: { address: remoteAddress!, port: remotePort! },
      listener: { address: localAddress!, port: localPort! },
    };
  }

  /** Runs a script up to its line, and returns its pids and the holders that were found. */
  async function holdersOf(name: keyof typeof SCRIPTS, host = "127.0.0.1", listenOn = host) {
    const port = await listen(listenOn);
    const path = join(folder, "worker.py");
    writeFileSync(path, script(SCRIPTS[name]));
    child = spawn("python3", [path, host, String(port)], { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
    while (accepted === undefined) await once(server!, "connection");
    const holders = (await new SocketHolders().scan([asked()])).get(1)!;
    return { pids: JSON.parse(line) as number[], holders };
  }

  const byNumber = (numbers: number[]) => numbers.toSorted((a, b) => a - b);

  test.each<[keyof typeof SCRIPTS, "all" | "the first" | "the second"]>([
    ["alone", "all"],
    ["with threads", "all"],
    ["forked, both hold it", "all"],
    ["forked twice, all hold it", "all"],
    ["forked, the child closes it", "the first"],
    ["forked, the parent closes it", "the second"],
    ["a command that inherits it", "all"],
    ["a command that does not", "the first"],
  ])("%s: %s", async (name, who) => {
    const { pids, holders } = await holdersOf(name);
    const expected = who === "all" ? byNumber(pids) : [pids[who === "the first" ? 0 : 1]];
    expect(holders.map(({ pid }) => pid)).toEqual(expected);
    if (name.startsWith("forked")) {
      for (const { command } of holders) expect(command).toMatch(/^python3?[\d.]* worker\.py$/);
    }
  });

  const hasIpv6 = Object.values(networkInterfaces()).some(each => each?.some(({ address }) => address === "::1"));

  test.runIf(hasIpv6).each([
    ["IPv6", "::1", "::1"],
    ["a client on IPv4, a listener on IPv6", "127.0.0.1", "::ffff:127.0.0.1"],
    ["IPv4 by an IPv6 socket", "::ffff:127.0.0.1", "127.0.0.1"],
  ])("%s", async (_, host, listenOn) => {
    const { pids, holders } = await holdersOf("forked, both hold it", host, listenOn);
    expect(holders.map(({ pid }) => pid)).toEqual(byNumber(pids));
  });

  test("a client in this very process, and the loop goes on meanwhile", async () => {
    const port = await listen("127.0.0.1");
    const client = connect(port, "127.0.0.1");
    await Promise.all([once(client, "connect"), once(server!, "connection")]);
    let turns = 0;
    let over = false;
    const turn = () => {
      turns++;
      if (!over) setImmediate(turn);
    };
    turn();
    const found = await new SocketHolders().scan([asked()]);
    over = true;
    client.destroy();
    expect(found.get(1)?.map(({ pid }) => pid)).toEqual([process.pid]);
    expect(turns).toBeGreaterThan(5);
  });
});
