import type { Profile } from "../../formats/profile.ts";

/** What a node does, for its colour. */
export const CLASSES = ["multiply", "elementwise", "reduce", "reshape", "quantise", "other"] as const;
export type NodeClass = (typeof CLASSES)[number];

/** A node as it is drawn: its span along the drawing, 0 to 1, and its lane, 0 for the main way. */
export interface DrawnNode {
  readonly name: string;
  readonly op: string;
  readonly kind: NodeClass;
  readonly left: number;
  readonly right: number;
  readonly lane: number;
  /** Seconds on the profiled host. */
  readonly seconds: number;
}

/** A tensor's way from the node that makes it (null for the model's input) to one that reads it. */
export interface DrawnEdge {
  readonly tensor: number;
  readonly from: number | null;
  readonly to: number;
}

export interface DrawnGraph {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  readonly lanes: number;
  /** Whether the profile says the edges; else they are known from the cuts only, where they lie across. */
  readonly exact: boolean;
  /** Where a cut after so many nodes lies. */
  readonly at: readonly number[];
  /** Seconds of all nodes by class, the longest first. */
  readonly shares: readonly { readonly kind: NodeClass; readonly seconds: number }[];
}

/** The part of the width that all nodes have alike, so that those without a time of their own can be seen. */
const EVEN = 0.3;

/** Lays a profile's graph out along its order: widths are times, lanes are branches. */
export function drawnGraph(profile: Profile): DrawnGraph {
  const seconds = secondsByNode(profile);
  const total = seconds.reduce((sum, value) => sum + value, 0);
  const count = profile.nodes.length;
  const at = [0];
  for (const value of seconds) at.push(at.at(-1)! + EVEN / count + (total > 0 ? ((1 - EVEN) * value) / total : 0));
  const scale = at.at(-1) || 1;
  const edges = profile.edges ? knownEdges(profile.edges) : crossingEdges(profile);
  const lanes = profile.edges ? lanesOf(count, edges) : new Array<number>(count).fill(0);
  const nodes = profile.nodes.map(({ name, op }, i): DrawnNode => {
    const span = { left: at[i]! / scale, right: at[i + 1]! / scale };
    return { name, op, kind: classOf(op), ...span, lane: lanes[i]!, seconds: seconds[i]! };
  });
  const shares = CLASSES.map((kind) => ({
    kind,
    seconds: nodes.reduce((sum, node) => sum + (node.kind === kind ? node.seconds : 0), 0),
  }));
  return {
    nodes,
    edges,
    lanes: Math.max(0, ...lanes) + 1,
    exact: profile.edges !== undefined,
    at: at.map((x) => x / scale),
    shares: shares.filter(({ seconds: its }) => its > 0).sort((a, b) => b.seconds - a.seconds),
  };
}

/**
 * Kernels' times on the nodes that they cover: by floating-point operations where these are known, else alike. A kernel
 * that covers none (a change of layout) counts with the next one's nodes.
 */
export function secondsByNode({ nodes, kernels, whole_kernels }: Profile): number[] {
  const seconds = new Array<number>(nodes.length).fill(0);
  let pending = 0;
  let last: readonly number[] = [];
  const spend = (covered: readonly number[], amount: number) => {
    const flops = covered.reduce((sum, i) => sum + nodes[i]!.flops, 0);
    for (const i of covered) seconds[i]! += amount * (flops > 0 ? nodes[i]!.flops / flops : 1 / covered.length);
  };
  for (const { nodes: covered, median_s } of kernels.slice(0, whole_kernels)) {
    pending += median_s;
    if (covered.length === 0) continue;
    spend(covered, pending);
    pending = 0;
    last = covered;
  }
  if (pending > 0) spend(last, pending);
  return seconds;
}

function knownEdges(edges: NonNullable<Profile["edges"]>): DrawnEdge[] {
  return edges.flatMap(({ tensor, producer, consumers }) =>
    consumers.map((to): DrawnEdge => ({ tensor, from: producer, to })),
  );
}

/**
 * Edges of a profile that does not say them, from the tensors that cross its cuts: one from the node before the first
 * cut that the tensor crosses to the node after the last. Readers in between are not known.
 */
function crossingEdges({ cuts, model }: Profile): DrawnEdge[] {
  const spans = new Map<number, { from: number | null; to: number }>();
  for (const { tensors, position } of cuts.toSorted((a, b) => a.position - b.position)) {
    for (const tensor of tensors) {
      const from = spans.get(tensor)?.from ?? (model.inputs.includes(tensor) ? null : position - 1);
      spans.set(tensor, { from, to: position });
    }
  }
  return [...spans].map(([tensor, span]) => ({ tensor, ...span }));
}

/**
 * A node goes on in the lane of a node that it reads and that no other has gone on from, the lowest there is; a branch
 * gets the lowest lane that nothing passes through.
 */
function lanesOf(count: number, edges: readonly DrawnEdge[]): number[] {
  const reads = Array.from({ length: count }, () => [] as number[]);
  const lastReader = new Array<number>(count).fill(-1);
  for (const { from, to } of edges) {
    if (from === null) continue;
    reads[to]!.push(from);
    lastReader[from] = Math.max(lastReader[from]!, to);
  }
  const lanes: number[] = [];
  /** The last node of each lane. */
  const ends: number[] = [];
  for (let node = 0; node < count; node++) {
    const open = reads[node]!.filter((from) => ends[lanes[from]!] === from).map((from) => lanes[from]!);
    const free = () => {
      const found = ends.findIndex((end) => lastReader[end]! <= node);
      return found < 0 ? ends.length : found;
    };
    const lane = open.length > 0 ? Math.min(...open) : free();
    lanes[node] = lane;
    ends[lane] = node;
  }
  return lanes;
}

const KINDS: readonly (readonly [RegExp, NodeClass])[] = [
  [/quantize|quantise|^QLinear/i, "quantise"],
  [/Conv|Gemm|MatMul|LSTM|GRU|RNN|Attention|Einsum/, "multiply"],
  [/Pool|Reduce|Softmax|Norm|TopK|ArgM|CumSum|Resize|Upsample/, "reduce"],
  [
    /Reshape|Transpose|Concat|Slice|Gather|Squeeze|Flatten|Split|Pad|Expand|Shape|Identity|Cast|Tile|DepthToSpace|SpaceToDepth|Scatter/,
    "reshape",
  ],
  [
    /Relu|Sigmoid|Tanh|Swish|Mish|Gelu|Elu|Erf|Clip|Add|Sub|Mul|Div|Pow|Sqrt|Exp|Log|Neg|Abs|Min|Max|Where|Equal|Less|Greater|Not|And|Or|Soft|Sign|Reciprocal|Floor|Ceil|Round/,
    "elementwise",
  ],
];

function classOf(op: string): NodeClass {
  return KINDS.find(([pattern]) => pattern.test(op))?.[1] ?? "other";
}
