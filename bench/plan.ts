/**
 * Benchmark of planning: how long it takes to find the best cut of every placement for every codec, once a profile is
 * loaded, and to answer what-ifs; and a sweep of a million scenarios. Prints tables, or with `--json` a document; figures
 * are medians of interleaved repeats, but for the sweep, which runs once.
 */
import { readdirSync, readFileSync } from "node:fs";
import os from "node:os";
import { performance } from "node:perf_hooks";
import { parse } from "yaml";
import { CODECS } from "../src/codecs/index.ts";
import { type CostModel, crossover, loadModel, predict } from "../src/costmodel/index.ts";
import { planSchema } from "../src/formats/plan.ts";
import type { Profile } from "../src/formats/profile.ts";
import { parseScenario } from "../src/formats/scenario.ts";
import { parseTopology, type Topology } from "../src/formats/topology.ts";
import { type PlanQuestion, solve } from "../src/planner/index.ts";
import { deepChain, profileOf } from "../test/costmodel/profiles.ts";
import { measureSweep } from "./plan/sweep.ts";
import { WHAT_IFS, whatIfs } from "./plan/whatif.ts";

const REPEATS = 31;

interface Subject {
  readonly name: string;
  readonly profile: Profile;
  readonly model: CostModel;
}

interface Task {
  readonly name: string;
  /** Latencies that one run evaluates. */
  readonly evaluations: (subject: Subject) => number;
  run(subject: Subject): void;
}

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const topologyText = read("../topologies/mobile-edge-cloud.yaml");
const topology = parseTopology(topologyText, "mobile-edge-cloud.yaml");
const limited: Topology = { ...topology, tiers: topology.tiers.map((tier) => ({ ...tier, cpu_quota: 0.5 })) };
const PAIRS = ["mobile>edge", "mobile>cloud", "edge>cloud"];
const cuts = ({ model }: Subject) => model.cuts.length;

const best = (name: string, at: Topology): Task => ({
  name,
  evaluations: (subject) => PAIRS.length * CODECS.length * cuts(subject),
  run: ({ model }) => predict(model, at, { placements: PAIRS, codecs: CODECS }),
});

/** What-ifs of one placement and cut, ready to be asked. */
const asked = new Map<string, () => number>();
const whatIf = (placement: string): Task => ({
  name: `what-ifs, ${placement} at one cut`,
  evaluations: () => WHAT_IFS,
  run: ({ name, profile }) => {
    const key = `${name} ${placement}`;
    let run = asked.get(key);
    if (!run) {
      run = whatIfs(profile, parse(topologyText), placement);
      asked.set(key, run);
    }
    run();
  },
});

const TASKS: readonly Task[] = [
  { name: "load the profile", evaluations: () => 0, run: ({ profile }) => loadModel(profile) },
  best("best cut, 3 pairs × 4 codecs", topology),
  best("the same under CPU quotas", limited),
  {
    name: "every cut with its stages, 3 pairs × 4 codecs",
    evaluations: (subject) => PAIRS.length * CODECS.length * cuts(subject),
    run: ({ model }) => predict(model, topology, { placements: PAIRS, codecs: CODECS, cuts: "all" }),
  },
  {
    name: "crossover at 50 bandwidths, 1 codec",
    evaluations: (subject) => 50 * (3 + PAIRS.length * cuts(subject)),
    run: ({ model }) => {
      crossover(
        model,
        topology,
        "edge>cloud",
        Array.from({ length: 50 }, (_, i) => 1e6 * 1.15 ** i),
      );
    },
  },
  {
    name: "best pair of cuts on three tiers, 1 codec",
    evaluations: (subject) => (cuts(subject) * (cuts(subject) - 1)) / 2,
    run: ({ model }) => predict(model, topology, { placements: ["mobile>edge>cloud"] }),
  },
  ...["edge", "mobile>edge", "mobile>cloud"].map(whatIf),
  planTask("plan: 6 operators, all placements of 3 tiers, all cuts of any order", true),
  planTask("the same, cuts along the profile's order", false),
];

/** Variants as operators make them: kernels of some operators are quicker, tensors of the quantised ones are smaller. */
const OPERATORS = { identity: 1, sptq: 0.55, qat: 0.55, pruned: 1, distilled: 0.5, "distilled+sptq": 0.3 };

/** The whole search of `tierwise plan`, explanations left out. Candidates are counted by their prefix cuts. */
function planTask(name: string, anyOrder: boolean): Task {
  const questions = new Map<Subject, PlanQuestion>();
  const questionOf = (subject: Subject) => {
    const known = questions.get(subject);
    if (known) return known;
    const variants = Object.entries(OPERATORS).map(([operator, factor]) => {
      const profiles = [scaled(subject.profile, factor)];
      return { operator, accuracy: undefined, model: loadModel(profiles), profiles };
    });
    const scenario = parseScenario('{"topology": "bench", "plan": {}}', "bench.yaml");
    const question = { scenario, plan: planSchema.parse({}), topology, variants, models: [] };
    questions.set(subject, question);
    return question;
  };
  return {
    name,
    evaluations: (subject) => 6 * (3 + PAIRS.length * cuts(subject) + (cuts(subject) * (cuts(subject) - 1)) / 2),
    run: (subject) => solve(questionOf(subject), { anyOrder }),
  };
}

/** A profile whose kernels take another time. */
function scaled(profile: Profile, factor: number): Profile {
  return {
    ...profile,
    kernels: profile.kernels.map((kernel) => ({
      ...kernel,
      median_s: kernel.median_s * factor,
      low_s: kernel.low_s * factor,
      high_s: kernel.high_s * factor,
    })),
  };
}

/** Gives the chain skips around every four nodes, as residual blocks have. */
function withEdges(profile: Profile): Profile {
  const count = profile.nodes.length;
  const tensorAfter = (node: number) => profile.cuts[node]?.tensors[0] ?? profile.model.outputs[0]!;
  const edges = Array.from({ length: count }, (_, node) => ({
    tensor: tensorAfter(node),
    producer: node,
    consumers: [node + 1, ...(node % 4 === 0 ? [node + 4] : [])].filter((consumer) => consumer < count),
  }));
  const input = { tensor: profile.model.inputs[0]!, producer: null, consumers: [0] };
  return { ...profile, edges: [input, ...edges] };
}

/** Gives the chain three branches of two nodes between every seventh node and the next, as blocks of an Inception network have. */
function withBranches(profile: Profile): Profile {
  const count = profile.nodes.length;
  const takers = (node: number): readonly number[] => {
    const join = node - (node % 7) + 7;
    if (node % 7 === 0) return [node + 1, node + 3, node + 5];
    return node % 2 === (node - (node % 7)) % 2 ? [join] : [node + 1];
  };
  const tensorAfter = (node: number) => profile.cuts[node]?.tensors[0] ?? profile.model.outputs[0]!;
  const made = Array.from({ length: count }, (_, node) => ({
    tensor: tensorAfter(node),
    producer: node,
    consumers: takers(node).filter((consumer) => consumer < count),
  }));
  const edges = [{ tensor: profile.model.inputs[0]!, producer: null, consumers: [0] }, ...made];
  const cuts = profile.cuts.map((cut) => ({
    ...cut,
    tensors: made.flatMap(({ tensor, producer, consumers }) =>
      producer < cut.position && consumers.some((node) => node >= cut.position) ? [tensor] : [],
    ),
  }));
  return { ...profile, model: { ...profile.model, name: "branches" }, edges, cuts };
}

function subjects(): Subject[] {
  const folder = new URL("../profiles/", import.meta.url);
  const shipped = readdirSync(folder).filter((file) => file.endsWith(".json"));
  const profiles = shipped
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Profile)
    .filter(({ settings }) => settings.threads === 1)
    .toSorted((a, b) => b.cuts.length - a.cuts.length)
    .slice(0, 1);
  const chain = profileOf(deepChain(701));
  return [withEdges(chain), withBranches(chain), ...profiles].map((profile) => ({
    name: `${profile.model.name}, ${profile.cuts.length} cuts`,
    profile,
    model: loadModel(profile),
  }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const measured = subjects().flatMap((subject) => TASKS.map((task) => ({ subject, task, times: [] as number[] })));
// One task after another within a repeat, so that a slow moment of the machine falls on all of them. The search over
// pairs is a hundred times longer than the rest and repeated less.
for (let repeat = -3; repeat < REPEATS; repeat++) {
  for (const { subject, task, times } of measured) {
    if (task.evaluations(subject) > 100_000 && repeat % 5 !== 0) continue;
    const start = performance.now();
    task.run(subject);
    if (repeat >= 0) times.push(performance.now() - start);
  }
}

const results = measured.map(({ subject, task, times }) => {
  const evaluations = task.evaluations(subject);
  const seconds = median(times) / 1000;
  return {
    model: subject.name,
    task: task.name,
    seconds,
    evaluations,
    seconds_per_evaluation: evaluations > 0 ? seconds / evaluations : null,
    repeats: times.length,
  };
});

const sweep = await measureSweep(os.availableParallelism());

if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ benchmark: "plan", node: process.version, results, sweep }, null, 2));
} else {
  console.table(
    results.map(({ model, task, seconds, evaluations, seconds_per_evaluation }) => ({
      model,
      task,
      ms: Number((seconds * 1e3).toPrecision(3)),
      evaluations,
      "ns each": seconds_per_evaluation === null ? "" : Math.round(seconds_per_evaluation * 1e9),
    })),
  );
  console.log("A sweep, from the command line to a Parquet file:");
  console.table([
    {
      ...sweep,
      seconds: Number(sweep.seconds.toPrecision(3)),
      peak_rss_mb: sweep.peak_rss_mb === null ? "unknown" : Math.round(sweep.peak_rss_mb),
      file_mb: Math.round(sweep.file_mb),
    },
  ]);
}
