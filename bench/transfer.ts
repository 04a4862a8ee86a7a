/**
 * Predicted against measured times on devices that a model never ran on before: `npm run bench:transfer`. The source is this
 * machine on one thread; the targets are two threads (`threads`), the WebAssembly runtime (`wasm`), and the model quantised to
 * 8 bits (`int8`).
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { Device } from "../src/formats/device.ts";
import { type BenchRuntime, DeviceBench, nativeRuntime, webAssemblyRuntime } from "../src/profiler/index.ts";
import { writeAtomically } from "../src/store/index.ts";
import { thisHost } from "./fidelity/session.ts";
import { madeVariant } from "./fidelity/variants.ts";
import { MODELS } from "./models.ts";
import { compare, predictPair } from "./transfer/compare.ts";
import { kernelRows } from "./transfer/kernels.ts";
import { type MeasuredModel, measureModel, type PairName, type Target } from "./transfer/measure.ts";
import { printKernels, printTransfer } from "./transfer/tables.ts";

const options = new Command()
  .option("--models <names>", "comma-separated; else all")
  .option("--pairs <names>", "comma-separated: threads, wasm, int8", "threads,wasm,int8")
  .option("--bench <seconds>", "time for repetitions of each device's micro-kernels", Number, 240)
  .option("--passes <n>", "times that the micro-kernels are gone through, each device in turn", Number, 3)
  .option("--budget <seconds>", "time for samples per model", Number, 30)
  .option("--keep <dir>", "keep what was measured in a folder, and take it from there where it is")
  .option("--kernels", "print each target's kernels as well, by class", false)
  .option("--json", "print one JSON document", false)
  .parse()
  .opts();

const pairs = options.pairs.split(",") as PairName[];
const names = options.models?.split(",") ?? MODELS.map(({ name }) => name);
const host = thisHost();
const one = nativeRuntime({ threads: 1, optimisation: "all" });
const runtimes = new Map<PairName, BenchRuntime>();
for (const pair of pairs) runtimes.set(pair, await runtimeOf(pair));

const devices = await kept("devices", async () => {
  const began = performance.now();
  const benches = [one, ...runtimes.values()].flatMap((runtime, index, all) =>
    all.indexOf(runtime) === index
      ? [
          {
            runtime,
            bench: new DeviceBench({
              runtime,
              budgetSeconds: options.bench,
              passes: options.passes,
              onProgress: () => {},
            }),
          },
        ]
      : [],
  );
  // By turns: a drift of this machine is no difference between devices.
  for (let pass = 0; pass < benches[0]!.bench.passes; pass++)
    for (const { bench, runtime } of benches) {
      await bench.pass(pass);
      process.stderr.write(`pass ${pass + 1} of ${runtime.name}, ${runtime.threads} thread(s): ${seconds(began)}\n`);
    }
  return benches.map(({ runtime, bench }) => bench.finish(labelOf(runtime)));
});
const device = (runtime: BenchRuntime) => devices.find(({ name }) => name === labelOf(runtime)) as Device;

const target = (runtime: BenchRuntime): Target => {
  const { trace_cost_s, trace_cost_per_input_s } = device(runtime).bench!;
  return { runtime, traceCost: { kernel_s: trace_cost_s, input_s: trace_cost_per_input_s } };
};

const models: MeasuredModel[] = [];
for (const name of names) {
  const model = MODELS.find((candidate) => candidate.name === name);
  if (!model) throw new Error(`no model '${name}'; there are ${MODELS.map((candidate) => candidate.name).join(", ")}`);
  const began = performance.now();
  const file = model.file();
  const measured = await kept(name, () =>
    withVariant(file, model.shapes, (variant) =>
      measureModel(name, file, {
        shapes: model.shapes,
        targets: new Map([...runtimes].map(([pair, runtime]) => [pair, target(runtime)] as const)),
        variant,
        budgetSeconds: options.budget,
        load_average: os.loadavg()[0]!,
      }),
    ),
  );
  models.push(measured);
  process.stderr.write(`${name}: ${seconds(began)}\n`);
}
const targets = new Map([...runtimes].map(([pair, runtime]) => [pair, device(runtime)] as const));
const rows = models.flatMap((model) => compare(model, device(one), targets));
if (options.kernels)
  for (const model of models)
    for (const [pair, runtime] of targets) {
      const predicted = predictPair(pair, model, device(one), runtime);
      if (predicted && model.kernels?.[pair])
        printKernels(model.name, pair, kernelRows(predicted, model.kernels[pair]));
    }
printTransfer({ rows, devices, models }, host, options.json);

async function runtimeOf(pair: PairName): Promise<BenchRuntime> {
  if (pair === "threads") return nativeRuntime({ threads: 2, optimisation: "all" });
  if (pair === "wasm") return webAssemblyRuntime();
  if (pair === "int8") return one;
  throw new Error(`no pair '${pair}'; there are threads, wasm and int8`);
}

function labelOf({ name, threads }: BenchRuntime): string {
  return name.includes("web") ? "wasm" : `native-${threads}t`;
}

async function withVariant<T>(
  file: string,
  shapes: Readonly<Record<string, readonly number[]>>,
  use: (variant: string | undefined) => Promise<T>,
): Promise<T> {
  if (!pairs.includes("int8")) return use(undefined);
  const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-transfer-"));
  try {
    return await madeVariant(file, { label: "sptq", operators: "sptq" }, shapes, folder, use);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an earlier run left in the folder of `--keep`, or what `make` makes. */
async function kept<T>(name: string, make: () => Promise<T>): Promise<T> {
  if (!options.keep) return make();
  mkdirSync(options.keep, { recursive: true });
  const file = path.join(options.keep, `${name}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as T;
  const made = await make();
  writeAtomically(file, JSON.stringify(made));
  return made;
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(0)} s`;
}
