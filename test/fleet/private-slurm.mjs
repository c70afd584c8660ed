/** A Slurm of one node on loopback, with its own keys, state and ports, all in one folder: munged, slurmctld and slurmd. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Failure, run } from "./divided-check.mjs";

const TOOLS = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "sinfo", "squeue"];
/** Tasks that run at a time; more than there are processors, if need be. */
const SLOTS = 4;
const READY_WITHIN = 60_000; // milliseconds

export class PrivateSlurm {
  #folder;
  #environment;
  #daemons = [];

  /** @throws Failure if it cannot be run here */
  static async start(folder) {
    const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
    const missing = TOOLS.filter(tool => spawnSync("sh", ["-c", `command -v ${tool}`], { env: { PATH } }).status !== 0);
    if (missing.length > 0) {
      throw new Failure(
        `${missing.join(", ")} not found: Slurm is not installed (Debian's packages are slurm-wlm and munge).`,
      );
    }
    if (userInfo().uid !== 0)
      throw new Failure("slurmd starts tasks, and must be run as root for that: run this as root.");
    const slurm = new PrivateSlurm();
    slurm.#folder = folder;
    slurm.#environment = { ...process.env, PATH, SLURM_CONF: join(folder, "slurm.conf") };
    try {
      await slurm.#begin();
    } catch (error) {
      await slurm.stop();
      throw error;
    }
    return slurm;
  }

  /** Runs one of Slurm's programs; returns what it prints. @throws Failure */
  ask(tool, args, environment = {}) {
    return run(tool, args, { cwd: this.#folder, env: { ...this.#environment, ...environment } }).stdout.trim();
  }

  /** Ends the daemons, slurmd first, as tasks end with it. */
  async stop() {
    for (const { child, over } of this.#daemons.reverse()) {
      child.kill("SIGTERM");
      const end = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await over;
      clearTimeout(end);
    }
  }

  async #begin() {
    const folder = this.#folder;
    const socket = join(folder, "munge.socket");
    for (const name of ["state", "spool"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "munge.key"), randomBytes(128), { mode: 0o400 });
    const [controller, node] = await freePorts(2);
    const host = hostname().split(".")[0];
    writeFileSync(
      join(folder, "slurm.conf"),
      `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controller}
SlurmdPort=${node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A task that was requeued waits until its credential has expired.
AuthInfo=socket=${socket},cred_expire=5
StateSaveLocation=${join(folder, "state")}
SlurmdSpoolDir=${join(folder, "spool")}
SlurmctldPidFile=${join(folder, "slurmctld.pid")}
SlurmdPidFile=${join(folder, "slurmd.pid")}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
MailProg=/bin/true
KillWait=2
ReturnToService=2
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${SLOTS} RealMemory=${SLOTS * 512} State=UNKNOWN
PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`,
    );
    const file = name => join(folder, `munged.${name}`);
    this.#daemon("munged", [
      ["--foreground", "--force", `--socket=${socket}`, `--key-file=${join(folder, "munge.key")}`],
      [`--pid-file=${file("pid")}`, `--seed-file=${file("seed")}`, `--log-file=${file("log")}`],
    ]);
    this.#daemon("slurmctld", [["-D", "-c"]]);
    this.#daemon("slurmd", [["-D", "-N", host]]);
    const until = Date.now() + READY_WITHIN;
    const state = () =>
      spawnSync("sinfo", ["--noheader", "--format=%T"], { encoding: "utf8", env: this.#environment }).stdout.trim();
    while (state() !== "idle") {
      const ended = this.#daemons.find(({ child }) => child.exitCode !== null);
      if (ended !== undefined) throw new Failure(`${ended.name} ended: ${ended.said().trim().slice(-1000)}`);
      if (Date.now() > until) throw new Failure(`Slurm's node is not idle after ${READY_WITHIN / 1000} s`);
      await wait(200);
    }
  }

  #daemon(name, args) {
    const log = join(this.#folder, `${name}.said`);
    writeFileSync(log, "");
    const child = spawn("sh", ["-c", `exec "$0" "$@" >> "${log}" 2>&1`, name, ...args.flat()], {
      env: this.#environment,
      stdio: "ignore",
    });
    const over = new Promise(resolve => child.once("exit", resolve));
    this.#daemons.push({ name, child, over, said: () => readFileSync(log, "utf8") });
  }
}

/** Ports of 127.0.0.1 that were free. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map(server => new Promise(resolve => server.once("listening", resolve))));
  const ports = servers.map(server => server.address().port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}
