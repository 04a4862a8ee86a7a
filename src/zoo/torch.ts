import { type Attribute, elements, GraphBuilder, type SmallTensor, type TensorType } from "../onnx/index.ts";
import { type Distribution, randomWeights } from "./weights.ts";

/** Metadata by which a model made here is known: its weights were drawn, not learned. */
export const RANDOM_WEIGHTS = "tierwise.weights";

/** A convolution as torch.nn.Conv2d describes it; left out: stride 1, dilation 1, one group, "same" padding. */
export interface Convolution {
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** Weights' deviation as a factor of He's √(2 / fan-in) (He et al., Delving Deep into Rectifiers, 2015). */
  readonly gain?: number;
}

/**
 * Writes graphs in the manner of PyTorch's TorchScript exporter (opset 17, constants folded, evaluation mode): node and
 * tensor names follow the modules, small constants are Constant nodes. Every weight is random.
 */
export class TorchGraph {
  readonly #builder: GraphBuilder;
  readonly #seed: number;
  readonly #used = new Map<string, number>();
  #nodes = 0;

  constructor(name: string, seed: number) {
    this.#builder = new GraphBuilder(name, 17);
    this.#builder.metadata(RANDOM_WEIGHTS, `random, seed ${seed}: architecture only, not a trained model`);
    this.#seed = seed;
  }

  input(name: string, dtype: "float32" | "int64", shape: TensorType["shape"]): string {
    return this.#builder.input(name, { dtype, shape });
  }

  output(name: string, shape: TensorType["shape"]): string {
    this.#builder.output(name, { dtype: "float32", shape });
    return name;
  }

  /** @param output name of the output tensor, for nodes that make a graph output */
  node(
    op: string,
    scope: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output?: string,
  ): string {
    const name = this.#unique(`${scope}/${op}`);
    this.#nodes += 1;
    return this.#builder.node(op, name, inputs, attributes, [output ?? `${name}_output_0`]);
  }

  /** A Constant node. */
  constant(scope: string, dtype: SmallTensor["dtype"], value: number | readonly number[]): string {
    return this.node("Constant", scope, [], { value: { tensor: tensorOf(dtype, value) } });
  }

  /** A Constant node that the exporter itself put in: such have no scope and are named by their place. */
  strayConstant(value: readonly number[]): string {
    const name = `Constant_${this.#nodes}`;
    this.#nodes += 1;
    const attributes = { value: { tensor: tensorOf("int64", value) } };
    return this.#builder.node("Constant", name, [], attributes, [`${name}_output_0`]);
  }

  weight(name: string, shape: readonly number[], distribution: Distribution): string {
    return this.#builder.weight(name, shape, randomWeights(this.#seed, name, elements(shape), distribution));
  }

  integers(name: string, values: readonly number[], shape: readonly number[]): string {
    return this.#builder.integers(name, values, shape);
  }

  /** A convolution with its bias, which holds the batch normalisation that was folded into it. */
  conv(scope: string, x: string, { from, to, kernel, ...rest }: Convolution): string {
    const { stride = 1, dilation = 1, groups = 1, gain = 1 } = rest;
    const parameter = parameterOf(scope);
    const fan = (from / groups) * kernel ** 2;
    const deviation = gain * Math.sqrt(2 / fan);
    const weight = this.weight(`${parameter}.weight`, [to, from / groups, kernel, kernel], { deviation });
    const bias = this.weight(`${parameter}.bias`, [to], { deviation: 0.02 });
    return this.node("Conv", scope, [x, weight, bias], {
      dilations: [dilation, dilation],
      group: groups,
      kernel_shape: [kernel, kernel],
      pads: Array(4).fill((kernel >> 1) * dilation),
      strides: [stride, stride],
    });
  }

  /** torch.nn.Linear on a matrix: Gemm with the weight transposed. */
  gemm(scope: string, x: string, from: number, to: number, deviation: number, output?: string): string {
    const parameter = parameterOf(scope);
    const weight = this.weight(`${parameter}.weight`, [to, from], { deviation });
    const bias = this.weight(`${parameter}.bias`, [to], { deviation: 0.02 });
    const attributes = { alpha: { float: 1 }, beta: { float: 1 }, transB: 1 };
    return this.node("Gemm", scope, [x, weight, bias], attributes, output);
  }

  build() {
    return this.#builder.build();
  }

  #unique(name: string): string {
    const earlier = this.#used.get(name) ?? 0;
    this.#used.set(name, earlier + 1);
    return earlier === 0 ? name : `${name}_${earlier}`;
  }
}

function tensorOf(dtype: SmallTensor["dtype"], value: number | readonly number[]): SmallTensor {
  return typeof value === "number"
    ? { dtype, shape: [], values: [value] }
    : { dtype, shape: [value.length], values: value };
}

/** A parameter's name in a state dictionary, from its module's scope: `/layer1/layer1.0/conv1` is `layer1.0.conv1`. */
function parameterOf(scope: string): string {
  const parts = scope.split("/").filter((part) => part !== "");
  return parts.filter((part, index) => !parts[index + 1]?.startsWith(`${part}.`)).join(".");
}
