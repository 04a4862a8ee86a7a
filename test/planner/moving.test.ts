import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { predict } from "../../src/costmodel/index.ts";
import { parseScenario } from "../../src/formats/scenario.ts";
import { type PlanQuestion, plan } from "../../src/planner/index.ts";
import { topologyOf } from "../costmodel/topologies.ts";
import { questionOf } from "./bruteforce.ts";
import { dagProfile, randomDag } from "./dagprofiles.ts";

const PAIR = topologyOf({
  devices: { far: { speed: 10 } },
  tiers: [{ name: "a" }, { name: "b", device: "far" }],
  links: [{ from: "a", to: "b", bandwidth: "10 Mbit/s" }],
});

const steps = fc.array(
  fc.record({ lasts: fc.integer({ min: 1, max: 20 }), mbps: fc.constantFrom(0.1, 1, 10, 100, 1000) }),
  {
    minLength: 1,
    maxLength: 5,
  },
);

/** A question whose link from a to b follows a trace. */
function moving(
  dag: Parameters<typeof dagProfile>[0],
  drawn: readonly { lasts: number; mbps: number }[],
  switching: string,
): PlanQuestion {
  let at = 0;
  const trace = drawn.map(({ lasts, mbps }) => {
    const step = { at: `${at} s`, bandwidth: `${mbps} Mbit/s` };
    at += lasts;
    return step;
  });
  const scenario = parseScenario(
    JSON.stringify({ topology: "none", plan: {}, links: { "a>b": { trace, repeat: `${at} s` } } }),
    "test.yaml",
  );
  return { ...questionOf(dagProfile(dag), PAIR, { switching }), scenario };
}

describe("bandwidths that change", () => {
  test.prop([randomDag, steps], { numRuns: 60 })(
    "switching without cost follows the best of every moment",
    (dag, drawn) => {
      const question = moving(dag, drawn, "0 s");
      const { moving: found } = plan(question);
      const ideal = drawn.map(({ mbps }) => {
        const topology = {
          ...PAIR,
          links: PAIR.links.map((link) => (link.from === "a" ? { ...link, bandwidth_bps: mbps * 1e6 } : link)),
        };
        return predict(question.variants[0]!.model, topology)[0]!.latency_s;
      });
      const time = drawn.reduce((sum, { lasts }) => sum + lasts, 0);
      const mean = drawn.reduce((sum, { lasts }, i) => sum + lasts * ideal[i]!, 0) / time;
      expect(found!.adaptive.mean_s).toBeCloseTo(mean, 9);
      expect(found!.adaptive.worst_regret).toBeCloseTo(0, 9);
    },
  );

  test.prop([randomDag, steps, fc.constantFrom("0 s", "10 ms", "1 s", "1 h")], { numRuns: 60 })(
    "adaptive is no worse than the best fixed choice, which no robust one beats, whose regret is the least",
    (dag, drawn, switching) => {
      const { fixed, robust, adaptive, phases, duration_s } = plan(moving(dag, drawn, switching)).moving!;
      const meanOf = (of: (phase: (typeof phases)[number]) => number) =>
        phases.reduce((sum, phase, i) => sum + of(phase) * ((phases[i + 1]?.at_s ?? duration_s) - phase.at_s), 0) /
        duration_s;
      expect(meanOf(({ fixed_s }) => fixed_s)).toBeCloseTo(fixed.mean_s, 9);
      expect(meanOf(({ robust_s }) => robust_s)).toBeCloseTo(robust.mean_s, 9);
      expect(meanOf(({ adaptive_s }) => adaptive_s)).toBeLessThanOrEqual(adaptive.mean_s + 1e-9);
      expect(phases.map(({ bandwidths_bps }) => bandwidths_bps["a>b"])).toEqual(drawn.map(({ mbps }) => mbps * 1e6));
      expect(adaptive.mean_s).toBeLessThanOrEqual(fixed.mean_s * (1 + 1e-9));
      expect(fixed.mean_s).toBeLessThanOrEqual(robust.mean_s * (1 + 1e-9));
      expect(robust.worst_regret).toBeLessThanOrEqual(fixed.worst_regret + 1e-9);
      if (switching === "1 h") expect(adaptive.switches).toBe(0);
    },
  );
});
