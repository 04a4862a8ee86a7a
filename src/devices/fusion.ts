import type { Profile, ProfileKernel } from "../formats/profile.ts";
import { ACTIVATIONS } from "./sizes.ts";

/** What a runtime without a blocked layout does not execute on its own, by index of the source's kernels. */
export interface Fusions {
  /** Kernels that become part of the convolution before them. */
  readonly absorbed: ReadonlySet<number>;
  /** Convolutions that a sum becomes part of. */
  readonly summing: ReadonlySet<number>;
  /** Convolutions that an activation becomes part of. */
  readonly activated: ReadonlySet<number>;
}

export const NO_FUSIONS: Fusions = { absorbed: new Set(), summing: new Set(), activated: new Set() };

/**
 * The sums and activations that ONNX Runtime fuses into a convolution where both keep the plain layout. A runtime with a blocked
 * layout executes them on their own wherever an operand is not blocked: fused kernels of one are not always fused kernels of the
 * other. Only what follows from the graph is taken; a profile without edges gives none.
 */
export function plainFusions(profile: Profile): Fusions {
  const { edges, nodes, kernels, whole_kernels, model } = profile;
  if (!edges) return NO_FUSIONS;
  const whole = kernels.slice(0, whole_kernels);
  const owner = new Map(whole.flatMap((kernel, index) => kernel.nodes.map((node) => [node, index] as const)));
  const outputs = new Set(model.outputs);
  const absorbed = new Set<number>();
  const summing = new Set<number>();
  const activated = new Set<number>();
  // Whatever reads what a kernel makes, if it is one node and nothing else does.
  const reader = new Map<number, number>();
  for (const { tensor, producer, consumers } of edges)
    if (producer !== null && consumers.length === 1 && !outputs.has(tensor)) reader.set(producer, consumers[0]!);
  const operands = new Map<number, number>();
  for (const { consumers } of edges) for (const node of consumers) operands.set(node, (operands.get(node) ?? 0) + 1);

  /** The kernel that is just this node of the named operators, and follows the last node of the kernel before. */
  const next = (kernel: ProfileKernel, operators: ReadonlySet<string>): number | undefined => {
    const last = Math.max(...kernel.nodes);
    const node = reader.get(last);
    if (node === undefined || !operators.has(nodes[node]!.op)) return undefined;
    const index = owner.get(node);
    return index !== undefined && whole[index]!.nodes.length === 1 ? index : undefined;
  };
  for (const [index, kernel] of whole.entries()) {
    if (!/(^|\.)(Fused)?Conv$/.test(kernel.op) || kernel.nodes.length === 0) continue;
    const convolves = kernel.nodes.every((node) => nodes[node]!.op === "Conv");
    const sum = convolves ? next(kernel, new Set(["Add"])) : undefined;
    // A sum of two tensors of the same shape, and not yet part of another convolution.
    const fits =
      sum !== undefined && operands.get(whole[sum]!.nodes[0]!) === 2 && !absorbed.has(sum) && isPlain(profile, sum);
    if (fits) {
      absorbed.add(sum);
      summing.add(index);
    }
    const activation = convolves ? next(fits ? whole[sum]! : kernel, ACTIVATIONS) : undefined;
    if (activation !== undefined) {
      absorbed.add(activation);
      activated.add(index);
    }
  }
  return { absorbed, summing, activated };
}

function isPlain({ nodes, kernels }: Profile, kernel: number): boolean {
  const shapes = nodes[kernels[kernel]!.nodes[0]!]!.shapes;
  return shapes?.inputs.every((shape) => shape !== null && shape.join() === shapes.output.join()) ?? false;
}
