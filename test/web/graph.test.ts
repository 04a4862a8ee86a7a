import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { drawnGraph, secondsByNode } from "../../src/web/drawing/graph.ts";
import { chain, profileOf } from "../costmodel/profiles.ts";
import { largeProfile } from "./large.ts";
import { PROFILES } from "./scenes.ts";

describe("the drawn graph", () => {
  test.each(PROFILES.map((profile) => [profile.model.name, profile] as const))(
    "%s: nodes share the kernels' time, one after the other over the whole width",
    (_, profile) => {
      const total = profile.kernels.slice(0, profile.whole_kernels).reduce((sum, kernel) => sum + kernel.median_s, 0);
      expect(secondsByNode(profile).reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(total, 12);
      const { nodes, at, shares } = drawnGraph(profile);
      expect(shares.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(total, 12);
      expect(at).toHaveLength(nodes.length + 1);
      expect([at[0], at.at(-1)]).toEqual([0, 1]);
      for (const [i, { left, right }] of nodes.entries()) {
        expect(left).toBe(at[i]);
        expect(right).toBeGreaterThan(left);
      }
    },
  );

  test.each(PROFILES.map((profile) => [profile.model.name, profile] as const))(
    "%s: without edges, the tensors of every cut lie across it, and no others",
    (_, profile) => {
      const { edges } = drawnGraph({ ...profile, edges: undefined } as typeof profile);
      for (const { position, tensors } of profile.cuts) {
        const across = edges.filter(({ from, to }) => (from ?? -1) < position && to >= position);
        expect(across.map(({ tensor }) => tensor).sort()).toEqual([...tensors].sort());
      }
    },
  );

  test("a chain has one lane, and what is read further on does not add one", () => {
    expect(drawnGraph(largeProfile(30)).lanes).toBe(1);
  });

  test.prop([chain, fc.integer({ min: 0, max: 3 })])("branches get lanes of their own", (built, extra) => {
    const profile = profileOf(built);
    const count = profile.nodes.length;
    // Every node but the last reads the input; the last reads them all.
    const edges = [
      { tensor: 0, producer: null, consumers: profile.nodes.map((_, i) => i) },
      ...profile.nodes
        .slice(0, -1)
        .map((_, i) => ({ tensor: Math.min(i + 1, extra + 1), producer: i, consumers: [count - 1] })),
    ];
    const { lanes, nodes, exact } = drawnGraph({ ...profile, edges });
    expect(exact).toBe(true);
    expect(lanes).toBe(count - 1);
    expect(new Set(nodes.slice(0, -1).map(({ lane }) => lane)).size).toBe(count - 1);
    expect(nodes.at(-1)!.lane).toBe(0);
  });
});
