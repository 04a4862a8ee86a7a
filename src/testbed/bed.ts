import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Measure } from "../formats/measure.ts";
import { Problem } from "../formats/problem.ts";
import type { Topology } from "../formats/topology.ts";
import { defaultAgentOptions } from "./agent.ts";
import type { AgentStart } from "./agentprocess.ts";
import type { Cell } from "./cells.ts";
import { Groups, removeLeftGroups } from "./cgroups.ts";
import { type Child, startChild } from "./children.ts";
import type { Peer } from "./client.ts";
import { KernelNetwork, removeLeftNamespaces } from "./namespaces.ts";
import { burstBytes, type Network, type Shapes } from "./network.ts";
import { isLeftover, ownerName } from "./owner.ts";
import { UserNetwork } from "./relays.ts";

/** What the runtime itself takes of a tier's memory, beside models and activations. */
const RUNTIME_BYTES = 256 << 20;

/** How tiers and links are made: by the kernel, by processes alone, or not at all, where every tier runs elsewhere. */
export type Emulation = "kernel" | "user" | "remote";

export interface TestbedOptions {
  readonly topology: Topology;
  readonly measure: Measure;
  /** Tiers that requests come to. */
  readonly tiers: readonly string[];
  /** Pairs of tiers of which the first sends requests to the second. */
  readonly hops: readonly (readonly [from: string, to: string])[];
  /** Folder of the models, for the tiers of this machine. */
  readonly models: string;
  /** As asked for; auto takes the kernel where this machine lets it. */
  readonly emulation: "auto" | "kernel" | "user";
  /** Whether tiers' processors are to be limited. */
  readonly limited: boolean;
  /** Told what is less than was asked for. */
  readonly onNote: (text: string) => void;
}

/** Tiers, running, and the network between them, which can be made as a cell says. */
export class Testbed {
  readonly emulation: Emulation;
  /** Whether processor quotas are kept. */
  readonly limits: boolean;
  readonly #options: TestbedOptions;
  readonly #folder: string;
  readonly #network: Network | undefined;
  readonly #groups: Groups | undefined;
  readonly #token = randomBytes(24).toString("base64url");
  readonly #children = new Map<string, Child>();
  readonly #onExit = () => this.closeSync();

  private constructor(
    options: TestbedOptions,
    folder: string,
    network: Network | undefined,
    groups: Groups | undefined,
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#network = network;
    this.#groups = groups;
    this.emulation = network?.kind ?? "remote";
    this.limits = groups !== undefined;
    process.once("exit", this.#onExit);
  }

  /**
   * Sets tiers and links up, after clearing away what killed testbeds left.
   * @throws Problem when the kernel's emulation was asked for and this machine does not allow it
   */
  static async create(options: TestbedOptions): Promise<Testbed> {
    await clearLeftovers();
    const owner = ownerName();
    const folder = path.join(os.tmpdir(), owner);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { mode: 0o700 });
    const { measure } = options;
    const here = options.tiers.filter((tier) => !(tier in measure.agents));
    let network: Network | undefined;
    let groups: Groups | undefined;
    try {
      if (here.length > 0) network = await networkOf(options, owner, folder);
      if (here.length > 0 && options.limited) groups = groupsOf(options, owner);
    } catch (error) {
      network?.closeSync();
      fs.rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    const bed = new Testbed(options, folder, network, groups);
    try {
      await bed.heal();
      return bed;
    } catch (error) {
      bed.closeSync();
      throw error;
    }
  }

  /** Whether a tier runs on this machine, for this testbed alone. */
  isHere(tier: string): boolean {
    return !(tier in this.#options.measure.agents);
  }

  /** How this process reaches a tier. */
  peer(tier: string): Peer {
    const remote = this.#options.measure.agents[tier];
    if (remote) return { tier, url: remote.url, token: remote.token ?? process.env.TIERWISE_TOKEN };
    return { tier, url: this.#network!.control(tier), token: this.#token };
  }

  /** How one tier reaches the next, and the delays that the sender has to add, there and back. */
  hop(from: string, to: string, cell: Cell): Peer & { delay_s: number; return_delay_s: number } {
    const { agents } = this.#options.measure;
    const url = agents[to]?.url ?? this.#network!.hop(from, to);
    const bySender = this.#network?.delayedBySender ?? false;
    const delay = (link: string) => (bySender ? (cell.links[link]?.delay_s ?? 0) : 0);
    return {
      ...{ ...this.peer(to), url },
      delay_s: delay(`${from}>${to}`),
      return_delay_s: delay(`${to}>${from}`),
    };
  }

  /** Starts what is not there, or no longer: tiers, relays. @returns tiers that were started */
  async heal(): Promise<string[]> {
    if (!this.#network) return [];
    const { tiers, measure } = this.#options;
    const started: string[] = [];
    for (const tier of tiers) {
      if (tier in measure.agents || this.#children.get(tier)?.alive) continue;
      await this.#start(tier);
      started.push(tier);
    }
    await this.#network.heal();
    return started;
  }

  async #start(tier: string): Promise<void> {
    const { models, topology } = this.#options;
    const index = topology.tiers.findIndex(({ name }) => name === tier);
    const { threads } = topology.tiers[index]!;
    const cache = path.join(this.#folder, `parts-${index}`);
    fs.rmSync(cache, { recursive: true, force: true });
    fs.mkdirSync(cache, { recursive: true });
    const address = this.#network!.place(tier);
    if (address.socket !== undefined) fs.rmSync(address.socket, { force: true });
    const start: AgentStart = {
      options: { ...defaultAgentOptions, models, token: this.#token, threads, cache },
      address,
    };
    // Started without a quota, under which Node alone would take seconds to begin.
    this.#limit(index, { unlimited: true });
    const child = await startChild("agentprocess", start, {
      launcher: this.#network!.launcher(tier),
      onStart: (pid) => this.#groups?.join(index, pid),
    });
    this.#children.set(tier, child);
    await this.#network!.connect(tier, child.ready.port);
  }

  /** Links as fast as they can be, processors without quotas: for what is not measured. */
  async open(): Promise<void> {
    await this.#network?.shape(new Map());
    for (const [index] of this.#options.topology.tiers.entries()) this.#limit(index, { unlimited: true });
  }

  /** Processors limited as the cell says. */
  limit(cell: Cell): void {
    for (const [index, { name }] of this.#options.topology.tiers.entries()) {
      const limits = cell.tiers[name];
      if (limits) this.#limit(index, { cpus: limits.cpus });
    }
  }

  /** Links shaped as the cell says, every bucket full. */
  async shape({ links }: Cell): Promise<void> {
    const { topology } = this.#options;
    const shapes: Shapes = new Map(
      Object.entries(links).map(([name, { bandwidth_bps, delay_s }]) => {
        const link = topology.links.find(({ from, to }) => `${from}>${to}` === name)!;
        return [name, { bandwidth_bps, delay_s, burst_bytes: burstBytes(link, bandwidth_bps) }];
      }),
    );
    await this.#network?.shape(shapes);
  }

  #limit(index: number, { cpus, unlimited }: { cpus?: number | undefined; unlimited?: boolean }): void {
    const { topology, measure } = this.#options;
    const { name, cpu_period_s, memory_bytes } = topology.tiers[index]!;
    this.#groups?.limit(index, {
      cpus: unlimited ? undefined : cpus,
      period_s: cpu_period_s,
      cores: measure.tiers[name]?.cores,
      memory_bytes: memory_bytes === null ? undefined : memory_bytes + RUNTIME_BYTES,
    });
  }

  /** The process of a tier of this machine. */
  processOf(tier: string): number | undefined {
    return this.#children.get(tier)?.pid;
  }

  /** Ends all tiers and removes every trace, at once. */
  closeSync(): void {
    process.off("exit", this.#onExit);
    for (const child of this.#children.values()) child.kill();
    this.#children.clear();
    this.#groups?.closeSync();
    this.#network?.closeSync();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function networkOf(options: TestbedOptions, owner: string, folder: string): Promise<Network> {
  const { topology, measure, emulation, hops, onNote } = options;
  const remote = Object.keys(measure.agents).length > 0;
  if (emulation === "kernel" && remote)
    throw new Problem("--emulation kernel: namespaces have no way to the tiers under `agents`; leave the option out");
  if (emulation !== "user" && !remote) {
    try {
      return await KernelNetwork.create(owner, folder, topology);
    } catch (error) {
      const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
      const why = code === "ENOENT" ? "the programs ip and tc (iproute2) are not there" : stderr?.trim() || message;
      const words = `the kernel's network emulation cannot be used here: ${why.split("\n")[0]}`;
      if (emulation === "kernel") throw new Problem(`--emulation kernel: ${words}`);
      onNote(`NOTE: ${words}. Links are shaped by processes of their own instead.`);
    }
  }
  return new UserNetwork(hops.filter(([from, to]) => !(from in measure.agents) && !(to in measure.agents)));
}

/** Groups for what is to be limited, as far as this machine lets us; without processors' quotas there are none. */
function groupsOf({ topology, measure, emulation, onNote }: TestbedOptions, owner: string): Groups | undefined {
  const tiers = topology.tiers.map(({ name }) => name);
  const wishes = [
    ...(topology.tiers.some(({ memory_bytes }) => memory_bytes !== null) ? (["memory"] as const) : []),
    ...(Object.values(measure.tiers).some(({ cores }) => cores !== undefined) ? (["cpuset"] as const) : []),
  ];
  try {
    return Groups.create(owner, tiers, new Set(["cpu", ...wishes]));
  } catch (error) {
    const why = (error as Error).message.split("\n")[0];
    if (emulation === "kernel") throw new Problem(`--emulation kernel: tiers cannot be limited here: ${why}`);
    if (wishes.length > 0) {
      try {
        const groups = Groups.create(owner, tiers, new Set(["cpu"]));
        onNote(`NOTE: ${wishes.join(" and ")} cannot be limited here: ${why}. Processors' quotas are kept.`);
        return groups;
      } catch {
        // Said below.
      }
    }
    onNote(
      `NOTE: tiers cannot be limited here: ${why}. They run unlimited, and their quotas are left out of the table.`,
    );
    return undefined;
  }
}

async function clearLeftovers(): Promise<void> {
  if (os.platform() === "linux") {
    await removeLeftGroups().catch(() => {});
    removeLeftNamespaces();
  }
  for (const name of fs.readdirSync(os.tmpdir()).filter(isLeftover))
    fs.rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
}
