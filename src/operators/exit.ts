import { Problem } from "../formats/problem.ts";
import type { Draft, TensorType } from "../onnx/index.ts";
import { RandomStream } from "../random/index.ts";

/**
 * Ends a model early: behind the named node comes a head of its own (the mean over the picture for feature maps, the first
 * token for sequences, then one linear layer) and all that followed is gone. Teerapittayanon et al., BranchyNet (2016).
 * The head's weights are random: the variant has the latency of a trained one and no accuracy.
 * @param at name of the last node to keep, as a cut is named
 * @param classes number of outputs
 * @param types types of the tensors, as far as they are known
 * @param batch the output's first dimension: a number, a free one's name, or null
 * @throws Problem when there is no such node, or what it makes is no float32 tensor of known channels
 */
export function exitEarly(
  draft: Draft,
  at: string,
  classes: number,
  types: ReadonlyMap<string, TensorType>,
  batch: number | string | null,
): string[] {
  const node = draft.nodes.find(({ name }) => name === at);
  if (!node) throw new Problem(`there is no node '${at}' to exit behind; \`tierwise inspect\` lists the cuts.`);
  const tensor = node.outputs[0]!;
  const type = types.get(tensor);
  const axis = type?.shape.length === 4 ? 1 : (type?.shape.length ?? 0) - 1;
  const channels = type?.shape[axis];
  if (type?.dtype !== "float32" || typeof channels !== "number" || ![2, 3, 4].includes(type.shape.length))
    throw new Problem(
      `an exit behind '${at}' is not possible: it makes ${type ? `${type.dtype}[${type.shape.map((size) => size ?? "?").join("x")}]` : "a tensor of unknown type"}, and a head needs float32 features [N,C,H,W], [N,T,C] or [N,C].`,
    );
  const output = draft.outputs[0]!;
  draft.setOutputs(new Map([[tensor, type]]));
  draft.nodes.splice(0, draft.nodes.length, ...draft.ordered());
  let features = tensor;
  if (type.shape.length === 4) {
    features = draft.add("GlobalAveragePool", "exit/GlobalAveragePool", [tensor]);
    features = draft.add("Flatten", "exit/Flatten", [features], { axis: 1 });
  } else if (type.shape.length === 3) {
    const first = draft.constant("exit.first", "int64", [], BigInt64Array.of(0n));
    features = draft.add("Gather", "exit/Gather", [tensor, first], { axis: 1 });
  }
  const random = new RandomStream(1);
  const scale = Math.sqrt(1 / channels);
  const weight = draft.constant(
    "exit.weight",
    "float32",
    [classes, channels],
    Float32Array.from({ length: classes * channels }, () => random.normal() * scale),
  );
  const bias = draft.constant("exit.bias", "float32", [classes], new Float32Array(classes));
  draft.add("Gemm", "exit/Gemm", [features, weight, bias], { transB: 1 });
  // The output keeps its name, unless the truncated model makes a tensor of that name itself.
  const name = draft.producers().has(output) ? draft.fresh("exit") : output;
  draft.nodes.at(-1)!.outputs = [name];
  draft.setOutputs(new Map([[name, { dtype: "float32", shape: [batch, classes] }]]));
  return [
    `ends behind '${at}' with ${type.shape.length === 4 ? "global average pooling" : type.shape.length === 3 ? "the first token" : "its features"} and a linear layer of ${classes} outputs`,
  ];
}
