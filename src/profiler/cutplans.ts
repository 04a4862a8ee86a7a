import type { Cut } from "../onnx/index.ts";
import type { PlannedKernel } from "./plan.ts";
import { planSegment, type Subject } from "./planning.ts";

/** A kernel that exists only in the head or tail of some cut, not in the whole model. */
export interface BoundaryKernel {
  readonly signature: string;
  readonly op: string;
  /** Source nodes that it covers where it was met first. */
  readonly nodes: readonly number[];
  /** As {@link PlannedKernel.bytes}. */
  readonly bytes?: number;
}

/** The kernels of both sides of a cut: indices into the whole's kernels, followed by boundary kernels. */
export interface CutPlan {
  readonly cut: Cut;
  readonly head: readonly number[];
  readonly tail: readonly number[];
}

/** What the runtime would execute for the whole model and for both sides of every cut. */
export interface CutPlans {
  readonly whole: readonly PlannedKernel[];
  /** Numbered behind the whole's kernels: boundary[0] has the index whole.length. */
  readonly boundary: readonly BoundaryKernel[];
  readonly cuts: readonly CutPlan[];
}

/** What is kept of a cut's plan when planning is interrupted. */
export interface PlannedCutEntry {
  readonly kind: "cut";
  readonly id: string;
  readonly head: readonly number[];
  readonly tail: readonly number[];
  /** Boundary kernels that this cut was the first to show. */
  readonly boundary: readonly BoundaryKernel[];
}

/**
 * Plans cuts by letting the runtime optimise its head and its tail. Nothing less is exact: where a cut falls
 * decides fusions and layouts far from it (a residual stage can lose all its fused additions to a cut before it).
 * @param known cuts planned by an interrupted earlier run
 */
export async function planCuts(
  subject: Subject,
  chosen: readonly Cut[],
  known: readonly PlannedCutEntry[],
  onCut: (entry: PlannedCutEntry | undefined, done: number, total: number) => void,
): Promise<CutPlans> {
  const { graph } = subject;
  const end = graph.steps.length;
  const whole = await planSegment(subject, 0, end);
  const indexOf = new Map(whole.map((kernel, index) => [kernel.identity, index]));
  const boundary: BoundaryKernel[] = [];
  const boundaryIndex = new Map<string, number>();
  const learn = (kernel: BoundaryKernel) => {
    const index = whole.length + boundary.length;
    boundary.push(kernel);
    boundaryIndex.set(kernel.signature, index);
    return index;
  };
  const cuts: CutPlan[] = [];
  const earlier = new Map(known.map((entry) => [entry.id, entry]));
  // Entries must be taken over in the order they were made: their boundary kernels are numbered in that order.
  for (const entry of known) for (const kernel of entry.boundary) learn(kernel);
  for (const cut of chosen) {
    const entry = earlier.get(cut.id);
    if (entry) {
      cuts.push({ cut, head: entry.head, tail: entry.tail });
      onCut(undefined, cuts.length, chosen.length);
      continue;
    }
    const before = boundary.length;
    const resolve = (kernels: readonly PlannedKernel[]) =>
      kernels.map(
        ({ identity, signature, op, nodes, bytes }) =>
          indexOf.get(identity) ?? boundaryIndex.get(signature) ?? learn({ signature, op, nodes, bytes }),
      );
    const head = resolve(await planSegment(subject, 0, cut.position));
    const tail = resolve(await planSegment(subject, cut.position, end));
    cuts.push({ cut, head, tail });
    onCut({ kind: "cut", id: cut.id, head, tail, boundary: boundary.slice(before) }, cuts.length, chosen.length);
  }
  return { whole, boundary, cuts };
}

/** At most `limit` of the items, evenly spread. */
export function spread<T>(items: readonly T[], limit: number): T[] {
  if (items.length <= limit) return [...items];
  return Array.from({ length: limit }, (_, index) => items[Math.floor(((index + 0.5) * items.length) / limit)]!);
}

/** A stretch of steps that is run to time the boundary kernels in it among their real neighbours. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Steps in the first try of a window; it doubles until the window shows the kernels it is for. */
const FIRST_WINDOW = 8;

/**
 * Windows that between them show every boundary kernel. A window ends (or begins) at the cut that makes the kernel and
 * reaches only as far into the segment as needed.
 */
export async function chooseWindows(
  subject: Subject,
  plans: CutPlans,
  onWindow: (covered: number, total: number) => void,
): Promise<Window[]> {
  const end = subject.graph.steps.length;
  const first = plans.whole.length;
  const signatures = new Map(plans.boundary.map((kernel, index) => [kernel.signature, first + index]));
  const open = new Set(signatures.values());
  const windows: Window[] = [];
  // Cuts that show many unseen kernels go first: fewer windows cover all.
  const sides = plans.cuts.flatMap(({ cut, head, tail }) => [
    { position: cut.position, side: "head" as const, kernels: new Set(head.filter((index) => index >= first)) },
    { position: cut.position, side: "tail" as const, kernels: new Set(tail.filter((index) => index >= first)) },
  ]);
  while (open.size > 0) {
    const gain = (side: (typeof sides)[number]) => [...side.kernels].filter((index) => open.has(index)).length;
    const best = sides.reduce((a, b) => (gain(b) > gain(a) ? b : a));
    const wanted = [...best.kernels].filter((index) => open.has(index));
    for (let width = FIRST_WINDOW; ; width *= 2) {
      const window =
        best.side === "head"
          ? { from: Math.max(0, best.position - width), to: best.position }
          : { from: best.position, to: Math.min(end, best.position + width) };
      const shown = (await planSegment(subject, window.from, window.to)).map((kernel) =>
        signatures.get(kernel.signature),
      );
      const whole = best.side === "head" ? window.from === 0 : window.to === end;
      if (!whole && !wanted.every((index) => shown.includes(index))) continue;
      windows.push(window);
      for (const index of [...shown, ...wanted]) if (index !== undefined) open.delete(index);
      break;
    }
    onWindow(plans.boundary.length - open.size, plans.boundary.length);
  }
  return windows;
}
