import { Problem } from "../formats/problem.ts";
import { type Draft, elements } from "../onnx/index.ts";

/** Which weights fall together: single ones, or 2 or 4 consecutive output channels at the same place. */
export type SparsityPattern = "unstructured" | "2x1" | "4x1";

const BLOCK: Record<SparsityPattern, number> = { unstructured: 1, "2x1": 2, "4x1": 4 };

/** @throws Problem unless the sparsity is between 0 and 1, both excluded. */
export function checkSparsity(sparsity: number): void {
  if (!(sparsity > 0 && sparsity < 1))
    throw new Problem(`a sparsity of ${sparsity} is not between 0 and 1; 0.5 removes half of the weights.`);
}

/**
 * Magnitude pruning: in every layer the weights, or blocks of weights, with the smallest magnitudes become 0, until the
 * share `sparsity` of them is. Han et al., Learning both Weights and Connections (2015); blocks of output channels as
 * in Elsen et al., Fast Sparse ConvNets (2020).
 * @param sparsity share of weights that become 0, in (0, 1)
 * @returns notes: the share reached, and what it is good for
 * @throws Problem when the sparsity is out of range or there is nothing to prune
 */
export function pruneWeights(
  draft: Draft,
  sparsity: number,
  pattern: SparsityPattern,
  onProgress?: (done: number, total: number) => void,
): string[] {
  checkSparsity(sparsity);
  let total = 0;
  let zeros = 0;
  const pruned = new Map<string, string>();
  for (const [index, node] of draft.nodes.entries()) {
    onProgress?.(index, draft.nodes.length);
    const axis = outputAxis(node.op, node.domain, node.int("transB", 0));
    const name = node.inputs[1] ?? "";
    const weight = draft.weights.get(name);
    if (axis === undefined || weight?.dtype !== "float32" || weight.shape.length < 2) continue;
    let replacement = pruned.get(name);
    if (!replacement) {
      const values = draft.floats(name)!.slice();
      zeros += zeroSmallest(values, weight.shape, weight.shape.length + Math.min(axis, 0), sparsity, BLOCK[pattern]);
      total += values.length;
      replacement = draft.constant(`${name}.pruned`, "float32", weight.shape, values);
      pruned.set(name, replacement);
    }
    node.inputs[1] = replacement;
  }
  if (total === 0)
    throw new Problem(
      "nothing in the model can be pruned: it has no convolution or matrix product with float32 weights.",
    );
  return [
    `${((zeros / total) * 100).toFixed(1)} % of ${total} weights in ${pruned.size} layers are 0 (${pattern})`,
    "a dense runtime such as ONNX Runtime multiplies by zeros as by anything: the latency stays, only a sparse runtime or a compressed file gains",
    "not fine-tuned after pruning: measure the accuracy before use",
  ];
}

/** Axis of the output channels in a weight, from the end if negative (−n is the first of n); undefined for other nodes. */
function outputAxis(op: string, domain: string, transB: number): number | undefined {
  if (domain !== "") return undefined;
  if (op === "Conv") return Number.NEGATIVE_INFINITY;
  if (op === "Gemm") return transB ? -2 : -1;
  return op === "MatMul" ? -1 : undefined;
}

/** Sets the blocks with the least mean magnitude to 0. @returns how many weights became 0 */
function zeroSmallest(
  values: Float32Array,
  shape: readonly number[],
  axisOrFirst: number,
  sparsity: number,
  block: number,
): number {
  const axis = Math.max(0, axisOrFirst);
  const channels = shape[axis]!;
  const inner = elements(shape.slice(axis + 1));
  const outer = values.length / (channels * inner);
  const rows = Math.ceil(channels / block);
  const scores = new Float32Array(outer * rows * inner);
  const each = (visit: (unit: number, index: number) => void) => {
    for (let o = 0, index = 0; o < outer; o++)
      for (let channel = 0; channel < channels; channel++)
        for (let i = 0; i < inner; i++, index++) visit((o * rows + Math.floor(channel / block)) * inner + i, index);
  };
  const sizes = new Uint8Array(scores.length);
  each((unit, index) => {
    scores[unit]! += Math.abs(values[index]!);
    sizes[unit]!++;
  });
  scores.forEach((score, unit) => {
    scores[unit] = score / sizes[unit]!;
  });
  const drop = Math.round(scores.length * sparsity);
  const threshold = scores.toSorted()[drop - 1] ?? -1;
  // Among equals at the threshold the first ones go, so that the share is met.
  let atThreshold = drop - scores.reduce((count, score) => count + Number(score < threshold), 0);
  const dropped = scores.map((score) => Number(score < threshold || (score === threshold && atThreshold-- > 0)));
  let zeros = 0;
  each((unit, index) => {
    if (dropped[unit]) {
      values[index] = 0;
      zeros++;
    }
  });
  return zeros;
}
