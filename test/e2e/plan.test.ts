import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { planResultSchema } from "../../src/formats/planresult.ts";
import { freshFolder, tierwise } from "./tierwise.ts";

const variant = (name: string) => path.resolve("test/fixtures/variants", `${name}.onnx`);
const folder = freshFolder();

const TOPOLOGY = `
devices:
  tag: { speed: 0.02, power: 50 mW, note: assumption }
  box: { speed: 0.5, power: 10 W, note: assumption }
tiers: [{ name: tag, device: tag }, { name: box, device: box }]
links: [{ from: tag, to: box, bandwidth: 2 Mbit/s, delay: 5 ms, energy: 400 nJ/B }]
`;

const scenario = (profiles: Record<string, string>, plan: string) => `
name: clothes
topology: tag.yaml
variants:
  - { operator: identity, profiles: [${profiles.fmnist_identity}], accuracy: { value: 0.9135 } }
  - { operator: distilled+sptq, profiles: [${profiles.fmnist_distilled_sptq}], accuracy: { value: 0.8992 } }
plan: ${plan}
`;

let profiles: Record<string, string>;

/** Writes the scenario and plans it. */
function planned(plan: string, extra = "", args: readonly string[] = []) {
  writeFileSync(path.join(folder, "clothes.yaml"), scenario(profiles, plan) + extra);
  return tierwise(["plan", "clothes.yaml", "--json", ...args], folder);
}

beforeAll(() => {
  const names = ["fmnist_identity", "fmnist_distilled_sptq"];
  const { json, stderr } = tierwise(
    ["profile", ...names.map(variant), "--shape", "image=1x1x28x28", "--budget", "1", "-o", ".", "--json"],
    folder,
  );
  expect(stderr).not.toContain("error");
  const made = json().profiles as { file: string }[];
  profiles = Object.fromEntries(names.map((name, i) => [name, made[i]!.file]));
  writeFileSync(path.join(folder, "tag.yaml"), TOPOLOGY);
}, 120_000);

describe("tierwise plan", () => {
  test("finds the best choice, exactly, and says why", () => {
    const { status, json } = planned("{}");
    expect(status).toBe(0);
    const result = planResultSchema.parse(json());
    expect(result.searched).toMatchObject({ candidates: 6, exact: true });
    expect(result.alternatives.length).toBe(5);
    // What it found is what `predict` says of it.
    const { operator, placement, cut, codec, latency_s } = result.best;
    const file = operator === "identity" ? profiles.fmnist_identity! : profiles.fmnist_distilled_sptq!;
    const options = [
      "--topology",
      "tag.yaml",
      "--placement",
      placement,
      "--codec",
      codec,
      ...(cut ? ["--cut", cut] : []),
    ];
    const [prediction] = tierwise(["predict", file, ...options, "--json"], folder).json().predictions;
    expect(prediction.latency_s).toBeCloseTo(latency_s, 12);
  });

  test("prints a table, the front, and what would change the answer", () => {
    const { status, stdout } = tierwise(["plan", "clothes.yaml"], folder);
    expect(status).toBe(0);
    for (const text of ["Run the", "operator", "accuracy", "The answer changes at", "exact"])
      expect(stdout).toContain(text);
  });

  test("keeps to an accuracy, and to a percentile under load", () => {
    const accurate = planned("{ constraints: { accuracy_at_least: 0.91 } }").json();
    expect(accurate.best.operator).toBe("identity");
    const load =
      "workload: [{ placement: box, arrivals: { rate: 50 } }]\ntiers: { tag: { servers: unlimited } }\nrequests: 5000\n";
    const loaded = planned("{ at: p95 }", load).json();
    expect(loaded.best.under_load.p95.value).toBeGreaterThanOrEqual(loaded.best.under_load.p50.value);
    expect(planned("{ at: p95 }", load).json()).toEqual(loaded);
  });

  test("minimises energy when asked on the command line", () => {
    const thrifty = planned("{}", "", ["--objective", "energy"]).json();
    for (const other of thrifty.alternatives)
      expect(other.energy_j).toBeGreaterThanOrEqual(thrifty.best.energy_j * (1 - 1e-9));
  });

  test.each([
    ["{ constraints: { latency_at_most: 1 us } }", /nearest: without latency_at_most: .* instead of 0.001 ms/],
    ["{ constraints: { accuracy_at_least: 0.99 } }", /best known is 0.9135 of identity/],
    ["{ constraints: { latency_at_most: 5 kg } }", /clothes.yaml: plan.constraints.latency_at_most/],
    ["{ constraints: { tiers: { not: [bux] } } }", /did you mean "box"/],
    ["{ objective: price }", /does not say the price of tier "tag"/],
    ["{ replicas: { moon: [1, 2] } }", /unknown tier "moon"/],
    ["{ batch: { box: [1, 2] } }", /has no batch/],
    ["{ threads: { box: [4] } }", /profile --threads/],
  ])("answers %s in a sentence", (plan, message) => {
    const { status, stdout, stderr } = planned(plan);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  test("has a schema", () => {
    expect(tierwise(["schema", "plan"]).json().properties.best).toBeDefined();
    expect(JSON.stringify(tierwise(["schema", "scenario"]).json())).toContain("raw_input_stays");
  });
});

test("a model is split where another order cuts it", () => {
  const model = variant("fmnist_identity");
  const shape = ["--shape", "image=1x1x28x28"];
  const { cuts } = tierwise(["inspect", model, ...shape, "--json"], folder).json();
  const cut = `only ${cuts[4].id}`;
  const { status, json } = tierwise(["split", model, ...shape, "--cut", cut, "-o", "parts", "--json"], folder);
  expect(status).toBe(0);
  expect(json().cut).toBe(cut);
  expect(readFileSync(path.join(folder, json().head)).length).toBeGreaterThan(100);
});
