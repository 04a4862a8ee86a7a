import type { ByteSource } from "../onnx/index.ts";
import { loadTraced, type Settings, type Subject, segmentOf } from "./planning.ts";
import { loadSession, RUNTIME, type Session, type TraceEvent } from "./runtime.ts";
import { loadWasmSession, wasmRuntime } from "./wasm.ts";

/** A kernel of a traced session: its name in the trace, and the indices of the nodes that it covers. */
export interface TracedKernel {
  readonly name: string;
  readonly op: string;
  readonly nodes: readonly number[];
}

/** A runtime that a device can be benched with. */
export interface BenchRuntime {
  /** Name and version. */
  readonly name: string;
  readonly threads: number;
  /** Loads a whole graph with its kernels timed. */
  traced(subject: Subject): Promise<{ readonly session: Session; readonly kernels: readonly TracedKernel[] }>;
  plain(source: ByteSource): Promise<Session>;
}

/** ONNX Runtime's native library, on the processor. */
export function nativeRuntime(settings: Settings): BenchRuntime {
  return {
    name: RUNTIME,
    threads: settings.threads,
    traced: (subject) => loadTraced(subject, segmentOf(subject, 0, subject.graph.steps.length)),
    plain: (source) => loadSession(source, settings),
  };
}

/** ONNX Runtime compiled to WebAssembly, on one thread. */
export async function webAssemblyRuntime(): Promise<BenchRuntime> {
  return {
    name: await wasmRuntime(),
    threads: 1,
    // It cannot write its plan down, but its kernels bear their nodes' names. With open shapes it would compute nothing in place,
    // and a Clip in place takes four times as long.
    async traced(subject) {
      const { graph } = subject;
      const session = await loadWasmSession(segmentOf(subject, 0, graph.steps.length).source, true);
      const names = graph.steps.map(({ name }) => name);
      return {
        session: { ...session, endTrace: () => session.endTrace().map((event) => renamed(event, names)) },
        kernels: graph.steps.map(({ name, op, index }) => ({ name, op, nodes: [index] })),
      };
    },
    plain: (source) => loadWasmSession(source, false),
  };
}

const SUFFIX = "_kernel_time";

/** A fused kernel's name holds the name of one of its nodes: the event under that name. */
function renamed(event: TraceEvent, names: readonly string[]): TraceEvent {
  if (!event.name.endsWith(SUFFIX)) return event;
  const own = event.name.slice(0, -SUFFIX.length);
  if (names.includes(own)) return event;
  const held = names.filter((name) => own.includes(name)).toSorted((a, b) => b.length - a.length)[0];
  return held === undefined ? event : { ...event, name: `${held}${SUFFIX}` };
}
