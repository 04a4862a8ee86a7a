import type { InputDocument } from "../formats/dataset.ts";
import { Problem } from "../formats/problem.ts";
import { elements } from "../onnx/index.ts";
import { allocate, type Column, type ValueArray, type ValueDtype } from "./column.ts";

/** Makes a chunk of stored values into a chunk of what the model takes. */
export interface Transform {
  readonly dtype: ValueDtype;
  /** Dimensions of one sample as the model takes it. */
  readonly shape: readonly number[];
  apply(values: ValueArray): ValueArray;
}

/**
 * What a document asks to be done to a column's values.
 * @param where the input, for messages
 * @throws Problem when the shapes or types cannot be had
 */
export function transformOf(document: InputDocument, column: Column, where: string): Transform {
  const { scale, mean, std } = document;
  const wanted = document.kind === "images" ? undefined : document.shape;
  const shape = wanted ?? column.shape;
  if (elements(shape) !== elements(column.shape))
    throw new Problem(
      `${where}: a sample has the shape [${column.shape.join(", ")}] and cannot be seen as [${shape.join(", ")}].`,
    );
  const scaled = scale !== undefined || mean !== undefined || std !== undefined;
  const real = scaled || document.kind === "images" || document.kind === "csv" || column.dtype === "float64";
  const dtype = document.dtype ?? (real ? "float32" : column.dtype);
  if (scaled && dtype !== "float32")
    throw new Problem(
      `${where}: scale, mean and std make float32 values, and dtype says ${dtype}. Leave one of them out.`,
    );
  if (column.dtype === "float32" && dtype !== "float32")
    throw new Problem(`${where}: stored float32 values cannot become ${dtype} without loss. Leave dtype out.`);
  const normalise = scaled ? normaliser(document, shape, where) : undefined;
  return {
    dtype,
    shape,
    apply(values) {
      if (normalise) return normalise(values);
      if (dtype === column.dtype) return values;
      return converted(values, dtype, where);
    },
  };
}

function converted(values: ValueArray, dtype: ValueDtype, where: string): ValueArray {
  const result = allocate(dtype, values.length);
  if (dtype === "float32" || dtype === "float64") {
    for (let i = 0; i < values.length; i++) result[i] = Number(values[i]);
    return result;
  }
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isInteger(value))
      throw new Problem(`${where}: the value ${value} is no whole number, and dtype says ${dtype}.`);
    if (result instanceof BigInt64Array) result[i] = BigInt(value);
    else result[i] = value;
    if (Number(result[i]) !== value) throw new Problem(`${where}: the value ${value} does not fit into ${dtype}.`);
  }
  return result;
}

/** (value · scale − mean) / std, with mean and std of the value's channel: the first axis, or the last of nhwc pictures. */
function normaliser(document: InputDocument, shape: readonly number[], where: string) {
  const { scale = 1, mean = 0, std = 1 } = document;
  const last = document.kind === "images" && document.layout === "nhwc";
  const channels = (last ? shape.at(-1) : shape[0]) ?? 1;
  const perChannel = (given: number | readonly number[], name: string) => {
    const list = typeof given === "number" ? Array<number>(channels).fill(given) : given;
    if (list.length !== channels)
      throw new Problem(`${where}: ${name} has ${list.length} numbers, and a sample has ${channels} channels.`);
    return list;
  };
  const means = perChannel(mean, "mean");
  const deviations = perChannel(std, "std");
  const inner = elements(shape) / channels;
  return (values: ValueArray) => {
    const result = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const channel = last ? i % channels : Math.floor(i / inner) % channels;
      result[i] = (Number(values[i]) * scale - means[channel]!) / deviations[channel]!;
    }
    return result;
  };
}
