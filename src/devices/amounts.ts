import type { Work } from "./work.ts";

/** Operations and bytes, in units that mean the same for all kernels of a class. */
export interface Amounts {
  readonly flops: number;
  readonly bytes: number;
}

/**
 * What a kernel of these sizes computes and moves. Profiles and benches count both by the nodes that a kernel covers and the tensors
 * that it names, which is not the same for the same kernel in another model: what it fused, which scales are tensors. Here the
 * sizes alone count, so that a kernel and the micro-kernel that equals it have the same roofline. A constant factor within a class,
 * such as the bytes of an element, has no effect.
 */
export function amountsOf({ kind, dims, flops, bytes }: Pick<Work, "kind" | "dims" | "flops" | "bytes">): Amounts {
  const size = (name: string) => dims[name] ?? 1;
  switch (kind.replace(/^q(?=[a-z])/, "").replace(/:.*/, "")) {
    case "conv":
    case "grouped": {
      const [input, output] = [size("groups") * size("in"), size("groups") * size("out")];
      const weights = input * size("out") * size("kernel");
      const maps = (input * size("stride") + output * (1 + (dims.sum ?? 0))) * size("pixels");
      return { flops: 2 * weights * size("pixels"), bytes: 4 * (maps + weights) };
    }
    case "deconv": {
      const weights = size("in") * size("out") * size("kernel");
      const maps = (size("in") + size("out") * size("stride")) * size("pixels");
      return { flops: 2 * weights * size("pixels"), bytes: 4 * (maps + weights) };
    }
    case "depthwise":
    case "pool": {
      const elements = size("channels") * size("pixels");
      return { flops: 2 * elements * size("kernel"), bytes: 4 * elements * (1 + size("stride")) };
    }
    case "matmul": {
      const [m, k, n, batch] = [size("m"), size("k"), size("n"), size("batch")];
      return { flops: 2 * m * k * n * batch, bytes: 4 * batch * (m * k + k * n + m * n) };
    }
    case "globalpool":
      return moved(size("channels") * size("pixels"));
    case "softmax":
    case "layernorm":
    case "skiplayernorm":
      return moved(size("rows") * size("columns"));
  }
  if (dims.bytes !== undefined) return { flops: 0, bytes: dims.bytes };
  if (dims.elements !== undefined) return moved(dims.elements);
  return { flops, bytes };
}

function moved(elements: number): Amounts {
  return { flops: elements, bytes: 8 * elements };
}
