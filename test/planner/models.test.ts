import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { atomGraph } from "../../src/costmodel/index.ts";
import type { Profile } from "../../src/formats/profile.ts";
import { analyse, extractSegment } from "../../src/onnx/index.ts";
import { solve } from "../../src/planner/index.ts";
import { profileModel } from "../../src/profiler/index.ts";
import { openModel, writeAtomically } from "../../src/store/index.ts";
import { topologyOf } from "../costmodel/topologies.ts";
import { open, PADDLE, TRAINED } from "../fixtures/models.ts";
import { withSubject } from "../fixtures/running.ts";
import { bruteForce, questionOf } from "./bruteforce.ts";

/** Stretches of real models with few enough kernels to try every partition: a residual block, attention, a neck of many branches. */
const PIECES = [
  { fixture: TRAINED[0]!, from: 3, to: 13 },
  { fixture: TRAINED[3]!, from: 20, to: 34 },
  { fixture: PADDLE[0]!, from: 250, to: 264 },
] as const;

async function profiled({ fixture, from, to }: (typeof PIECES)[number]): Promise<Profile> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-pieces-"));
  try {
    const file = path.join(folder, "piece.onnx");
    await withSubject(open(fixture), fixture, async ({ graph, types }) =>
      writeAtomically(file, extractSegment(graph, from, to, types).source),
    );
    const model = openModel(file);
    const { profile } = await profileModel(file, model, undefined, {
      settings: { threads: 1, optimisation: "all" },
      shapes: {},
      inputs: new Map(),
      budgetSeconds: 1,
      cuts: analyse(model).steps.length,
      operator: "identity",
      onProgress: () => {},
    });
    return profile;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const topology = (far: number, bandwidth: string) =>
  topologyOf({
    devices: { far: { speed: far } },
    tiers: [{ name: "a" }, { name: "b", device: "far" }],
    links: [{ from: "a", to: "b", bandwidth }],
  });

describe("the best choice for pieces of real models is what trying every partition finds", () => {
  test.each(PIECES)("$fixture.name, steps $from to $to", { timeout: 120_000 }, async (piece) => {
    const profile = await profiled(piece);
    expect(profile.edges!.length).toBeGreaterThan(5);
    expect(atomGraph(profile)!.nodes).toBeGreaterThan(3);
    for (const far of [0.5, 20]) {
      for (const bandwidth of ["1 Mbit/s", "1 Gbit/s", "20 Gbit/s"]) {
        const world = topology(far, bandwidth);
        const least = Math.min(...["a", "b", "a>b"].map((placement) => bruteForce(profile, world, placement)));
        const { choices, exact } = solve(questionOf(profile, world));
        expect(choices[0]!.cost).toBeCloseTo(least, 9);
        expect(exact).toBe(true);
      }
    }
  });
});
