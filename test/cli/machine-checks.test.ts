/** What `doctor` says of machines, made up: what is there, what may be done, what to do. */
import { describe, expect, it } from "vitest";
import { type Machine, machineChecks, thisMachine } from "../../src/cli/machine-checks.ts";

const MAY = "Name:\tnode\nCapEff:\t0000000000002000\n";
const MAY_NOT = "Name:\tnode\nCapEff:\t0000000000000000\n";

function machine(parts: Partial<Machine> & { files?: Record<string, string> } = {}): Machine {
  const { files = { "/proc/net/tcp": "", "/proc/self/status": MAY_NOT }, ...rest } = parts;
  return {
    platform: "linux",
    nodeVersion: "v22.1.0",
    uid: 1000,
    program: name => `/usr/bin/${name}`,
    text: path => files[path] ?? null,
    lists: () => false,
    output: async () => "",
    ...rest,
  };
}

describe("says", () => {
  it.each<[what: string, of: Machine, lines: RegExp[]]>([
    [
      "all is well, for root",
      machine({ uid: 0 }),
      [/^ok node/, /^ok capture: dumpcap and tcpdump, as root/, /^ok \/proc/],
    ],
    ["Node is too old", machine({ nodeVersion: "v20.18.3" }), [/^fail node: Node v20\.18\.3 Use Node 20\.19/]],
    ["Node is the oldest that will do", machine({ nodeVersion: "v20.19.0" }), [/^ok node/]],
    ["nothing can capture", machine({ program: () => null }), [/^ok node/, /^warn capture: neither .* --record DIR/]],
    ["this user may not capture", machine(), [/^ok/, /^warn capture: .* may not capture .*setcap/]],
    [
      "this process has the capability",
      machine({ files: { "/proc/self/status": MAY, "/proc/net/tcp": "" } }),
      [/^ok/, /^ok capture: dumpcap and tcpdump, with CAP_NET_RAW/],
    ],
    [
      "dumpcap has it",
      machine({ output: async (_, [path]) => (path === "/usr/bin/dumpcap" ? `${path} cap_net_raw=eip` : "") }),
      [/^ok/, /^ok capture: dumpcap, which may/],
    ],
    [
      "who may capture is not known elsewhere",
      machine({ platform: "darwin" }),
      [/^ok/, /^warn capture: .*not known/, /^warn \/proc: not Linux/],
    ],
    ["/proc is not mounted", machine({ files: {} }), [/^ok/, /^warn/, /^warn \/proc: \/proc\/net\/tcp cannot be read/]],
    ["only this user's processes", machine(), [/^ok/, /^warn/, /^warn \/proc: only this user's/]],
    ["all processes", machine({ lists: () => true }), [/^ok/, /^warn/, /^ok \/proc: readable/]],
  ])("%s", async (_, of, lines) => {
    const checks = await machineChecks(of);
    const printed = checks.map(({ state, what, found, todo }) => `${state} ${what}: ${found} ${todo}`);
    for (const [at, line] of lines.entries()) expect(printed[at]).toMatch(line);
    for (const { state, todo } of checks) expect(todo !== "").toBe(state !== "ok");
  });
});

it("asks this machine, and gets an answer to each question", async () => {
  const checks = await machineChecks(thisMachine);
  expect(checks.map(({ what }) => what)).toEqual(["node", "capture", "/proc"]);
  expect(await thisMachine.output("no-such-program", [])).toBeNull();
});
