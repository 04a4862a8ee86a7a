import { Problem } from "../formats/problem.ts";
import { type TensorType, tensorBytes } from "../onnx/index.ts";
import { makeFeeds, type RawInputs } from "./feeds.ts";
import type { Feeds } from "./runtime.ts";

/** Requests to run a model on, one after another. */
export interface Samples {
  readonly count: number;
  /** May read or decode the request only now. */
  feeds(index: number): Feeds | Promise<Feeds>;
}

type InputTypes = ReadonlyMap<string, TensorType & { readonly shape: readonly number[] }>;

/**
 * Samples from the values of many requests, one after another, per input.
 * @param types the inputs' types for one request
 * @param raw raw little-endian values of every input: as many requests as they hold
 * @throws Problem when an input has no values, or not those of a whole number of requests, or of another number
 */
export function samplesOf(types: InputTypes, raw: RawInputs): Samples {
  let count: number | undefined;
  for (const name of raw.keys())
    if (!types.has(name))
      throw new Problem(`--data: the model has no input '${name}'. Its inputs are ${[...types.keys()].join(", ")}.`);
  for (const [name, { dtype, shape }] of types) {
    const size = tensorBytes(dtype, shape);
    const described = `${dtype}[${shape.join("x")}], ${size} bytes a sample`;
    const bytes = raw.get(name);
    if (!bytes) throw new Problem(`--data: input '${name}' (${described}) has no values; give --data ${name}=FILE.`);
    if (bytes.length === 0) throw new Problem(`--data: the values of input '${name}' are empty.`);
    if (bytes.length % size !== 0)
      throw new Problem(
        `--data: input '${name}' has ${bytes.length} bytes of values, which is no multiple of ${described}.`,
      );
    if (count !== undefined && count !== bytes.length / size)
      throw new Problem(
        `--data: input '${name}' has values of ${bytes.length / size} samples, the inputs before it of ${count}.`,
      );
    count = bytes.length / size;
  }
  return {
    count: count ?? 0,
    feeds: (index) =>
      makeFeeds(
        types,
        new Map(
          [...types].map(([name, { dtype, shape }]) => {
            const size = tensorBytes(dtype, shape);
            return [name, raw.get(name)!.subarray(index * size, (index + 1) * size)];
          }),
        ),
      ),
  };
}

/** One request of generated values, as profiles are measured with: nothing to calibrate an accurate model on. */
export function generatedSample(types: InputTypes): Samples {
  return { count: 1, feeds: () => makeFeeds(types) };
}

/** At most so many of the samples, evenly spread: data sets are often sorted. */
export function spread(samples: Samples, most: number): Samples {
  const count = Math.min(most, samples.count);
  return { count, feeds: (index) => samples.feeds(Math.floor((index * samples.count) / count)) };
}
