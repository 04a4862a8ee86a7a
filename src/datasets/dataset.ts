import type { DatasetDocument } from "../formats/dataset.ts";
import { Problem } from "../formats/problem.ts";
import type { Column, ValueArray, ValueDtype } from "./column.ts";
import type { Transform } from "./transform.ts";

/** A tensor for a model's input. */
export interface Feed {
  readonly dtype: ValueDtype;
  /** The batch first. */
  readonly dims: readonly number[];
  readonly data: ValueArray;
}

/** Some consecutive samples. */
export interface Batch {
  /** Position of the first of them in the data set, from 0. */
  readonly first: number;
  readonly size: number;
  /** By the names of the model's inputs. */
  readonly feeds: Readonly<Record<string, Feed>>;
  /** Class of each sample, from 0; undefined where the data set has no labels. */
  readonly labels: Int32Array | undefined;
}

/** An open data set: samples are read when their batch is. */
export interface Dataset {
  readonly name: string;
  readonly file: string;
  readonly count: number;
  /** Element type and dimensions of one sample, by the names of the model's inputs. */
  readonly inputs: ReadonlyMap<string, { readonly dtype: ValueDtype; readonly shape: readonly number[] }>;
  readonly classes: readonly string[] | undefined;
  readonly labelled: boolean;
  /**
   * The samples in order, `size` at a time and fewer at the end.
   * @param limit stop after so many samples
   * @throws Problem when a sample or a label is not what the document says
   */
  batches(size: number, limit?: number): AsyncGenerator<Batch>;
  /** Some of the samples alone, by their positions from 0 on, which ascend. Closing the whole closes this, too. */
  pick(positions: readonly number[]): Promise<Dataset>;
  close(): void;
}

/** One input of a data set: what is stored, and what is done to it. */
export interface Opened {
  readonly column: Column;
  readonly transform: Transform;
}

/**
 * Puts the parts of a data set together.
 * @param file the document, for messages
 * @param labels class numbers
 * @param close closes what the columns read
 * @throws Problem when there are no samples, or the parts are not as many
 */
export function assemble(
  file: string,
  document: DatasetDocument,
  inputs: ReadonlyMap<string, Opened>,
  labels: Column | undefined,
  classes: readonly string[] | undefined,
  close: () => void,
): Dataset {
  const [[firstName, first]] = [...inputs] as [[string, Opened]];
  const { count } = first.column;
  if (count === 0) throw new Problem(`${file}: input '${firstName}' holds no samples: the data set is empty.`);
  const parts = [...inputs].map(([name, { column }]) => [`input '${name}'`, column] as const);
  for (const [what, column] of labels ? [...parts, ["labels", labels] as const] : parts)
    if (column.count !== count)
      throw new Problem(
        `${file}: input '${firstName}' holds ${count} samples and ${what} ${what === "labels" ? "hold" : "holds"} ${column.count}; they must be as many.`,
      );
  return {
    name: document.name,
    file,
    count,
    inputs: new Map(
      [...inputs].map(([name, { transform }]) => [name, { dtype: transform.dtype, shape: transform.shape }]),
    ),
    classes,
    labelled: labels !== undefined,
    async *batches(size, limit = Number.POSITIVE_INFINITY) {
      const streams = [...inputs].map(([name, { column, transform }]) => ({
        name,
        transform,
        chunks: column.chunks(size),
      }));
      const labelChunks = labels?.chunks(size);
      const most = Math.min(count, limit);
      try {
        for (let from = 0; from < most; from += size) {
          const feeds: Record<string, Feed> = {};
          const here = Math.min(size, most - from);
          for (const { name, transform, chunks } of streams) {
            const { value } = await chunks.next();
            const data = transform.apply(value as ValueArray);
            const each = data.length / Math.min(size, count - from);
            const dims = [here, ...transform.shape];
            feeds[name] = { dtype: transform.dtype, dims, data: data.subarray(0, here * each) as ValueArray };
          }
          const labelValues = (await labelChunks?.next())?.value as ValueArray | undefined;
          const numbers =
            labelValues && checkedLabels(file, labelValues.subarray(0, here) as ValueArray, from, classes);
          yield { first: from, size: here, feeds, labels: numbers };
        }
      } finally {
        // Whoever stops early must not leave files open.
        for (const { chunks } of streams) await chunks.return(undefined);
        await labelChunks?.return(undefined);
      }
    },
    async pick(positions) {
      const some = new Map<string, Opened>();
      for (const [name, { column, transform }] of inputs)
        some.set(name, { column: await column.pick(positions), transform });
      return assemble(file, document, some, await labels?.pick(positions), classes, () => {});
    },
    close,
  };
}

function checkedLabels(
  file: string,
  values: ValueArray,
  first: number,
  classes: readonly string[] | undefined,
): Int32Array {
  return Int32Array.from(values as ArrayLike<number | bigint> as ArrayLike<number>, (given, index) => {
    const label = Number(given);
    const most = classes?.length ?? 2 ** 31;
    if (!(Number.isInteger(label) && label >= 0 && label < most)) {
      const range = classes ? `0 to ${classes.length - 1}` : "whole numbers from 0 on";
      throw new Problem(`${file}: the label of sample ${first + index} is ${label}; classes are ${range}.`);
    }
    return label;
  });
}
