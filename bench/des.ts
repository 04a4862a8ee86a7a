/**
 * Events per second of Tierwise's engines beside other simulators': `npm run bench:des`.
 *
 * Each run is a process of its own; engines take turns, so that a drift of the machine hits all alike; what is printed
 * is the median over the rounds, and the ratio of medians. What is not installed is left out: SimPy (Debian's
 * python3-simpy3), PyPy, g++, simjs (fetched from npm into a temporary folder).
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "@commander-js/extra-typings";
import { median } from "simple-statistics";
import { table } from "../src/cli/output.ts";
import { describeHost } from "../src/profiler/index.ts";

type Workload = "tandem" | "mm1" | "featured";

interface Figures {
  readonly events_per_s: number;
  readonly mean_latency_s?: number;
  readonly mean_wait_s?: number;
  readonly peak_rss_mb: number;
}

interface Engine {
  readonly name: string;
  /** Requests of a run, per workload; slow engines need fewer to show their rate. */
  readonly requests: Partial<Record<Workload, number>>;
  readonly command: (workload: Workload, requests: number, seed: number) => readonly [string, ...string[]];
}

const options = new Command()
  .option("--rounds <n>", "runs of each engine", Number, 5)
  .option("--scale <share>", "of the requests of a full run", Number, 1)
  .option("--json", "print one JSON document")
  .parse()
  .opts();

const HERE = fileURLToPath(new URL("des/", import.meta.url));
const FULL = { tandem: 5e6, mm1: 10e6, featured: 1e6 };
const tierwise = (engine: string) => (workload: Workload, requests: number, seed: number) =>
  [process.execPath, path.join(HERE, "tierwise.mjs"), engine, workload, String(requests), String(seed)] as const;

const engines: Engine[] = [
  { name: "tierwise", requests: { tandem: FULL.tandem, mm1: FULL.mm1 }, command: tierwise("events") },
  { name: "tierwise_columnar", requests: { tandem: FULL.tandem, mm1: FULL.mm1 }, command: tierwise("columnar") },
  {
    name: "tierwise_general",
    requests: { tandem: 1e6, mm1: 2e6, featured: FULL.featured },
    command: tierwise("general"),
  },
  { name: "tierwise_process", requests: { tandem: 5e5, mm1: 1e6 }, command: tierwise("process") },
  ...peers(),
];

const workloads: Record<string, { requests: number; engines: Record<string, Figures & { runs: number[] }> }> = {};
for (const workload of ["tandem", "mm1", "featured"] as const) {
  const taking = engines.filter(({ requests }) => requests[workload] !== undefined);
  const runs = new Map(taking.map(({ name }) => [name, [] as Figures[]]));
  for (let round = 0; round < options.rounds; round++) {
    for (const { name, requests, command } of taking) {
      process.stderr.write(`\r${workload}: round ${round + 1} of ${options.rounds}, ${name}            `);
      runs.get(name)!.push(run<Figures>(command(workload, Math.round(requests[workload]! * options.scale), round + 1)));
    }
  }
  workloads[workload] = {
    requests: FULL[workload] * options.scale,
    engines: Object.fromEntries(
      [...runs].map(([name, figures]) => {
        const medianOf = (field: keyof Figures) => median(figures.map((one) => one[field] ?? 0));
        const mean = workload === "mm1" ? "mean_wait_s" : "mean_latency_s";
        return [
          name,
          {
            events_per_s: medianOf("events_per_s"),
            [mean]: medianOf(mean),
            peak_rss_mb: Math.max(...figures.map(({ peak_rss_mb }) => peak_rss_mb)),
            runs: figures.map(({ events_per_s }) => events_per_s),
          },
        ];
      }),
    ),
  };
}
const workers = measureWorkers();
process.stderr.write("\r\n");

if (options.json) {
  process.stdout.write(
    `${JSON.stringify({ host: describeHost(), load_average: os.loadavg()[0], rounds: options.rounds, workloads, workers })}\n`,
  );
} else {
  for (const [workload, { requests, engines: measured }] of Object.entries(workloads)) {
    const ratio = (name: string, other: string) =>
      measured[other] ? `${(measured[name]!.events_per_s / measured[other]!.events_per_s).toFixed(2)}×` : "–";
    process.stdout.write(`\n${workload}, ${requests.toLocaleString("en")} requests (fewer where slow)\n`);
    const rows = Object.entries(measured).map(
      ([name, { events_per_s, mean_latency_s, mean_wait_s, peak_rss_mb, runs }]) => [
        name,
        (events_per_s / 1e6).toFixed(2),
        `${(Math.min(...runs) / 1e6).toFixed(2)} … ${(Math.max(...runs) / 1e6).toFixed(2)}`,
        ratio(name, "simpy"),
        ratio(name, "cpp_priority_queue"),
        (mean_latency_s ?? mean_wait_s)!.toFixed(4),
        peak_rss_mb.toFixed(0),
      ],
    );
    const head = [
      "engine",
      "M events/s",
      "runs",
      "× SimPy",
      "× C++",
      workload === "mm1" ? "mean wait s" : "mean latency s",
      "MB",
    ];
    process.stdout.write(`${table(head, rows)}\n`);
  }
  process.stdout.write(
    `\ntwo worker threads: ${workers.ratio.toFixed(2)}× one (${workers.replications} replications of tandem)\n`,
  );
}

/** What a program prints as JSON. */
function run<T>([program, ...args]: readonly [string, ...string[]]): T {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** Replications on one worker thread and on two, by turns. */
function measureWorkers(): { replications: number; ratio: number; seconds: { one: number; two: number } } {
  const replications = 16;
  const seconds = { one: [] as number[], two: [] as number[] };
  for (let round = 0; round < options.rounds; round++) {
    for (const [name, threads] of [
      ["one", 1],
      ["two", 2],
    ] as const) {
      process.stderr.write(`\rworkers: round ${round + 1} of ${options.rounds}, ${name}            `);
      const requests = Math.round(2e6 * options.scale);
      const file = path.join(HERE, "workers.mjs");
      const command = [process.execPath, file, String(threads), String(replications), String(requests)] as const;
      seconds[name].push(run<number>(command));
    }
  }
  const [one, two] = [median(seconds.one), median(seconds.two)];
  return { replications, ratio: one / two, seconds: { one, two } };
}

function peers(): Engine[] {
  const found: Engine[] = [];
  const cache = path.join(os.tmpdir(), "tierwise-bench-des");
  mkdirSync(cache, { recursive: true });
  const script = path.join(HERE, "peer_simpy.py");
  for (const [name, program] of [
    ["simpy", "/usr/bin/python3"],
    ["simpy", "python3"],
    ["simpy_pypy", "pypy3"],
  ] as const) {
    if (found.some((engine) => engine.name === name)) continue;
    // PyPy has no packages of its own here; SimPy is pure Python, so that Debian's copy serves both.
    const environment =
      name === "simpy_pypy" ? ["env", "PYTHONPATH=/usr/lib/python3/dist-packages", program] : [program];
    const [first, ...rest] = environment as [string, ...string[]];
    if (spawnSync(first, [...rest, "-c", "import simpy"]).status !== 0) continue;
    const share = name === "simpy" ? 1 : 5;
    found.push({
      name,
      requests: { tandem: 50_000 * share, mm1: 150_000 * share, featured: 50_000 * share },
      command: (workload, requests, seed) => [first, ...rest, script, workload, String(requests), String(seed)],
    });
  }
  const binary = path.join(mkdtempSync(path.join(cache, "cpp-")), "priority_queue");
  const source = path.join(HERE, "peer_priority_queue.cpp");
  if (spawnSync("g++", ["-std=c++17", "-O3", "-march=native", "-o", binary, source]).status === 0) {
    found.push({
      name: "cpp_priority_queue",
      requests: { tandem: FULL.tandem, mm1: FULL.mm1 },
      command: (workload, requests, seed) => [binary, workload, String(requests), String(seed)],
    });
  }
  const simjs = path.join(cache, "simjs");
  if (!existsSync(path.join(simjs, "node_modules/simjs"))) {
    mkdirSync(simjs, { recursive: true });
    spawnSync("npm", ["install", "--prefix", simjs, "--no-save", "--silent", "simjs@2.0.3"]);
  }
  if (existsSync(path.join(simjs, "node_modules/simjs"))) {
    found.push({
      name: "simjs",
      requests: { tandem: 300_000, mm1: 1e6 },
      command: (workload, requests, seed) => [
        process.execPath,
        path.join(HERE, "peer_simjs.mjs"),
        simjs,
        workload,
        String(requests),
        String(seed),
      ],
    });
  }
  return found;
}
