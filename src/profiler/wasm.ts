import fs from "node:fs";
import { setFlagsFromString } from "node:v8";
import type { InferenceSession } from "onnxruntime-node";
import { Problem } from "../formats/problem.ts";
import type { ByteSource, TensorType } from "../onnx/index.ts";
import type { Session, TraceEvent, Values } from "./runtime.ts";

/** The package that is the other runtime: ONNX Runtime compiled to WebAssembly with 128-bit SIMD. */
const PACKAGE = "onnxruntime-web";

/** What is used of it. */
interface WebRuntime {
  readonly InferenceSession: typeof InferenceSession;
  readonly env: { readonly versions: { readonly web?: string }; readonly wasm: { numThreads?: number } };
}

let loaded: Promise<WebRuntime> | undefined;

/** Loads the package, once. */
function web(): Promise<WebRuntime> {
  loaded ??= (async () => {
    // V8 first compiles WebAssembly quickly and badly, and again while it runs: what is measured is to be the latter.
    setFlagsFromString("--no-liftoff");
    const runtime = (await import(PACKAGE).catch(() => {
      throw new Problem(`the WebAssembly runtime is not installed; install it with: npm install ${PACKAGE}@1.30.0`);
    })) as WebRuntime;
    runtime.env.wasm.numThreads = 1;
    return runtime;
  })();
  return loaded;
}

/** Name and version of the runtime, as profiles record it. */
export async function wasmRuntime(): Promise<string> {
  const runtime = await web();
  return `${PACKAGE} ${runtime.env.versions.web ?? "unknown"} wasm-simd`;
}

/**
 * Loads a model into the WebAssembly runtime, with one thread.
 * @param traced whether each kernel is timed until {@link Session.endTrace}
 * @throws Problem when the package is not there, or refuses the model
 */
export async function loadWasmSession(model: ByteSource, traced: boolean): Promise<Session> {
  const runtime = await web();
  const session = await runtime.InferenceSession.create(model.read(0, model.length), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    ...(traced ? { enableProfiling: true } : {}),
  }).catch((error: unknown) => {
    throw new Problem(`${PACKAGE} cannot load the model: ${error instanceof Error ? error.message : error}`);
  });
  return {
    inputs: typesOf(session.inputMetadata),
    outputs: typesOf(session.outputMetadata),
    run: async (feeds, fetches) =>
      (await (fetches ? session.run(feeds, fetches) : session.run(feeds))) as Record<string, Values>,
    endTrace: () => JSON.parse(printedBy(() => session.endProfiling())) as TraceEvent[],
    release: () => session.release(),
  };
}

/**
 * What something writes to standard output: without a file system of its own, that is where the runtime writes its trace,
 * by way of Node's `fs.writeSync`, and it lets nobody give it another way.
 */
function printedBy(work: () => void): string {
  const pieces: string[] = [];
  const original = fs.writeSync;
  fs.writeSync = ((descriptor: number, ...rest: [string]) =>
    descriptor === 1 ? pieces.push(rest[0]) : original(descriptor, ...rest)) as typeof fs.writeSync;
  try {
    work();
  } finally {
    fs.writeSync = original;
  }
  return pieces.join("");
}

function typesOf(metadata: readonly InferenceSession.ValueMetadata[]): Map<string, TensorType> {
  return new Map(
    metadata.flatMap((value) =>
      value.isTensor
        ? [[value.name, { dtype: value.type as TensorType["dtype"], shape: [...value.shape] }] as const]
        : [],
    ),
  );
}
