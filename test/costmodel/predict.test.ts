import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { CODECS } from "../../src/codecs/index.ts";
import { compilePipeline, latency, loadModel, predict, transferredBytes } from "../../src/costmodel/index.ts";
import { predictionSchema } from "../../src/formats/prediction.ts";
import type { Topology } from "../../src/formats/topology.ts";
import { chain, profileOf } from "./profiles.ts";
import { row, topologyOf } from "./topologies.ts";

/** Every placement of three tiers, and a model and topology that go together. */
const PLACEMENTS = ["a", "b", "c", "a>b", "a>c", "b>c", "a>b>c"];
const long = chain.filter(({ kernels }) => kernels.length > 2);
const setting = long.chain((model) =>
  fc.record({ profile: fc.constant(profileOf(model)), document: row(model.threads) }),
);
const all = { placements: PLACEMENTS, codecs: CODECS, cuts: "all" };
const factor = fc.double({ min: 1, max: 10, noNaN: true });

/** Latencies of all placements, cuts and codecs, by what they are latencies of. */
function latencies(profile: Parameters<typeof predict>[0], topology: Topology): Map<string, number> {
  const key = ({ placement, cut, codec }: { placement: string; cut: string | null; codec: string }) =>
    `${placement} ${cut} ${codec}`;
  return new Map(predict(profile, topology, all).map((prediction) => [key(prediction), prediction.latency_s]));
}

function expectNoneSlower(after: Map<string, number>, before: Map<string, number>): void {
  expect(after.size).toBe(before.size);
  for (const [key, seconds] of after) expect(seconds).toBeLessThanOrEqual(before.get(key)! * (1 + 1e-12) + 1e-12);
}

describe("a prediction", () => {
  test.prop([setting])("is valid, and its stages add up to its latency, exactly", ({ profile, document }) => {
    for (const prediction of predict(profile, topologyOf(document), all)) {
      expect(predictionSchema.parse(prediction)).toEqual(prediction);
      expect(prediction.stages.reduce((sum, { seconds }) => sum + seconds, 0)).toBe(prediction.latency_s);
    }
  });

  test.prop([setting])("is the pipeline that compiles alone, exactly", ({ profile, document }) => {
    const topology = topologyOf(document);
    for (const { stages, latency_s, transferred_bytes, ...choice } of predict(profile, topology, all)) {
      const pipeline = compilePipeline(profile, topology, choice);
      expect(pipeline).toMatchObject({ placement: choice.placement, cut: choice.cut, codec: choice.codec, stages });
      expect(latency(pipeline)).toBe(latency_s);
      expect(transferredBytes(pipeline)).toBe(transferred_bytes);
    }
  });

  test.prop([setting])("with the best cut is the best of all cuts, exactly", ({ profile, document }) => {
    const topology = topologyOf(document);
    const every = predict(profile, topology, all);
    const best = predict(profile, topology, { ...all, cuts: "best" });
    expect(best.length).toBe(PLACEMENTS.length * CODECS.length);
    for (const { placement, codec, feasible, latency_s } of best) {
      // The first of these is the best, since predictions are sorted.
      const rivals = every.filter((rival) => rival.placement === placement && rival.codec === codec);
      expect({ feasible, latency_s }).toEqual({ feasible: rivals[0]!.feasible, latency_s: rivals[0]!.latency_s });
    }
  });

  test.prop([setting])("comes after those that fit and are faster", ({ profile, document }) => {
    const predictions = predict(profile, topologyOf(document), all);
    for (const [i, prediction] of predictions.entries()) {
      const next = predictions[i + 1];
      if (next?.feasible === prediction.feasible) expect(next.latency_s).toBeGreaterThanOrEqual(prediction.latency_s);
      else if (next) expect(prediction.feasible).toBe(true);
    }
  });

  test.prop([setting])("lies in its interval", ({ profile, document }) => {
    for (const { latency_s, low_s, high_s } of predict(profile, topologyOf(document), all)) {
      expect(low_s).toBeLessThanOrEqual(latency_s * (1 + 1e-12));
      expect(high_s).toBeGreaterThanOrEqual(latency_s * (1 - 1e-12));
    }
  });

  test.prop([setting])("is the same from a prepared model", ({ profile, document }) => {
    const topology = topologyOf(document);
    expect(predict(loadModel(profile), topology, all)).toEqual(predict([profile], topology, all));
  });
});

describe("in a better world nothing is slower", () => {
  test.prop([setting, factor])("with more bandwidth", ({ profile, document }, times) => {
    const topology = topologyOf(document);
    const links = topology.links.map((link) => ({ ...link, bandwidth_bps: link.bandwidth_bps * times }));
    // A burst given as a time is constant in seconds; one given in bytes passes sooner or at once.
    expectNoneSlower(latencies(profile, { ...topology, links }), latencies(profile, topology));
  });

  test.prop([setting, factor, fc.nat(2)])("on a faster device", ({ profile, document }, times, which) => {
    const topology = topologyOf(document);
    const tiers = topology.tiers.map((tier, i) => (i === which ? { ...tier, speed: tier.speed * times } : tier));
    expectNoneSlower(latencies(profile, { ...topology, tiers }), latencies(profile, topology));
  });

  test.prop([setting, factor, fc.nat(2)])("with a larger quota", ({ profile, document }, times, which) => {
    const topology = topologyOf(document);
    const tiers = topology.tiers.map((tier, i) =>
      i === which && tier.cpu_quota !== null ? { ...tier, cpu_quota: tier.cpu_quota * times } : tier,
    );
    expectNoneSlower(latencies(profile, { ...topology, tiers }), latencies(profile, topology));
  });

  test.prop([setting])("with sessions that are warm", ({ profile, document }) => {
    const topology = topologyOf(document);
    expectNoneSlower(
      latencies(profile, { ...topology, session: "warm" }),
      latencies(profile, { ...topology, session: "cold" }),
    );
  });

  test.prop([setting])("and more memory lets no fewer fit", ({ profile, document }) => {
    const topology = topologyOf(document);
    const fitting = (at: Topology) => predict(profile, at, all).filter(({ feasible }) => feasible).length;
    const tiers = topology.tiers.map((tier) => ({ ...tier, memory_bytes: (tier.memory_bytes ?? 1e12) * 2 }));
    expect(fitting({ ...topology, tiers })).toBeGreaterThanOrEqual(fitting(topology));
  });
});
