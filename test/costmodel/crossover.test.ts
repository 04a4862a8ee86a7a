import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { CODECS } from "../../src/codecs/index.ts";
import { crossover, predict } from "../../src/costmodel/index.ts";
import { chain, profileOf } from "./profiles.ts";
import { row, topologyOf } from "./topologies.ts";

const setting = chain.chain((model) =>
  fc.record({ profile: fc.constant(profileOf(model)), document: row(model.threads) }),
);
const bandwidths = fc.uniqueArray(fc.double({ min: 1e4, max: 1e10, noNaN: true }), { minLength: 1, maxLength: 4 });

describe("a crossover", () => {
  test.prop([setting, bandwidths])("holds what predictions at each bandwidth say", ({ profile, document }, rates) => {
    const topology = topologyOf(document);
    const { points, current_bps } = crossover(profile, topology, "a>b", rates, { codecs: CODECS });
    expect(current_bps).toBe(document.links![0]!.bandwidth);
    for (const rate of rates) {
      const links = topology.links.map((link) => {
        const varied = link.from !== "c" && link.to !== "c";
        return varied ? { ...link, bandwidth_bps: rate } : link;
      });
      const fitting = predict(profile, { ...topology, links }, { codecs: CODECS }).filter(({ feasible }) => feasible);
      const here = points.filter(({ bandwidth_bps }) => bandwidth_bps === rate);
      expect(new Set(here.map(({ placement }) => placement))).toEqual(new Set(fitting.map((p) => p.placement)));
      for (const { placement, latency_s } of here) {
        // Predictions come sorted, so that the first of a placement is its best. The way back keeps its proportion to
        // the way there, which rounds.
        expect(latency_s).toBeCloseTo(fitting.find((p) => p.placement === placement)!.latency_s, 9);
      }
      const best = here.filter((point) => point.best);
      expect(best.length).toBe(Math.min(1, here.length));
      for (const point of here) expect(point.latency_s).toBeGreaterThanOrEqual(best[0]!.latency_s);
    }
  });

  test.prop([setting, bandwidths])("goes down as bandwidth goes up", ({ profile, document }, rates) => {
    const { points } = crossover(profile, topologyOf(document), "a>b", rates);
    for (const { placement, bandwidth_bps, latency_s } of points) {
      const slower = points.filter((point) => point.placement === placement && point.bandwidth_bps < bandwidth_bps);
      for (const point of slower) expect(latency_s).toBeLessThanOrEqual(point.latency_s * (1 + 1e-12));
    }
  });
});
