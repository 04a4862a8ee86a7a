import type { TraceEvent } from "./runtime.ts";

/** The trace's clock counts whole microseconds. */
export const TRACE_GRID_S = 1e-6;

const KERNEL = "_kernel_time";

/**
 * What tracing adds to the time that it reports for a kernel, seconds: the runtime describes the kernel's tensors in text
 * while the kernel's clock runs.
 */
export interface TraceCost {
  /** For any kernel. */
  readonly kernel_s: number;
  /** For each tensor that it reads, weights, scales and zero points included. */
  readonly input_s: number;
}

export const NO_TRACE_COST: TraceCost = { kernel_s: 0, input_s: 0 };

/** What a trace tells of each run of a session, in seconds, runs in order. */
export interface TracedRuns {
  /** Kernel name → its time in each run; kernels of subgraphs count within the kernel that runs the subgraph. */
  readonly kernels: ReadonlyMap<string, readonly number[]>;
  /** Time of each run inside the executor: kernels and what lies between them. */
  readonly executor: readonly number[];
  /** Bytes that each kernel reads and writes, weights included. */
  readonly bytes: ReadonlyMap<string, number>;
  /** Operator that each kernel executed, without its domain. */
  readonly ops: ReadonlyMap<string, string>;
}

/**
 * Sorts a trace's events by run.
 * @param names the kernels of the plan; events of others (inside subgraphs) are left out
 * @param traceCost what tracing adds to each kernel's reported time: taken off again
 */
export function readTrace(events: readonly TraceEvent[], names: readonly string[], traceCost: TraceCost): TracedRuns {
  const runs = events.filter((event) => event.name === "SequentialExecutor::Execute");
  const kernels = new Map<string, Float64Array>(names.map((name) => [name, new Float64Array(runs.length)]));
  const bytes = new Map<string, number>();
  const ops = new Map<string, string>();
  const ordered = runs.toSorted((a, b) => a.ts - b.ts);
  let run = 0;
  for (const event of events
    .filter((event) => event.cat === "Node" && event.name.endsWith(KERNEL))
    .sort((a, b) => a.ts - b.ts)) {
    const name = event.name.slice(0, -KERNEL.length);
    const times = kernels.get(name);
    if (!times) continue;
    while (run + 1 < ordered.length && event.ts >= ordered[run + 1]!.ts) run++;
    const cost = traceCost.kernel_s + traceCost.input_s * (event.args.input_type_shape?.length ?? 0);
    times[run]! += Math.max(0, event.dur * 1e-6 - cost);
    if (!ops.has(name)) ops.set(name, String(event.args.op_name ?? ""));
    if (!bytes.has(name))
      bytes.set(
        name,
        Number(event.args.activation_size ?? 0) +
          Number(event.args.parameter_size ?? 0) +
          Number(event.args.output_size ?? 0),
      );
  }
  return {
    kernels: new Map([...kernels].map(([name, times]) => [name, Array.from(times)])),
    executor: ordered.map((event) => event.dur * 1e-6),
    bytes,
    ops,
  };
}
