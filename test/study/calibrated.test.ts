import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compilePipeline, latency } from "../../src/costmodel/index.ts";
import type { Profile } from "../../src/formats/profile.ts";
import { bestUnder, flip, POLICIES } from "../../study/beyond.ts";
import { calibrated, type Profiles, runOf, studyTopology } from "../../study/calibrated.ts";
import { tuned } from "../../study/load.ts";
import { readPublished } from "../../study/published.ts";
import { evaluate } from "../../study/study.ts";
import { deploymentsOf, OPERATORS, type Operator, type StudySubject, SUBJECTS } from "../../study/subjects.ts";
import { cutAfter, profileOf } from "../costmodel/profiles.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What operators make of a model in this test: of its kernels and its weights. */
const FACTOR: Record<Operator, number> = {
  identity: 1,
  sptq: 0.5,
  qat: 0.5,
  pruned: 1,
  distilled: 0.4,
  "distilled+sptq": 0.2,
};

const CUT = cutAfter(1);
const subjects: StudySubject[] = ["resnet", "bert"].map((name) => ({
  ...SUBJECTS.find((subject) => subject.name === name)!,
  cuts: { identity: CUT, sptq: CUT },
}));

function madeOf(subject: StudySubject, operator: Operator): Profile {
  const factor = FACTOR[operator];
  const text = subject.kind === "text";
  const profile = profileOf({
    kernels: Array.from({ length: 4 }, () => ({ median_s: (text ? 0.05 : 0.2) * factor, spread_s: 1e-3 })),
    cuts: [40_000, 20_000, 10_000].map((elements) => ({ elements: [elements], boundary_s: 0 })),
    weight_bytes: 4e8 * factor,
    inputElements: text ? 128 : 150_528,
    outputElements: 10,
    threads: 1,
    overhead_s: 1e-4,
  });
  return { ...profile, model: { ...profile.model, name: subject.name, operator } };
}

const profiles: Profiles = new Map(
  subjects.map((subject) => [
    subject.name,
    new Map(OPERATORS.map((operator) => [operator, madeOf(subject, operator)])),
  ]),
);

const IMAGE_BYTES = 2.4e6;
/** The machines of the test's truth: unlike the topology's assumptions, all of them. */
const SPEEDS: Record<string, number> = { mobile: 0.7, edge: 1.3, cloud: 9 };

function truth(): { rows: string[]; seconds: Map<string, number> } {
  const study = studyTopology();
  const topology = { ...study, tiers: study.tiers.map((tier) => ({ ...tier, speed: SPEEDS[tier.name]! })) };
  const seconds = new Map<string, number>();
  const rows = subjects.flatMap((subject) =>
    deploymentsOf(subject).flatMap(({ operator, placement }) => {
      const profile = profiles.get(subject.name)!.get(operator)!;
      const tensors = profile.tensors.map((tensor, i) =>
        subject.kind === "image" && i === profile.model.inputs[0] ? { ...tensor, json_bytes: IMAGE_BYTES } : tensor,
      );
      const cut = placement.includes(">") ? CUT : null;
      const s = latency(compilePipeline({ ...profile, tensors }, topology, { placement, cut, codec: "json" }));
      seconds.set(`${subject.name} ${operator} ${placement}`, s);
      const repeats = [1, 1.01, 0.99, 1, 1.02, 1];
      return repeats.map((noise, repeat) => `${subject.name},${operator},${placement},200,1,1,${repeat},${s * noise}`);
    }),
  );
  return { rows, seconds };
}

const HEAD = "model,operator,placement,mobile_edge_mbps,edge_cloud_mbps,request,repeat,latency_s";
const truthful = truth();
writeFileSync(
  path.join(folder, "white-box-requests.csv"),
  [HEAD, ...truthful.rows, "fcn,identity,edge,200,1,0,1,3", "resnet,early-exit,edge,200,1,0,1,3", ""].join("\n"),
);
const published = readPublished(folder, subjects)!;

describe("published runs", () => {
  test("are those of the subjects and their operators, with the study's policies", () => {
    expect(published.runs).toHaveLength(truthful.rows.length);
    expect(published.medians.size).toBe(40);
    expect(published.runs.find(({ placement }) => placement === "mobile>edge")).toMatchObject({
      cut: CUT,
      session: "cold",
      codec: "json",
    });
    expect(readPublished(path.join(folder, "none"), subjects)).toBeUndefined();
  });

  test("bootstrap to medians near their own, the same ones each time", () => {
    const deployment = { subject: "bert", operator: "sptq", placement: "edge" } as const;
    const samples = published.bootstrap(deployment, 50)!;
    const middle = published.medians.get("bert sptq edge")!;
    for (const sample of samples) expect(Math.abs(sample / middle - 1)).toBeLessThan(0.021);
    expect(published.bootstrap(deployment, 50)).toEqual(samples);
    expect(published.bootstrap({ ...deployment, subject: "other" }, 50)).toBeUndefined();
  });
});

describe("calibrated on the identity alone", () => {
  const calibration = calibrated(subjects, profiles, published);

  test("says so, and finds the images' size", () => {
    expect(calibration).toMatchObject({ rows: 36, cells: 6, ofCells: 40 });
    expect(Math.abs(calibration.image_bytes / IMAGE_BYTES - 1)).toBeLessThan(0.1);
  });

  test("predicts operators and the partition that it has not seen", () => {
    for (const subject of subjects) {
      for (const deployment of deploymentsOf(subject)) {
        const predicted = calibration.draws.latency(runOf(deployment, subject));
        const real = truthful.seconds.get(`${deployment.subject} ${deployment.operator} ${deployment.placement}`)!;
        // Two models leave open how a tier shares its time between loading and computing, and seconds what milliseconds a request takes beside
        // its stages, which this truth has none of: it is the prior's.
        expect(Math.abs(predicted - real)).toBeLessThan(0.2 * real + 2e-3);
      }
    }
  });

  test("gives planner and simulator tiers of that speed", () => {
    const at = { session: "warm", bandwidth_bps: 200e6 } as const;
    const { tiers, links } = tuned(subjects[0]!, "identity", at, calibration);
    for (const tier of tiers) expect(Math.abs(tier.speed / SPEEDS[tier.name]! - 1)).toBeLessThan(0.25);
    expect(links.find(({ from, to }) => from === "edge" && to === "cloud")!.bandwidth_bps).toBe(200e6);
  });

  test("flips to Cloud where its latency becomes the least", () => {
    const found = flip(subjects[0]!, "identity", calibration);
    const at = (bandwidth_bps: number) => {
      const latencyAt = (placement: string) =>
        calibration.draws.latency(
          runOf({ subject: "resnet", operator: "identity", placement }, subjects[0]!, { bandwidth_bps }),
        );
      return latencyAt("cloud") / Math.min(latencyAt("edge"), latencyAt("mobile"), latencyAt("mobile>edge"));
    };
    expect(at(found.bandwidth_bps! * 0.7)).toBeGreaterThan(1);
    expect(at(found.bandwidth_bps! * 1.4)).toBeLessThan(1);
    expect(found.low_bps!).toBeLessThanOrEqual(found.bandwidth_bps!);
    expect(found.bandwidth_bps!).toBeLessThanOrEqual(found.high_bps!);
  });

  test("a policy that allows more is never slower", () => {
    const [studied, everyCut, , warm, all] = POLICIES.map(
      (policy) => bestUnder(subjects[1]!, policy, calibration).latency_s,
    );
    expect(everyCut!).toBeLessThanOrEqual(studied!);
    expect(warm!).toBeLessThan(studied!);
    expect(all!).toBeLessThanOrEqual(warm!);
  });
});

describe("the evaluation", () => {
  test("fills every row, with and without published runs", () => {
    for (const runs of [published, undefined]) {
      const found = evaluate(subjects, profiles, runs, () => {});
      expect(found.with_sptq === null).toBe(runs === undefined);
      expect(found.predictions.rows).toHaveLength(40);
      expect(found.predictions.findings.map(({ claim, subject }) => `${claim} ${subject}`)).toEqual([
        "a resnet",
        "a bert",
        "b resnet",
        "b bert",
        "c resnet",
        "c bert",
        "d bert",
        "e resnet",
      ]);
      expect(found.predictions.orders).toHaveLength(runs ? 6 : 0);
      expect(found.beyond.load.every(({ p50_s, p99_s }) => p50_s <= p99_s)).toBe(true);
      if (runs)
        for (const { tau } of found.predictions.orders.filter(({ tier }) => tier !== "cloud"))
          expect(tau).toBeGreaterThan(0.5);
    }
  });
});
