import { nodeCost } from "../onnx/index.ts";
import { planSegment, type Subject } from "./planning.ts";

/** How much of a model's arithmetic the runtime does in whole numbers, read off the graph as the runtime rewrote it. */
export interface IntegerShare {
  /** Operations of convolutions and matrix products in integer kernels, over all such operations; 0 where there are none. */
  readonly share: number;
  /** Number of kernels by operator, as the runtime executes them. */
  readonly kernels: Readonly<Record<string, number>>;
}

const PRODUCTS = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);
const INTEGER = /(^|\.)(QLinear|QGemm|MatMulInteger|ConvInteger|DynamicQuantizeMatMul)/;

/** @param subject the model, its tensors' types and its planning twin */
export async function integerShare(subject: Subject): Promise<IntegerShare> {
  const { graph, types } = subject;
  const kernels = await planSegment(subject, 0, graph.steps.length);
  const cost = new Map(
    graph.steps.flatMap((step) =>
      PRODUCTS.has(step.op) ? [[step.index, nodeCost(graph.model, step, types).flops] as const] : [],
    ),
  );
  const counts: Record<string, number> = {};
  let inIntegers = 0;
  for (const { op, nodes } of kernels) {
    counts[op] = (counts[op] ?? 0) + 1;
    if (INTEGER.test(op)) for (const index of nodes) inIntegers += cost.get(index) ?? 0;
  }
  const all = [...cost.values()].reduce((sum, flops) => sum + flops, 0);
  return { share: all > 0 ? inIntegers / all : 0, kernels: counts };
}
