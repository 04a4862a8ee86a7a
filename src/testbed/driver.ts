import { createHash } from "node:crypto";
import { encode } from "../codecs/index.ts";
import type { Graph } from "../onnx/index.ts";
import { inputTypes, makeFeeds, type RawInputs, type Shapes } from "../profiler/index.ts";
import type { Testbed } from "./bed.ts";
import type { Cell } from "./cells.ts";
import { Peers } from "./client.ts";
import { type ProcessorTime, processorTimeSchema } from "./processors.ts";
import {
  headerJson,
  PLAN_HEADER,
  type Plan,
  parseAs,
  planSchema,
  REPORT_HEADER,
  type Report,
  reportSchema,
} from "./protocol.ts";
import { tensorsOf } from "./tensors.ts";

/** What preparing and reaching may take, besides what a run may. */
const PREPARING_S = 300;

/** Values for a model's inputs as a raw message: the user's where given, else generated ones. */
export function inputMessage(graph: Graph, shapes: Shapes, raw: RawInputs): Uint8Array {
  const feeds = makeFeeds(inputTypes(graph, shapes), raw);
  return encode("raw", tensorsOf(feeds, Object.keys(feeds)));
}

/** What a tier runs on. */
export interface TierHost {
  readonly id: string;
  readonly cpu: string;
  readonly cores: number;
  readonly runtime: string;
}

/** Tells the tiers of a testbed what to do. */
export class Driver {
  readonly #bed: Testbed;
  readonly #peers = new Peers();
  readonly #timeout_s: number;
  /** What the tiers that were reached run on. */
  readonly hosts: Record<string, TierHost> = {};
  /** Requests by codec since a tier was started. */
  #practised = new Map<string, number>();

  /** @param timeout_s after which a request has failed */
  constructor(bed: Testbed, timeout_s: number) {
    this.#bed = bed;
    this.#timeout_s = timeout_s;
  }

  /** Starts tiers that are no longer there. */
  async heal(): Promise<void> {
    for (const tier of await this.#bed.heal()) {
      await this.#peers.forget(this.#bed.peer(tier).url);
      this.#practised = new Map();
    }
  }

  /**
   * Makes sure that each tier has this model and can run it.
   * @throws Refusal naming the tier
   */
  async check(tier: string, { path, sha256, shapes }: Cell["model"]): Promise<void> {
    await this.#tell(tier, "POST", "/v1/models", { model: path, sha256, shapes });
  }

  /** Has the tiers of a cell cut and load their parts and connect to one another. @returns the plan of its requests */
  async prepare({ model, visits, links, session, codec = "raw", ...cell }: Cell): Promise<Plan> {
    const steps: unknown[] = [];
    for (const [i, { tier, part }] of visits.entries()) {
      let segment: string | undefined;
      if (part) {
        const { path, sha256, shapes } = model;
        const { threads } = cell.tiers[tier]!;
        const asked = {
          model: path,
          sha256,
          shapes,
          ...part,
          threads,
          warm: session === "warm",
          alone: this.#bed.isHere(tier),
        };
        segment = (await this.#tell(tier, "PUT", "/v1/parts", asked)).segment as string;
      }
      const hop =
        i === 0 ? {} : this.#bed.hop(visits[i - 1]!.tier, tier, { model, visits, links, session, codec, ...cell });
      steps.push({ ...hop, tier, segment, session });
    }
    const entering = visits[0]!.tier;
    const input = createHash("sha256").update(model.input).digest("hex").slice(0, 24);
    await this.#peers.send(this.#bed.peer(entering), {
      method: "PUT",
      path: `/v1/inputs/${input}`,
      body: model.input,
      timeout_s: PREPARING_S,
    });
    const plan = planSchema.parse({ codec, input, timeout_s: this.#timeout_s * 0.95, steps });
    const { body } = await this.#send(entering, "/v1/reach", plan, PREPARING_S);
    for (const { tier, host } of (JSON.parse(body.toString("utf8")) as { tiers: { tier: string; host: TierHost }[] })
      .tiers)
      this.hosts[tier] = host;
    return plan;
  }

  /** One request. @throws Refusal saying which tier failed, and how */
  async request(plan: Plan, signal?: AbortSignal): Promise<Report> {
    this.#practised.set(plan.codec, this.practised(plan.codec) + 1);
    const { headers } = await this.#send(plan.steps[0]!.tier, "/v1/run", plan, this.#timeout_s, signal);
    return parseAs(reportSchema, String(headers[REPORT_HEADER] ?? ""), "the report");
  }

  /** What the tiers have had of their hosts' processors so far. */
  async processorTimes(tiers: readonly string[]): Promise<Record<string, ProcessorTime>> {
    const times: Record<string, ProcessorTime> = {};
    for (const tier of tiers) {
      const { body } = await this.#peers.send(this.#bed.peer(tier), {
        method: "GET",
        path: "/v1/info",
        timeout_s: PREPARING_S,
      });
      times[tier] = parseAs(processorTimeSchema, body.toString("utf8"), "the agent's processor time");
    }
    return times;
  }

  /** How many requests the tiers have had in this codec. */
  practised(codec: string | undefined): number {
    return this.#practised.get(codec ?? "raw") ?? 0;
  }

  close(): Promise<void> {
    return this.#peers.close();
  }

  #send(tier: string, path: string, plan: Plan, timeout_s: number, signal?: AbortSignal) {
    return this.#peers.send(this.#bed.peer(tier), {
      method: "POST",
      path,
      headers: { [PLAN_HEADER]: headerJson(plan) },
      timeout_s,
      signal,
    });
  }

  async #tell(tier: string, method: "POST" | "PUT", path: string, document: object): Promise<Record<string, unknown>> {
    const { body } = await this.#peers.send(this.#bed.peer(tier), {
      ...{ method, path, body: JSON.stringify(document) },
      timeout_s: PREPARING_S,
    });
    return JSON.parse(body.toString("utf8"));
  }
}
