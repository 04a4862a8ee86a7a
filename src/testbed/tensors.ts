import type { Tensor } from "../codecs/index.ts";
import { Problem } from "../formats/problem.ts";
import { type Feeds, isResolved, tensorOf, type Values } from "../profiler/index.ts";
import type { ResolvedType } from "./parts.ts";

/** The runtime's values as codecs take them. */
export function tensorsOf(values: Readonly<Record<string, Values>>, names: readonly string[]): Tensor[] {
  return names.map((name) => {
    const { type, dims, data } = values[name]!;
    return { name, dtype: type, shape: dims, data } as unknown as Tensor;
  });
}

/**
 * Tensors of a message as the runtime takes them.
 * @throws Problem naming the tensor that is missing, unknown, or of another type or shape than the part needs
 */
export function feedsOf(tensors: readonly Tensor[], expected: ReadonlyMap<string, ResolvedType>): Feeds {
  const wanted = [...expected].map(([name, type]) => `"${name}" ${written(type)}`).join(", ");
  const feeds: Record<string, Values> = {};
  for (const { name, dtype, shape, data } of tensors) {
    const type = expected.get(name);
    if (!type) throw new Problem(`the message holds a tensor "${name}", which is not needed; needed: ${wanted}`);
    if (name in feeds) throw new Problem(`the message holds the tensor "${name}" twice`);
    if (dtype !== type.dtype || shape.join() !== type.shape.join())
      throw new Problem(`tensor "${name}" is ${written({ dtype, shape })}; ${written(type)} is needed`);
    feeds[name] = tensorOf(dtype, shape, data as ArrayLike<number>);
  }
  for (const name of expected.keys())
    if (!(name in feeds)) throw new Problem(`the message lacks the tensor "${name}"; needed: ${wanted}`);
  return feeds;
}

function written({ dtype, shape }: { dtype: string; shape: readonly number[] }): string {
  return `${dtype}[${shape.join("x")}]`;
}

/** @throws Problem when a dimension is unknown */
export function resolved(name: string, type: Parameters<typeof isResolved>[0]): ResolvedType {
  if (!isResolved(type)) throw new Problem(`the shape of tensor "${name}" is not known before it runs`);
  return { dtype: type.dtype, shape: type.shape };
}
