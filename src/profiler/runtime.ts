import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as ort from "onnxruntime-node";
import type { Dtype } from "../formats/common.ts";
import { Problem } from "../formats/problem.ts";
import type { ByteSource, TensorType } from "../onnx/index.ts";
import { keepBuffers } from "./allocator.ts";

/** How far the runtime rewrites a graph before it runs it. */
export type Optimisation = "disabled" | "basic" | "extended" | "all";

export interface LoadOptions {
  /** Intra-op threads. */
  readonly threads: number;
  readonly optimisation: Optimisation;
  /** Path prefix of the trace; when given, each kernel is timed until {@link Session.endTrace}. */
  readonly traceTo?: string;
  /** Where to write the graph as the runtime rewrote it, its larger weights left out. */
  readonly dumpTo?: string;
  /** Folder of the files that hold external data, for models loaded from memory. */
  readonly externalFolder?: string | undefined;
  /** Skip copying weights into the kernels' own layouts: for sessions that are planned but never run. */
  readonly planOnly?: boolean;
}

/** A tensor's values in the element type's own array. */
export type Values = ort.Tensor;
export type Feeds = Readonly<Record<string, Values>>;

/** A model loaded into ONNX Runtime. */
export interface Session {
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  /** Runs once. @param fetches outputs to return; all when left out */
  run(feeds: Feeds, fetches?: readonly string[]): Promise<Record<string, Values>>;
  /** Ends tracing and returns the trace's events. */
  endTrace(): TraceEvent[];
  release(): Promise<void>;
}

/**
 * So long worker threads wait awake for more work: from one kernel to the next, but not far beyond a run. By default they go on for a
 * fixed number of turns, 33 ms on an EPYC and over a second on others, and take a processor from whatever runs next.
 */
export const SPIN_S = 2e-3;

/** One event of ONNX Runtime's profiling trace; durations and time stamps are whole microseconds. */
export interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly ts: number;
  readonly args: Readonly<Record<string, string | readonly unknown[]>>;
}

/** Version of ONNX Runtime, as profiles record it. */
export const RUNTIME = `onnxruntime-node ${ort.env.versions?.node ?? ort.env.versions?.common ?? "unknown"}`;

/**
 * Loads a model.
 * @param model the path of a file, or the bytes of a model
 * @throws Problem when ONNX Runtime refuses the model, with its reason.
 */
export async function loadSession(model: string | ByteSource, options: LoadOptions): Promise<Session> {
  keepBuffers();
  const settings: Record<string, string> =
    options.threads > 1
      ? { "intra_op.allow_spinning": "1", "intra_op.spin_duration_us": String(SPIN_S * 1e6) }
      : { "intra_op.allow_spinning": "0" };
  if (options.externalFolder) settings.model_external_initializers_file_folder_path = options.externalFolder;
  if (options.planOnly) settings.disable_prepacking = "1";
  if (options.dumpTo) {
    settings.optimized_model_external_initializers_file_name = discardedWeights(options.dumpTo);
    settings.optimized_model_external_initializers_min_size_in_bytes = "64";
  }
  const sessionOptions: ort.InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: options.optimisation,
    logSeverityLevel: 4,
    extra: { session: settings },
    ...(options.traceTo ? { enableProfiling: true, profileFilePrefix: options.traceTo } : {}),
    ...(options.dumpTo ? { optimizedModelFilePath: options.dumpTo } : {}),
  };
  const session = await (typeof model === "string"
    ? ort.InferenceSession.create(model, sessionOptions)
    : ort.InferenceSession.create(model.read(0, model.length), sessionOptions)
  ).catch((error: unknown) => {
    throw new Problem(`ONNX Runtime cannot load the model: ${reason(error)}`);
  });
  return {
    inputs: typesOf(session.inputMetadata),
    outputs: typesOf(session.outputMetadata),
    run: async (feeds, fetches) =>
      (await (fetches ? session.run(feeds, fetches) : session.run(feeds))) as Record<string, Values>,
    endTrace() {
      session.endProfiling();
      return takeTrace(options.traceTo ?? "");
    },
    release: () => session.release(),
  };
}

/** The dump's weights go nowhere: only its graph is read. */
function discardedWeights(dumpTo: string): string {
  const name = "weights.discarded";
  const link = path.join(path.dirname(dumpTo), name);
  if (!fs.existsSync(link)) fs.symlinkSync(os.devNull, link);
  return name;
}

function takeTrace(prefix: string): TraceEvent[] {
  const folder = path.dirname(prefix);
  const file = fs.readdirSync(folder).find((name) => name.startsWith(`${path.basename(prefix)}_`));
  if (!file) throw new Error(`ONNX Runtime wrote no trace with the prefix ${prefix}`);
  const events = JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as TraceEvent[];
  fs.rmSync(path.join(folder, file));
  return events;
}

function typesOf(metadata: readonly ort.InferenceSession.ValueMetadata[]): Map<string, TensorType> {
  const types = new Map<string, TensorType>();
  for (const value of metadata)
    if (value.isTensor)
      types.set(value.name, {
        dtype: value.type as Dtype,
        shape: value.shape.map((size) => (typeof size === "number" ? (size < 0 ? null : size) : size || null)),
      });
  return types;
}

/** ONNX Runtime's message without its source locations and functions. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/\/\S+\.(cc|h):\d+ /g, "")
    .replace(/(\S+ )?onnxruntime::[\w:~]+\([^)]*\)( const)? /g, "")
    .split("\n")[0]!
    .trim();
}
