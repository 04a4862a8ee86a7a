import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { loadModel } from "../../src/costmodel/index.ts";
import { planSchema } from "../../src/formats/plan.ts";
import { planResultSchema } from "../../src/formats/planresult.ts";
import { Problem } from "../../src/formats/problem.ts";
import { parseScenario } from "../../src/formats/scenario.ts";
import { type PlanQuestion, plan } from "../../src/planner/index.ts";
import { profileOf } from "../costmodel/profiles.ts";
import { topologyOf } from "../costmodel/topologies.ts";

/** Four kernels of 10 ms whose tensors shrink; a variant of half the time is a little less accurate. */
const profile = (factor: number) =>
  profileOf({
    kernels: [10, 10, 10, 10].map((ms) => ({ median_s: (ms * factor) / 1000, spread_s: 0 })),
    cuts: [400_000, 20_000, 1000].map((elements) => ({ elements: [elements], boundary_s: 0.0001 })),
    weight_bytes: 40e6,
    inputElements: 150_000,
    outputElements: 10,
    threads: 1,
    overhead_s: 0,
  });

const TOPOLOGY = topologyOf({
  devices: {
    phone: { speed: 0.5, power: "2 W", price_per_hour: 0 },
    server: { speed: 10, power: "200 W", price_per_hour: 1 },
  },
  tiers: [
    { name: "mobile", device: "phone", memory: "4 GiB" },
    { name: "cloud", device: "server" },
  ],
  links: [
    { from: "mobile", to: "cloud", bandwidth: "20 Mbit/s", delay: "5 ms", energy: "200 nJ/B", price_per_gigabyte: 0.1 },
  ],
});

const FAST = { ...TOPOLOGY, links: TOPOLOGY.links.map((link) => ({ ...link, bandwidth_bps: 10e9 })) };

function ask(written: object = {}, scenario: object = {}, topology = TOPOLOGY): PlanQuestion {
  const variant = (operator: string, factor: number, value: number | undefined) => {
    const profiles = [profile(factor)];
    const accuracy = value === undefined ? undefined : { metric: "accuracy", value };
    return { operator, accuracy, model: loadModel(profiles), profiles };
  };
  const variants = [variant("identity", 1, 0.9), variant("sptq", 0.5, 0.88), variant("pruned", 0.4, undefined)];
  const parsed = parseScenario(JSON.stringify({ topology: "none", plan: {}, ...scenario }), "test.yaml");
  return {
    scenario: parsed,
    plan: planSchema.parse(written),
    topology,
    variants,
    models: parsed.workload.map(() => variants[0]!),
  };
}

const LOAD = { workload: [{ name: "all", placement: "mobile", arrivals: { rate: 20 } }], requests: 20_000 };

describe("a plan", () => {
  test("is what its schema says, and the best of its own alternatives", () => {
    const result = plan(ask());
    expect(planResultSchema.parse(result)).toEqual(result);
    for (const other of result.alternatives) expect(other.latency_s).toBeGreaterThanOrEqual(result.best.latency_s);
    expect(result.explanation.sentence).toContain(result.best.placement.split(">")[0]!);
    expect(result.explanation.caveats.join(" ")).toContain("accuracy of pruned is not known");
  });

  test.prop([fc.constantFrom("energy" as const, "price" as const, "bytes" as const, "throughput" as const)])(
    "makes its objective as good as no alternative's",
    (objective) => {
      const { best, alternatives } = plan(ask({ objective }));
      const figure = (choice: typeof best) =>
        ({
          energy: choice.energy_j!,
          price: choice.price_per_thousand!,
          bytes: choice.bytes,
          throughput: 1 / choice.throughput!,
        })[objective];
      for (const other of alternatives) expect(figure(other)).toBeGreaterThanOrEqual(figure(best) * (1 - 1e-9));
    },
  );

  test("keeps to its constraints, and says which of them bind", () => {
    const free = plan(ask());
    expect(free.best.operator).toBe("pruned");
    const accurate = plan(ask({ constraints: { accuracy_at_least: 0.89 } }));
    expect(accurate.best.operator).toBe("identity");
    expect(accurate.explanation.binding.map(({ constraint }) => constraint)).toEqual(["accuracy_at_least"]);
    const thrifty = plan(ask({ constraints: { bytes_at_most: "5 kB" } }, {}, FAST));
    expect(thrifty.best.bytes).toBeLessThanOrEqual(5000);
    expect(thrifty.explanation.binding[0]?.gain ?? 0).toBeGreaterThan(0);
    const near = plan(ask({ constraints: { tiers: { not: ["cloud"] } } }));
    expect(near.best.placement).toBe("mobile");
    const raw = plan(ask({ constraints: { raw_input_stays: true, operators: { only: ["identity"] } } }));
    expect(raw.best.placement.startsWith("mobile")).toBe(true);
    expect([raw.best, ...raw.alternatives].map(({ placement }) => placement)).not.toContain("cloud");
  });

  test("says the nearest where nothing keeps to its constraints", () => {
    const asked = ask({ constraints: { latency_at_most: "1 ms", accuracy_at_least: 0.89 } });
    expect(() => plan(asked)).toThrow(Problem);
    expect(() => plan(asked)).toThrow(/latency_at_most.*identity on .* takes [\d.]+ ms instead of 1 ms/);
    expect(() => plan(ask({ constraints: { accuracy_at_least: 0.99 } }))).toThrow(/best known is 0.9 of identity/);
    expect(() => plan(ask({ constraints: { tiers: { only: ["mobile"], not: ["mobile"] } } }))).toThrow(
      /no placement is left/,
    );
    expect(() => plan(ask({ constraints: { tiers: { not: ["clout"] } } }))).toThrow(/did you mean "cloud"/);
  });

  test("refuses to minimise what is not known", () => {
    const plain = topologyOf({
      tiers: [{ name: "mobile" }, { name: "cloud" }],
      links: [{ from: "mobile", to: "cloud", bandwidth: 1e6 }],
    });
    expect(() => plan(ask({ objective: "energy" }, {}, plain))).toThrow(/power of tier "mobile"/);
    expect(plan(ask({}, {}, plain)).best.energy_j).toBeNull();
  });

  test("holds the front of accuracy and latency", () => {
    const { pareto } = plan(ask());
    for (const one of pareto) {
      for (const other of pareto) {
        if (one === other) continue;
        const dominated =
          other.latency_s <= one.latency_s &&
          (other.accuracy ?? 0) >= (one.accuracy ?? 0) &&
          other.energy_j! <= one.energy_j! &&
          other.price_per_thousand! <= one.price_per_thousand!;
        expect(dominated).toBe(false);
      }
    }
    expect(pareto.some(({ operator }) => operator === "identity")).toBe(true);
  });

  test("finds where its answer changes, and there it does", () => {
    const asked = ask({ constraints: { operators: { only: ["identity"] } } });
    const { best, explanation } = plan(asked);
    const [flip] = explanation.flips.filter(({ path }) => path.includes("mobile>cloud"));
    const at = (bandwidth_bps: number) => {
      const factor = bandwidth_bps / flip!.now;
      const links = TOPOLOGY.links.map((link) => ({ ...link, bandwidth_bps: link.bandwidth_bps * factor }));
      return plan({ ...asked, topology: { ...TOPOLOGY, links } }).best.placement;
    };
    const beyond = flip!.at > flip!.now ? 1.02 : 1 / 1.02;
    expect(at(flip!.at * beyond)).toBe(flip!.to.placement);
    expect(at(flip!.at / beyond)).toBe(best.placement);
    expect(flip!.from).toEqual({ operator: best.operator, placement: best.placement });
  });
});

function thrownBy(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a plan under load", () => {
  test("does not put requests where they queue without end", () => {
    // A phone takes 80 ms: at 60 a second, one for all is overloaded, and the server is not.
    const scenario = { ...LOAD, workload: [{ ...LOAD.workload[0], arrivals: { rate: 60 } }] };
    const { best, alternatives } = plan(ask({ constraints: { operators: { only: ["identity"] } } }, scenario, FAST));
    expect(alternatives.map(({ placement }) => placement)).not.toContain("mobile");
    expect(best.under_load!.overloaded).toEqual([]);
    expect(best.under_load!.mean.value).toBeGreaterThanOrEqual(best.latency_s * 0.999);
    expect(best.placement).not.toBe("mobile");
  });

  test.each(["latency", "throughput"])(
    "says how many requests could be answered where too many come, minimising %s",
    (objective) => {
      const at = (rate: number) => () => {
        const scenario = { ...LOAD, workload: [{ ...LOAD.workload[0], arrivals: { rate } }] };
        return plan(ask({ objective, constraints: { operators: { only: ["identity"] } } }, scenario, FAST));
      };
      const { message } = thrownBy(at(1e6));
      const [, rate] =
        /nearest: identity on cloud, which sustains ([\d.]+) requests a second, limited by tier:cloud/.exec(message)!;
      expect(at(0.9 * Number(rate))().best).toMatchObject({ placement: "cloud", limited_by: "tier:cloud" });
      expect(at(1.1 * Number(rate))).toThrow(Problem);
    },
  );

  test("buys as many replicas as the percentile needs, and no more where they cost", () => {
    const scenario = {
      ...LOAD,
      workload: [{ name: "all", placement: "cloud", arrivals: { rate: 200 } }],
      tiers: { mobile: { servers: "unlimited" } },
    };
    const written = {
      objective: "price",
      at: "p95",
      placements: ["cloud"],
      replicas: { cloud: [1, 2, 3, 4] },
      constraints: { latency_at_most: "40 ms", operators: { only: ["identity"] } },
      finalists: 4,
    };
    const { best } = plan(ask(written, scenario, FAST));
    expect(best.under_load!.p95.value).toBeLessThanOrEqual(0.04);
    const fewer = { ...written, replicas: { cloud: [Math.max(1, best.replicas!.cloud! - 1)] } };
    if (best.replicas!.cloud! > 1) expect(() => plan(ask(fewer, scenario, FAST))).toThrow(Problem);
    expect(best.replicas!.cloud).toBeLessThan(4);
  });

  test("gives the same answer for the same seed", () => {
    expect(plan(ask({}, LOAD), { seed: 7 })).toEqual(plan(ask({}, LOAD), { seed: 7 }));
  });
});
