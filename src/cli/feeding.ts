import type { Batch, Dataset, Feed } from "../datasets/index.ts";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { TensorType } from "../onnx/index.ts";
import { type Feeds, tensorOf } from "../profiler/index.ts";

/**
 * Compares what the model takes with what the data set gives.
 * @param inputs types of the model's inputs, the batch first
 * @param file the model, for messages
 * @returns the batch size that the model is fixed at, if it is
 * @throws Problem naming the first input that does not fit
 */
export function checkInputs(
  inputs: ReadonlyMap<string, TensorType>,
  dataset: Dataset,
  file: string,
): number | undefined {
  const names = [...inputs.keys()];
  for (const name of dataset.inputs.keys()) {
    if (names.includes(name)) continue;
    const { message } = unknownName("input", name, names);
    throw new Problem(`${dataset.file} gives ${file} an ${message}. Rename it in the data set's inputs.`);
  }
  let fixed: number | undefined;
  for (const [name, { dtype, shape }] of inputs) {
    const given = dataset.inputs.get(name);
    if (!given)
      throw new Problem(`${file} takes the input '${name}', which ${dataset.file} does not give. Add it there.`);
    if (given.dtype !== dtype)
      throw new Problem(
        `${file}: input '${name}' takes ${dtype}, and ${dataset.file} gives ${given.dtype}. Set dtype: ${dtype} there.`,
      );
    if (!fits(shape, given.shape))
      throw new Problem(
        `${file}: input '${name}' takes samples of the shape [${shape
          .slice(1)
          .map((size) => size ?? "?")
          .join(", ")}], ` + `and ${dataset.file} gives [${given.shape.join(", ")}]. Set shape (or size) there.`,
      );
    const [first] = shape;
    if (typeof first !== "number") continue;
    if (fixed !== undefined && fixed !== first)
      throw new Problem(
        `${file}: its inputs are fixed at batches of ${fixed} and of ${first}; they cannot be fed together.`,
      );
    fixed = first;
  }
  return fixed;
}

function fits(shape: TensorType["shape"], sample: readonly number[]): boolean {
  const wanted = shape.slice(1);
  return (
    wanted.length === sample.length && wanted.every((size, axis) => typeof size !== "number" || size === sample[axis])
  );
}

/** The batch as the runtime takes it; one that is smaller than a fixed batch is filled up with its last sample. */
export function feedsOf(batch: Batch, size: number): Feeds {
  return Object.fromEntries(
    Object.entries(batch.feeds).map(([name, feed]) => {
      const { dtype, dims, data } = batch.size < size ? filled(feed, batch.size, size) : feed;
      return [name, tensorOf(dtype, dims, data as ArrayLike<number>)];
    }),
  );
}

function filled({ dtype, dims, data }: Feed, from: number, to: number): Feed {
  const each = data.length / from;
  const wide = new (data.constructor as Float32ArrayConstructor)(each * to);
  wide.set(data as Float32Array);
  for (let at = from; at < to; at++) wide.copyWithin(at * each, (from - 1) * each, from * each);
  return { dtype, dims: [to, ...dims.slice(1)], data: wide };
}
