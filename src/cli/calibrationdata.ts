import { Problem } from "../formats/problem.ts";
import { elements, type Graph, type TensorType } from "../onnx/index.ts";
import { type inputTypes, type Samples, type Shapes, samplesOf } from "../profiler/index.ts";
import { openFile, readIdx } from "../store/index.ts";

type InputTypes = ReturnType<typeof inputTypes>;

/** The input shapes as given, with a batch of one for inputs of which only the first dimension is free. */
export function withBatchOfOne(graph: Graph, shapes: Shapes): Shapes {
  const completed: Record<string, readonly number[]> = { ...shapes };
  for (const { name, shape } of graph.inputs) {
    const [first, ...rest] = shape ?? [];
    if (name in shapes || first === undefined || !rest.every((size) => typeof size === "number" && size > 0)) continue;
    completed[name] = [typeof first === "number" && first > 0 ? first : 1, ...(rest as number[])];
  }
  return completed;
}

/**
 * Samples as `--data` gives them: `NAME=FILE` with raw little-endian values of many requests for each input, or an idx
 * file of pictures for a model of one float32 input, whose bytes become numbers from 0 to 1.
 * @throws Problem when they do not fit the model's inputs
 */
export function readSamples(options: readonly string[], types: InputTypes): Samples {
  const raw = new Map<string, Uint8Array>();
  for (const option of options) {
    const at = option.indexOf("=");
    const [name, bytes] =
      at < 0 ? pictures(option, types) : ([option.slice(0, at), readWhole(option.slice(at + 1))] as const);
    if (raw.has(name)) throw new Problem(`--data: values of input '${name}' are given twice.`);
    raw.set(name, bytes);
  }
  return samplesOf(types, raw);
}

function readWhole(file: string): Uint8Array {
  const source = openFile(file);
  const bytes = source.read(0, source.length).slice();
  source.close();
  return bytes;
}

function pictures(file: string, types: InputTypes): readonly [string, Uint8Array] {
  const { shape, values } = readIdx(file);
  const [[name, type] = ["", undefined] as [string, TensorType | undefined], ...others] = [...types];
  if (others.length > 0 || type?.dtype !== "float32")
    throw new Problem(`--data ${file}: pictures fit models of one float32 input; give NAME=FILE for each input.`);
  if (shape.length < 2 || shape[0] === 0) throw new Problem(`--data ${file}: it holds no pictures.`);
  const size = elements(type.shape as number[]);
  if (elements(shape.slice(1)) !== size)
    throw new Problem(
      `--data ${file}: its pictures are ${shape.slice(1).join("x")}, the input '${name}' is ${type.shape.join("x")}.`,
    );
  return [name, new Uint8Array(Float32Array.from(values, (value) => value / 255).buffer)];
}
