import { Problem } from "../formats/problem.ts";
import type { Draft, DraftNode, TensorType } from "../onnx/index.ts";

/** How the runtime computes a node in whole numbers. */
export type IntegerKind = "weighted" | "product" | "elementwise" | "pass" | "rescale";

/** Which nodes become integer kernels, and which tensors must therefore be quantised. */
export interface QdqPlan {
  readonly nodes: ReadonlyMap<DraftNode, IntegerKind>;
  /** Rectifiers that quantisation's own saturation replaces. */
  readonly absorbed: ReadonlySet<DraftNode>;
  /** Tensors that integer kernels make: whoever uses them gets them dequantised. */
  readonly made: ReadonlySet<string>;
  /** Tensors that float kernels make and integer kernels use. */
  readonly fed: ReadonlySet<string>;
  /** For each quantised tensor the one whose range it has: itself, or what its values were passed on from. */
  readonly rangeOf: ReadonlyMap<string, string>;
  /** Tensors that are another quantised tensor times a positive number: its bytes, read with another scale. */
  readonly scaledFrom: ReadonlyMap<string, { readonly tensor: string; readonly factor: number }>;
  /** Tensors of which only values above a floor matter: what lies below becomes 0 behind them. */
  readonly floorOf: ReadonlyMap<string, number>;
  /** What stays float though it computes with values, and why; for notes. */
  readonly left: ReadonlyMap<DraftNode, string>;
}

export interface QdqPlanOptions {
  /** Names of nodes that stay float. */
  readonly exclude: readonly string[];
  /** When given, nothing but these weighted nodes is quantised, or nothing but `every` one. */
  readonly only?: ReadonlySet<string> | "every";
}

/** Operators that move values and change none: their result keeps its scale. */
const PASS = new Set([
  "MaxPool",
  "Reshape",
  "Transpose",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Slice",
  "Gather",
  "DepthToSpace",
  "SpaceToDepth",
  "Expand",
  "Tile",
]);
const UNARY = new Set(["AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid"]);
const WEIGHTED = new Set(["Conv", "Gemm", "MatMul"]);
/** Operators that only describe a tensor or run too seldom to speak of. */
const SILENT = new Set(["Shape", "Size", "Constant", "ConstantOfShape", "Cast", "Range", "Relu", "Clip", "Identity"]);

/**
 * Decides what ONNX Runtime can compute in 8 bits: convolutions and matrix products always, elementwise nodes,
 * pooling and concatenation where what they read is quantised anyway, moves of quantised values for free. The
 * rules are those of the runtime's QDQ selectors (onnxruntime/core/optimizer/qdq_transformer).
 * @throws Problem when nothing can be quantised
 */
export function planQdq(draft: Draft, types: ReadonlyMap<string, TensorType>, options: QdqPlanOptions): QdqPlan {
  const order = draft.ordered();
  return new Planner(draft, order, types, options).plan();
}

class Planner {
  readonly nodes = new Map<DraftNode, IntegerKind>();
  readonly absorbed = new Set<DraftNode>();
  readonly made = new Set<string>();
  readonly fed = new Set<string>();
  readonly rangeOf = new Map<string, string>();
  readonly left = new Map<DraftNode, string>();
  readonly floorOf = new Map<string, number>();
  readonly scaledFrom = new Map<string, { tensor: string; factor: number }>();
  readonly #users: Map<string, DraftNode[]>;
  readonly #captured: Set<string>;
  readonly #excluded: Set<string>;

  constructor(
    private readonly draft: Draft,
    private readonly order: readonly DraftNode[],
    private readonly types: ReadonlyMap<string, TensorType>,
    private readonly options: QdqPlanOptions,
  ) {
    this.#users = draft.users();
    this.#captured = new Set(order.flatMap((node) => node.captured));
    this.#excluded = new Set(options.exclude);
  }

  plan(): QdqPlan {
    for (const node of this.order) {
      if (this.absorbed.has(node) || node.domain !== "") continue;
      if (this.#excluded.has(node.name)) this.left.set(node, "excluded");
      else if (WEIGHTED.has(node.op)) this.#weighted(node);
      else if (!this.options.only) {
        const why = this.#other(node);
        if (why && !SILENT.has(node.op)) this.left.set(node, why);
      }
    }
    if (![...this.nodes.values()].some((kind) => kind === "weighted" || kind === "product"))
      throw new Problem(
        "nothing in the model can be quantised: it has no float32 convolution or matrix product that is not excluded.",
      );
    const { nodes, absorbed, made, fed, rangeOf, left, floorOf, scaledFrom } = this;
    return { nodes, absorbed, made, fed, rangeOf, left, floorOf, scaledFrom };
  }

  #weighted(node: DraftNode): void {
    const { only } = this.options;
    if (only && only !== "every" && !only.has(node.name)) return;
    const why = this.#obstacle(node);
    if (why) {
      this.left.set(node, why);
      return;
    }
    this.#feed(node.inputs[0]!);
    const weight = this.draft.weights.get(node.inputs[1]!);
    if (!weight) this.#feed(node.inputs[1]!);
    this.nodes.set(node, weight ? "weighted" : "product");
    if (node.op === "Conv") this.#make(this.#settle(node.outputs[0]!));
    else if (node.op === "Gemm") {
      const end = this.#behind(node.outputs[0]!);
      const users = this.#users.get(end) ?? [];
      if (users.length > 0 && !this.draft.isOutput(end) && users.every((user) => this.#computesInIntegers(user)))
        this.#make(this.#settle(node.outputs[0]!));
    }
  }

  #computesInIntegers(node: DraftNode): boolean {
    return WEIGHTED.has(node.op) && !this.#excluded.has(node.name) && !this.options.only && !this.#obstacle(node);
  }

  /** Why a node with weights has to stay float, or undefined. */
  #obstacle(node: DraftNode): string | undefined {
    const { draft } = this;
    const [data, other, bias] = node.inputs;
    const weight = draft.weights.get(other!);
    if (draft.weights.has(data!)) return "its first input is constant";
    if (!this.#isFloat(data!) || (weight ? weight.dtype !== "float32" : !this.#isFloat(other!)))
      return "it is not float32";
    if (this.#captured.has(this.#behind(node.outputs[0]!))) return "a subgraph uses its result";
    if (node.op === "Conv" && !weight) return "its weights are computed";
    if (node.op === "Conv" && weight!.shape.length !== 4)
      return "the runtime has integer kernels for 2-D convolutions only";
    if (node.op === "MatMul" && weight && weight.shape.length !== 2) return "its weights are not a matrix";
    if (node.op === "Gemm") {
      if (!weight) return "its weights are computed";
      if (node.float("alpha", 1) !== 1 || node.float("beta", 1) !== 1 || node.int("transA", 0) !== 0)
        return "it scales or transposes its input";
    }
    if (bias && node.op !== "MatMul") {
      const values = draft.weights.get(bias);
      const channels = weight!.shape[node.op === "Conv" || node.int("transB", 0) ? 0 : 1];
      if (values?.dtype !== "float32" || values.shape.length !== 1 || values.shape[0] !== channels)
        return "its bias is not one constant per channel";
    }
    return undefined;
  }

  /** Takes a node that follows quantised ones into the plan. @returns why it stays float, if it does */
  #other(node: DraftNode): string | undefined {
    const [data] = node.inputs;
    const output = node.outputs[0]!;
    if (!node.inputs.some((name) => this.made.has(name))) return undefined;
    if (this.draft.isOutput(output)) return "it makes an output of the model";
    if (this.#captured.has(this.#behind(output))) return "a subgraph uses its result";
    if (PASS.has(node.op) || isNearest(node)) {
      if (!this.made.has(data!) || node.outputs.length > 1) return "it does not only move values";
      this.nodes.set(node, "pass");
      this.made.add(output);
      this.rangeOf.set(output, this.rangeOf.get(data!)!);
      return undefined;
    }
    asProduct(this.draft, node);
    const factor = this.#positiveFactor(node);
    if (factor) {
      this.nodes.set(node, "rescale");
      this.made.add(output);
      this.rangeOf.set(output, output);
      this.scaledFrom.set(output, factor);
      return undefined;
    }
    const elementwise = node.op === "Add" || node.op === "Mul" || node.op === "Concat";
    if (!elementwise && !UNARY.has(node.op)) return "the runtime has no integer kernel for it";
    if (node.op === "AveragePool" && node.int("ceil_mode", 0) !== 0) return "it rounds its size up";
    if (node.inputs.some((name) => !this.#quantisable(name))) return "an input of it is not float32";
    // A gate made in float scales an integer tensor well; a sum with a float tensor, as in a residual stream, stays float.
    if (node.op !== "Mul" && node.inputs.some((name) => !this.draft.weights.has(name) && !this.made.has(name)))
      return "one of its inputs is made in float";
    for (const name of node.inputs) if (!this.draft.weights.has(name)) this.#feed(name);
    this.nodes.set(node, "elementwise");
    this.#make(this.#settle(output));
    return undefined;
  }

  /** What a product with one positive number multiplies, and the number; undefined for other nodes. */
  #positiveFactor(node: DraftNode): { tensor: string; factor: number } | undefined {
    if (node.op !== "Mul") return undefined;
    const constant = node.inputs.findIndex((name) => this.draft.weights.has(name));
    const values = this.draft.floats(node.inputs[constant]);
    const tensor = node.inputs[1 - constant]!;
    const rank = this.draft.weights.get(node.inputs[constant]!)?.shape.length;
    if (values?.length !== 1 || !(values[0]! > 0) || !this.made.has(tensor)) return undefined;
    // One number of a higher rank than the tensor's would change its shape.
    return rank! <= (this.types.get(tensor)?.shape.length ?? 1) ? { tensor, factor: values[0]! } : undefined;
  }

  #quantisable(name: string): boolean {
    const weight = this.draft.weights.get(name);
    return weight ? weight.dtype === "float32" : this.#isFloat(name);
  }

  /** Tensors of unknown type were made by earlier surgery, which makes float32 ones. */
  #isFloat(name: string): boolean {
    return (this.types.get(name)?.dtype ?? "float32") === "float32";
  }

  #feed(name: string): void {
    if (this.made.has(name)) return;
    this.fed.add(name);
    this.rangeOf.set(name, name);
  }

  #make(name: string): void {
    this.made.add(name);
    this.rangeOf.set(name, name);
    const floor = this.#swishFloor(name);
    if (floor !== undefined) this.floorOf.set(name, floor);
  }

  /** −c where a tensor x is used for x · clip(x + c, 0, …) alone, which is how exporters write HardSwish: else undefined. */
  #swishFloor(name: string): number | undefined {
    const users = this.#users.get(name) ?? [];
    const sum = users.find((user) => user.op === "Add");
    const gate = users.find((user) => user.op === "Mul");
    if (users.length !== 2 || !sum || !gate || this.draft.isOutput(name)) return undefined;
    const shift = this.draft.floats(sum.inputs[sum.inputs[0] === name ? 1 : 0]);
    const clip = this.#rectifier(sum.outputs[0]!);
    const gated = clip?.op === "Clip" && gate.inputs.includes(clip.outputs[0]!);
    return gated && shift?.length === 1 && shift[0]! > 0 ? -shift[0]! : undefined;
  }

  /** The tensor behind the rectifiers that follow a tensor; they are marked as absorbed. */
  #settle(tensor: string): string {
    for (let next = this.#rectifier(tensor); next; next = this.#rectifier(tensor)) {
      this.absorbed.add(next);
      tensor = next.outputs[0]!;
    }
    return tensor;
  }

  #behind(tensor: string): string {
    let end = tensor;
    for (let next = this.#rectifier(end); next; next = this.#rectifier(end)) end = next.outputs[0]!;
    return end;
  }

  /** The only user of a tensor if that cuts off below 0 and perhaps above a limit, which quantisation does anyway. */
  #rectifier(tensor: string): DraftNode | undefined {
    const users = this.#users.get(tensor) ?? [];
    const [user] = users;
    if (users.length !== 1 || !user || this.draft.isOutput(tensor) || this.#excluded.has(user.name)) return undefined;
    if (user.domain !== "" || user.inputs[0] !== tensor) return undefined;
    if (user.op === "Relu") return user;
    if (user.op !== "Clip") return undefined;
    const low = user.inputs[1] ? this.draft.floats(user.inputs[1])?.[0] : Number.NEGATIVE_INFINITY;
    const high = user.inputs[2] ? this.draft.floats(user.inputs[2])?.[0] : Number.POSITIVE_INFINITY;
    return low === 0 && high !== undefined && high > 0 ? user : undefined;
  }
}

function isNearest(node: DraftNode): boolean {
  return node.op === "Resize" && node.text("mode", "nearest") === "nearest";
}

/** Writes a division by a constant as a product with its reciprocal: products have an integer kernel, divisions none. */
function asProduct(draft: Draft, node: DraftNode): void {
  const divisors = node.op === "Div" ? draft.floats(node.inputs[1]) : undefined;
  if (!divisors || divisors.some((value) => value === 0)) return;
  const { shape } = draft.weights.get(node.inputs[1]!)!;
  node.op = "Mul";
  const reciprocals = divisors.map((value) => 1 / value);
  node.inputs[1] = draft.constant(`${node.inputs[1]}.reciprocal`, "float32", shape, reciprocals);
}
