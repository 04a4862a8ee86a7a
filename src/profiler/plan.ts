import { type AttributeProto, AttributeProto_AttributeType } from "onnx-buf";
import { type Graph, type Model, type Node, type TensorType, tensorBytes } from "../onnx/index.ts";

/** A kernel that the runtime will execute, read off the graph as it rewrote it. */
export interface PlannedKernel {
  /** The runtime's name for it, unique in its session. */
  readonly name: string;
  /** Operator with its domain, such as `com.microsoft.nchwc.Conv`; ONNX's own domain is left out. */
  readonly op: string;
  /** Source nodes that the kernel covers, by their index in the file. */
  readonly nodes: readonly number[];
  /** Equal for the same kernel at the same place, in whichever segment of the model it appears. */
  readonly identity: string;
  /** Equal for kernels that do the same work on tensors of the same shape, wherever they are. */
  readonly signature: string;
  /** Bytes read and written, as far as the tensors' types are known; what a traced run reports is exact. */
  readonly bytes: number;
}

/**
 * Reads the kernels off a graph that the runtime rewrote, in execution order, and maps each back to source nodes.
 *
 * The runtime keeps no such mapping (onnxruntime #17022), but leaves traces: fused kernels keep the name of a source
 * node or of a source tensor within their own, and tensors between kernels mostly keep theirs. Tensors that the runtime
 * named itself are identified with source tensors where a kernel of known origin consumes them in the same place.
 * @param dump the rewritten graph
 * @param source the graph that the segment was taken from
 * @param types shapes of the source's tensors
 */
export function readPlan(dump: Model, source: Graph, types: ReadonlyMap<string, TensorType>): PlannedKernel[] {
  const origins = new Origins(source);
  const aliases = aliasesOf(dump, origins);
  const covered = coverage(dump, source, origins, aliases);

  const describeType = (name: string) => {
    const type = types.get(name);
    return type ? `${type.dtype}[${type.shape.join("x")}]` : "?";
  };
  const occurrences = new Map<string, number>();
  const integers = integerTensors(dump);
  const typeOf = (name: string) => types.get(aliases.get(name) ?? name);
  const twins = sameSizes(dump, (name) => typeOf(name) !== undefined);
  return dump.nodes.map((kernel, index) => {
    const op = kernel.domain ? `${kernel.domain}.${kernel.op}` : kernel.op;
    const attributes = kernel.proto.attribute
      .map(describeAttribute)
      .filter((text) => text !== "")
      .sort()
      .join(",");
    const constant = (name: string) => {
      const weight = dump.initializers.get(name);
      return weight && `${weight.dtype}(${weight.shape.join("x")})`;
    };
    const known = (name: string) => (origins.isTensor(name) ? name : "*");
    const place = [...kernel.inputs.map((name) => constant(name) ?? known(name)), "→", ...kernel.outputs.map(known)];
    const shape = (name: string) => describeType(aliases.get(name) ?? name);
    const work = [...kernel.inputs.map((name) => constant(name) ?? shape(name)), "→", ...kernel.outputs.map(shape)];
    const bytesOf = (name: string) => {
      const weight = dump.initializers.get(name);
      const type = weight ?? typeOf(name) ?? typeOf(twins.get(name) ?? "");
      const known = type?.shape.every((size) => typeof size === "number");
      // Integer kernels' tensors are named after the float ones that they stand for.
      const dtype = !weight && integers.has(name) ? "uint8" : type?.dtype;
      return type && dtype && known ? tensorBytes(dtype, type.shape as number[]) : 0;
    };
    const label = origins.isTensor(kernel.outputs[0] ?? "") ? "" : withoutToken(kernel.name);
    const identity = `${op}{${attributes}} ${place.join(" ")} ${label}`;
    const occurrence = occurrences.get(identity) ?? 0;
    occurrences.set(identity, occurrence + 1);
    return {
      name: kernel.proto.name,
      op,
      nodes: covered[index]!,
      identity: `${identity} ${occurrence}`,
      signature: `${op}{${attributes}} ${work.join(" ")}`,
      bytes: [...kernel.inputs, ...kernel.outputs].reduce((sum, name) => sum + bytesOf(name), 0),
    };
  });
}

/** Tensors of a rewritten graph that hold 8-bit integers, whatever the source's tensors of their names hold. */
function integerTensors(dump: Model): Set<string> {
  const found = new Set<string>();
  for (const { op, inputs, outputs } of dump.nodes) {
    const computes = /^(QLinear|QGemm)/.test(op);
    if (computes || /^(DequantizeLinear|MatMulInteger)/.test(op)) found.add(inputs[0]!);
    if (computes || op === "QuantizeLinear") found.add(outputs[0]!);
    // Of a sum or a product, the second operand; its scale and zero point come between.
    if (/^QLinear(Add|Mul|MatMul)$/.test(op)) found.add(inputs[3]!);
    if (op === "QLinearConcat") for (let i = 2; i < inputs.length; i += 3) found.add(inputs[i]!);
  }
  const moves = /^(Transpose|Reshape|Flatten|MaxPool|Squeeze|Unsqueeze|Slice|Resize)$/;
  for (const { op, inputs, outputs } of dump.nodes)
    if (moves.test(op) && (found.has(inputs[0]!) || found.has(outputs[0]!)))
      for (const name of [inputs[0]!, outputs[0]!]) found.add(name);
  return found;
}

/**
 * Tensors that the runtime named itself, and that stand for no tensor of the source, by one of known type that has as many
 * elements: rounding and changing a layout keep them.
 */
function sameSizes(dump: Model, isKnown: (name: string) => boolean): Map<string, string> {
  const found = new Map<string, string>();
  const known = (name: string) => (isKnown(name) ? name : found.get(name));
  const learn = (name: string | undefined, other: string | undefined) => {
    const size = name && other && !isKnown(name) ? known(other) : undefined;
    if (size !== undefined && !found.has(name!)) found.set(name!, size);
  };
  const keeping = dump.nodes.filter(({ op }) => /^(QuantizeLinear|DequantizeLinear|Transpose|Relu)$/.test(op));
  for (const { inputs, outputs } of keeping) learn(outputs[0], inputs[0]);
  for (const { inputs, outputs } of keeping.toReversed()) learn(inputs[0], outputs[0]);
  for (const { inputs, outputs } of keeping) learn(outputs[0], inputs[0]);
  return found;
}

/** The runtime numbers names that it invents; the number depends on the rest of the graph and says nothing. */
function withoutToken(name: string): string {
  return name.replace(/_token_\d+/g, "");
}

function describeAttribute(attribute: AttributeProto): string {
  const { name, type } = attribute;
  switch (type) {
    case AttributeProto_AttributeType.INT:
      return `${name}=${attribute.i}`;
    case AttributeProto_AttributeType.INTS:
      return `${name}=${attribute.ints.join("/")}`;
    case AttributeProto_AttributeType.FLOAT:
      return `${name}=${attribute.f}`;
    case AttributeProto_AttributeType.FLOATS:
      return `${name}=${attribute.floats.join("/")}`;
    case AttributeProto_AttributeType.STRING:
      return `${name}=${new TextDecoder().decode(attribute.s)}`;
    case AttributeProto_AttributeType.GRAPH:
      return `${name}=graph(${attribute.g?.node.length})`;
    default:
      return "";
  }
}

/** Finds the source node or tensor that a kernel's name speaks of. */
class Origins {
  readonly #nodes: Map<string, Node>;
  readonly #producers: ReadonlyMap<string, Node>;
  readonly #tensors: Set<string>;

  constructor(graph: Graph) {
    this.#nodes = new Map(graph.steps.map((node) => [node.name, node]));
    this.#producers = graph.producers;
    this.#tensors = new Set([...graph.steps.flatMap((node) => node.outputs), ...graph.inputs.map(({ name }) => name)]);
  }

  isTensor(name: string): boolean {
    return this.#tensors.has(name);
  }

  producer(tensor: string): Node | undefined {
    const node = this.#producers.get(tensor);
    return node && this.#nodes.get(node.name);
  }

  /** The node that a kernel was named after: by its own name, or by a tensor's, with the runtime's additions removed. */
  namedIn(kernel: Node): Node | undefined {
    const plain = withoutToken(kernel.proto.name).replace(/^(fused )+/, "");
    const exact = this.#nodes.get(plain);
    if (exact) return exact;
    if (plain.endsWith("_nchwc")) return this.producer(plain.slice(0, -"_nchwc".length));
    for (let end = plain.lastIndexOf("/"); end > 0; end = plain.lastIndexOf("/", end - 1)) {
      const node = this.#nodes.get(plain.slice(0, end));
      if (node) return node;
    }
    return undefined;
  }
}

/** Layout changes that the runtime inserts: they cover no node. */
function isReorder(kernel: Node): boolean {
  return kernel.domain === "com.microsoft.nchwc" && kernel.op.startsWith("Reorder");
}

/** Source tensors that the runtime's own tensors stand for. */
function aliasesOf(dump: Model, origins: Origins): Map<string, string> {
  const aliases = new Map<string, string>();
  const learn = (invented: string | undefined, original: string | undefined) => {
    if (invented && original && !origins.isTensor(invented) && origins.isTensor(original) && !aliases.has(invented))
      aliases.set(invented, original);
  };
  for (const kernel of dump.nodes) {
    if (isReorder(kernel)) {
      learn(kernel.inputs[0], kernel.outputs[0]);
      learn(kernel.outputs[0], kernel.inputs[0]);
      continue;
    }
    const node = origins.namedIn(kernel);
    if (node && node.op === kernel.op)
      kernel.inputs.forEach((input, index) => {
        if (!dump.initializers.has(input)) learn(input, node.inputs[index]);
      });
  }
  for (const kernel of dump.nodes) {
    const node = origins.namedIn(kernel);
    if (node) for (const [index, output] of kernel.outputs.entries()) learn(output, node.outputs[index]);
    // Layout changes of a tensor keep what it stands for.
    if (isReorder(kernel)) learn(kernel.outputs[0], aliases.get(kernel.inputs[0] ?? ""));
  }
  return aliases;
}

/** For each kernel the source nodes it covers: first those named or made by it, then what lies unclaimed between. */
function coverage(dump: Model, source: Graph, origins: Origins, aliases: ReadonlyMap<string, string>): number[][] {
  const owner = new Map<Node, number>();
  const claim = (node: Node | undefined, kernel: number) => {
    if (node && !owner.has(node)) owner.set(node, kernel);
  };
  dump.nodes.forEach((kernel, index) => {
    if (!isReorder(kernel)) claim(origins.namedIn(kernel), index);
  });
  dump.nodes.forEach((kernel, index) => {
    if (isReorder(kernel)) return;
    for (const output of kernel.outputs) claim(origins.producer(aliases.get(output) ?? output), index);
  });
  const users = new Map<string, Node[]>();
  for (const step of source.steps)
    for (const tensor of source.needs(step)) {
      const list = users.get(tensor);
      if (list) list.push(step);
      else users.set(tensor, [step]);
    }
  // A node that left no trace was fused into the kernel that makes what its results flow into.
  const present = new Set(owner.keys());
  for (const step of source.steps.toReversed()) {
    if (owner.has(step)) continue;
    const next = step.outputs.flatMap((output) => users.get(output) ?? []).find((user) => owner.has(user));
    const kernel = next && owner.get(next);
    if (kernel !== undefined && !isKept(step, dump, present)) owner.set(step, kernel);
  }
  const covered: number[][] = dump.nodes.map(() => []);
  for (const step of source.steps) {
    const kernel = owner.get(step);
    if (kernel !== undefined) covered[kernel]!.push(step.index);
  }
  return covered;
}

/** Whether a step's result enters the plan from outside: then the step is not part of the planned segment. */
function isKept(step: Node, dump: Model, present: ReadonlySet<Node>): boolean {
  return !present.has(step) && step.outputs.some((output) => dump.inputs.some((input) => input.name === output));
}
