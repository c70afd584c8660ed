/**
 * Which tunnels a packet came through, as one number: networks in tunnels may use the same addresses and ports.
 *
 * 0 stands for no tunnel. Only numbers of networks count (VXLAN, GENEVE, GRE keys, …), not the tunnel's ends nor an
 * MPLS label: these differ in each direction and on each hop.
 */
import { type LayeredPacket, TUNNEL } from "./layers/layered-packet.ts";

/** Paths that are remembered. Beyond this, packets of one path still belong together, but paths are not compared. */
const MAX_PATHS = 4096;

const NAMES: Readonly<Record<number, string>> = {
  [TUNNEL.vxlan]: "VXLAN",
  [TUNNEL.geneve]: "GENEVE",
  [TUNNEL.gre]: "GRE key",
  [TUNNEL.gtp]: "GTP tunnel",
  [TUNNEL.provider]: "802.1ah service",
  [TUNNEL.l2tp]: "L2TP session",
};

export class TunnelPaths {
  /** Kinds and numbers of tunnels, the outermost first. */
  readonly #paths = new Map<number, Int32Array>();

  /** The number of the path that the packet came by. */
  of(packet: LayeredPacket): number {
    const { tunnels, tunnelCount } = packet;
    if (tunnelCount === 0) return 0;
    let hash = 0x811c9dc5;
    for (let i = 0; i < 2 * tunnelCount; i++) {
      hash = Math.imul(hash ^ tunnels[i]!, 0x01000193);
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    }
    const path = hash === 0 ? 1 : hash;
    if (!this.#paths.has(path) && this.#paths.size < MAX_PATHS) {
      this.#paths.set(path, tunnels.slice(0, 2 * tunnelCount));
    }
    return path;
  }

  /** Whether a packet may be seen on both paths: one path is the inner part of the other. */
  nest(one: number, other: number): boolean {
    if (one === other || one === 0 || other === 0) return true;
    const [a, b] = [this.#paths.get(one), this.#paths.get(other)];
    if (a === undefined || b === undefined) return false;
    const [short, long] = a.length < b.length ? [a, b] : [b, a];
    return short.length < long.length && short.every((word, i) => word === long[long.length - short.length + i]);
  }

  /** "VXLAN 42", "VXLAN 42, GRE key 7"; empty for no tunnel, or for a path that is not remembered. */
  describe(path: number): string {
    const words = this.#paths.get(path) ?? new Int32Array(0);
    const names: string[] = [];
    for (let i = 0; i < words.length; i += 2) names.push(`${NAMES[words[i]!]} ${words[i + 1]! >>> 0}`);
    return names.join(", ");
  }
}
