import { execFile, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Topology } from "../formats/topology.ts";
import type { Network, Place, Shapes } from "./network.ts";
import { isLeftover } from "./owner.ts";

const run = promisify(execFile);
const NAMESPACES = "/run/netns";
const PORT = 7411;
/** What a queue before the shaper may hold: a sender is held up by TCP, never by loss. */
const QUEUE_BYTES = 512 << 20;
/** The least that tbf's bucket must hold: two packets, and what comes between two ticks of its timer. */
const LEAST_BURST = 3200;
const TICK_S = 0.00025;

interface Cable {
  readonly from: number;
  readonly to: number;
  /** Address of the interface at `from`, and at `to`. */
  readonly near: string;
  readonly far: string;
}

/**
 * A network namespace for each tier, and a pair of virtual Ethernet interfaces for each link between two, whose sending
 * ends are shaped by the kernel's token bucket filter (tc-tbf(8)). Needs root. Agents add the propagation delay.
 */
export class KernelNetwork implements Network {
  readonly kind = "kernel";
  readonly delayedBySender = true;
  readonly #owner: string;
  readonly #folder: string;
  readonly #tiers: readonly string[];
  readonly #cables: readonly Cable[];
  readonly #shaped = new Set<string>();

  private constructor(owner: string, folder: string, { tiers, links }: Topology) {
    this.#owner = owner;
    this.#folder = folder;
    this.#tiers = tiers.map(({ name }) => name);
    const cables: Cable[] = [];
    for (const link of links) {
      const [from, to] = [this.#tiers.indexOf(link.from), this.#tiers.indexOf(link.to)];
      // A link back has the same cable.
      if (cables.some((cable) => cable.from === to && cable.to === from)) continue;
      const subnet = `10.213.${cables.length}`;
      cables.push({ from, to, near: `${subnet}.1`, far: `${subnet}.2` });
    }
    this.#cables = cables;
  }

  /**
   * @param folder for the sockets by which agents are told what to do, out of the network's sight
   * @throws Error saying what this machine does not allow; nothing is left behind
   */
  static async create(owner: string, folder: string, topology: Topology): Promise<KernelNetwork> {
    const network = new KernelNetwork(owner, folder, topology);
    try {
      await network.#build();
      // A kernel without the filter says so here, and not after an hour.
      await network.shape(
        new Map(
          topology.links.map(({ from, to }) => [`${from}>${to}`, { bandwidth_bps: 1e6, delay_s: 0, burst_bytes: 0 }]),
        ),
      );
      await network.shape(new Map());
      return network;
    } catch (error) {
      network.closeSync();
      throw error;
    }
  }

  async #build(): Promise<void> {
    for (const [tier] of this.#tiers.entries()) {
      await run("ip", ["netns", "add", this.#namespace(tier)]);
      await run("ip", ["-n", this.#namespace(tier), "link", "set", "lo", "up"]);
    }
    for (const [index, { from, to, near, far }] of this.#cables.entries()) {
      const [a, b] = [`tw${index}a`, `tw${index}b`];
      const [at, beyond] = [this.#namespace(from), this.#namespace(to)];
      await run("ip", [...["link", "add", a, "netns", at, "type", "veth"], ...["peer", "name", b, "netns", beyond]]);
      await run("ip", ["-n", at, "addr", "add", `${near}/30`, "dev", a]);
      await run("ip", ["-n", beyond, "addr", "add", `${far}/30`, "dev", b]);
      await run("ip", ["-n", at, "link", "set", a, "up"]);
      await run("ip", ["-n", beyond, "link", "set", b, "up"]);
    }
  }

  launcher(tier: string): readonly string[] {
    return ["ip", "netns", "exec", this.#namespace(this.#tiers.indexOf(tier))];
  }

  place(tier: string): Place {
    return { host: "0.0.0.0", port: PORT, socket: this.#socket(tier) };
  }

  async connect(): Promise<void> {}

  control(tier: string): string {
    return `unix:${this.#socket(tier)}`;
  }

  hop(from: string, to: string): string {
    const [a, b] = [this.#tiers.indexOf(from), this.#tiers.indexOf(to)];
    const there = this.#cables.find((cable) => cable.from === a && cable.to === b);
    const back = this.#cables.find((cable) => cable.from === b && cable.to === a);
    return `http://${there?.far ?? back?.near}:${PORT}`;
  }

  /** A filter that is put in place anew has a full bucket. */
  async shape(shapes: Shapes): Promise<void> {
    for (const [index, { from, to }] of this.#cables.entries()) {
      await this.#shapeEnd(`${this.#tiers[from]}>${this.#tiers[to]}`, from, `tw${index}a`, shapes);
      await this.#shapeEnd(`${this.#tiers[to]}>${this.#tiers[from]}`, to, `tw${index}b`, shapes);
    }
  }

  async #shapeEnd(link: string, tier: number, device: string, shapes: Shapes): Promise<void> {
    const shape = shapes.get(link);
    const tc = ["-n", this.#namespace(tier), "qdisc"];
    if (this.#shaped.delete(link)) await run("tc", [...tc, "del", "dev", device, "root"]);
    if (!shape || shape.bandwidth_bps === Number.POSITIVE_INFINITY) return;
    const rate = Math.max(8, Math.round(shape.bandwidth_bps));
    const burst = Math.ceil(Math.max(LEAST_BURST, (rate / 8) * TICK_S, shape.burst_bytes));
    await run("tc", [
      ...[...tc, "add", "dev", device, "root", "tbf"],
      ...["rate", `${rate}bit`, "burst", `${burst}`, "limit", `${QUEUE_BYTES}`],
    ]);
    this.#shaped.add(link);
  }

  async heal(): Promise<void> {}

  closeSync(): void {
    for (const [tier] of this.#tiers.entries()) spawnSync("ip", ["netns", "del", this.#namespace(tier)]);
  }

  #namespace(tier: number): string {
    return `${this.#owner}-${tier}`;
  }

  #socket(tier: string): string {
    return path.join(this.#folder, `${this.#tiers.indexOf(tier)}.sock`);
  }
}

/** Removes namespaces, with their interfaces, that testbeds left whose processes were killed. */
export function removeLeftNamespaces(): void {
  if (!fs.existsSync(NAMESPACES)) return;
  for (const name of fs.readdirSync(NAMESPACES).filter(isLeftover)) spawnSync("ip", ["netns", "del", name]);
}
