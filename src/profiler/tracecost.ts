import { analyse, GraphBuilder, readModel } from "../onnx/index.ts";
import { makeFeeds } from "./feeds.ts";
import { loadTraced, type Settings, segmentOf, Workspace } from "./planning.ts";
import { loadSession } from "./runtime.ts";
import { Runner, sampleInterleaved } from "./sampling.ts";
import { medianInterval } from "./statistics.ts";

const KERNELS = 256;
const BUDGET_S = 1.5;

/**
 * What tracing adds to the time that it reports for a kernel, seconds. ONNX Runtime describes a kernel's tensors in
 * text while the kernel's clock runs, which takes microseconds: as long as a small kernel itself. Measured on a chain
 * of kernels that compute next to nothing: the median kernel's reported time less the chain's untraced time per kernel.
 */
export async function measureTraceCost(settings: Settings): Promise<number> {
  const type = { dtype: "float32" as const, shape: [1, 8] };
  const builder = new GraphBuilder("chain");
  const start = builder.input("x", type);
  let last = start;
  for (let kernel = 0; kernel < KERNELS; kernel++) last = builder.node("Add", `add${kernel}`, [last, start]);
  builder.output(last, type);
  const graph = analyse(readModel(builder.build(), "the chain"));
  const types = new Map(graph.steps.flatMap((step) => step.outputs.map((name) => [name, type] as const))).set(
    "x",
    type,
  );
  const workspace = new Workspace();
  try {
    const subject = { graph, twin: graph, types, settings, externalFolder: undefined, workspace, traceCost: 0 };
    const segment = segmentOf(subject, 0, KERNELS);
    const feeds = makeFeeds(new Map([["x", type]]));
    const { session, kernels } = await loadTraced(subject, segment);
    const traced = new Runner(session, feeds, { kernels, traceCost: 0 });
    const plain = new Runner(await loadSession(segment.source, settings), feeds);
    await sampleInterleaved([traced, plain], BUDGET_S);
    const samples = await traced.finish();
    const reported = medianInterval(
      samples.executor.map((_, run) => sum([...samples.kernels.values()].map((times) => times[run]!))),
    );
    const real = medianInterval((await plain.finish()).request);
    return Math.max(0, (reported.median_s - real.median_s) / KERNELS);
  } finally {
    workspace.close();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
