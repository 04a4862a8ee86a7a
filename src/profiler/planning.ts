import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { extractSegment, type Graph, memorySource, readModel, type Segment, type TensorType } from "../onnx/index.ts";
import { type PlannedKernel, readPlan } from "./plan.ts";
import { loadSession, type Optimisation, type Session } from "./runtime.ts";
import type { TraceCost } from "./trace.ts";

/** How sessions are made: what a profile holds fixed. */
export interface Settings {
  readonly threads: number;
  readonly optimisation: Optimisation;
}

/** A folder for the runtime's dumps and traces, removed again by {@link Workspace.close}. */
export class Workspace {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-"));
  #count = 0;

  path(name: string): string {
    return path.join(this.folder, `${name}-${this.#count++}`);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A model ready to be cut: its graph, the types of its tensors, and how sessions of it are made. */
export interface Subject {
  readonly graph: Graph;
  /** The graph's planning twin, made in the workspace. */
  readonly twin: Graph;
  readonly types: ReadonlyMap<string, TensorType>;
  readonly settings: Settings;
  /** Folder of the model file when it has external data. */
  readonly externalFolder: string | undefined;
  readonly workspace: Workspace;
  readonly traceCost: TraceCost;
}

/** The steps [from, to) of the subject as a model of their own. */
export function segmentOf(subject: Subject, from: number, to: number): Segment {
  return extractSegment(subject.graph, from, to, subject.types);
}

/** The kernels that the runtime would execute for a segment. The segment is loaded, never run. */
export async function planSegment(subject: Subject, from: number, to: number): Promise<PlannedKernel[]> {
  const { twin, types, workspace } = subject;
  const segment = extractSegment(twin, from, to, types);
  const { session, kernels } = await load(subject, segment, { planOnly: true, externalFolder: workspace.folder });
  await session.release();
  return kernels;
}

/** A segment loaded to run with its kernels timed, and the plan by which to read the times. */
export async function loadTraced(
  subject: Subject,
  segment: Segment,
): Promise<{ session: Session; kernels: PlannedKernel[] }> {
  const { workspace, externalFolder } = subject;
  return load(subject, segment, { traceTo: workspace.path("trace"), externalFolder });
}

async function load(
  { graph, types, settings, workspace }: Subject,
  segment: Segment,
  options: { planOnly?: boolean; traceTo?: string; externalFolder: string | undefined },
) {
  const dumpTo = workspace.path("plan");
  const session = await loadSession(segment.source, { ...settings, ...options, dumpTo });
  const dump = readModel(memorySource(readFileSync(dumpTo)), "the runtime's plan");
  rmSync(dumpTo);
  return { session, kernels: readPlan(dump, graph, types) };
}
