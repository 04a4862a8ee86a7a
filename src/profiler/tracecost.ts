import { analyse, GraphBuilder, readModel } from "../onnx/index.ts";
import { type BenchRuntime, nativeRuntime } from "./benchruntime.ts";
import { makeFeeds } from "./feeds.ts";
import { type Settings, Workspace } from "./planning.ts";
import { Runner, sampleInterleaved } from "./sampling.ts";
import { medianInterval } from "./statistics.ts";
import { NO_TRACE_COST, type TraceCost } from "./trace.ts";

const KERNELS = 256;
/** Tensors that each kernel of the two chains reads. A quantised convolution reads nine. */
const FEW = 2;
const MANY = 10;
const BUDGET_S = 2.5;

/**
 * Measures what tracing adds to the time that it reports for a kernel. ONNX Runtime describes a kernel's tensors in text
 * while the kernel's clock runs, which takes microseconds: as long as a small kernel itself, and longer for quantised
 * kernels, whose scales and zero points are tensors as well. Measured on two chains of kernels that compute next to nothing,
 * of few inputs and of many: the median kernel's reported time less the chain's untraced time per kernel.
 */
export async function measureTraceCost(settings: Settings, runtime = nativeRuntime(settings)): Promise<TraceCost> {
  const workspace = new Workspace();
  try {
    const chains = [];
    for (const inputs of [FEW, MANY]) chains.push(await loadChain(inputs, settings, runtime, workspace));
    await sampleInterleaved(
      chains.flatMap(({ traced, plain }) => [traced, plain]),
      BUDGET_S,
    );
    const costs: number[] = [];
    for (const { traced, plain } of chains) {
      const samples = await traced.finish();
      const reported = medianInterval(
        samples.executor.map((_, run) => sum([...samples.kernels.values()].map((times) => times[run]!))),
      );
      const real = medianInterval((await plain.finish()).request);
      costs.push(Math.max(0, (reported.median_s - real.median_s) / KERNELS));
    }
    const [few, many] = costs as [number, number];
    // Noise must not make a part of the cost negative.
    const input_s = Math.min(Math.max(0, (many - few) / (MANY - FEW)), few / FEW);
    return { kernel_s: few - FEW * input_s, input_s };
  } finally {
    workspace.close();
  }
}

/** A chain of sums of so many tensors, once traced and once not. */
async function loadChain(inputs: number, settings: Settings, runtime: BenchRuntime, workspace: Workspace) {
  const type = { dtype: "float32" as const, shape: [1, 8] };
  const builder = new GraphBuilder("chain");
  const start = builder.input("x", type);
  let last = start;
  for (let kernel = 0; kernel < KERNELS; kernel++)
    last = builder.node("Sum", `sum${kernel}`, [last, ...Array<string>(inputs - 1).fill(start)]);
  builder.output(last, type);
  const graph = analyse(readModel(builder.build(), "the chain"));
  const types = new Map(graph.steps.flatMap((step) => step.outputs.map((name) => [name, type] as const))).set(
    "x",
    type,
  );
  const subject = {
    ...{ graph, twin: graph, types, settings, externalFolder: undefined, workspace },
    traceCost: NO_TRACE_COST,
  };
  const feeds = makeFeeds(new Map([["x", type]]));
  const { session, kernels } = await runtime.traced(subject);
  return {
    traced: new Runner(session, feeds, { kernels, traceCost: NO_TRACE_COST }, settings.threads),
    plain: new Runner(await runtime.plain(graph.model.source), feeds, undefined, settings.threads),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
