import path from "node:path";
import { type Dataset, openDataset, openDescribed } from "../datasets/index.ts";
import { Problem } from "../formats/problem.ts";
import type { Graph } from "../onnx/index.ts";
import { type inputTypes, type RawInputs, type Samples, type Shapes, samplesOf, spread } from "../profiler/index.ts";
import { openFile } from "../store/index.ts";
import { checkInputs, feedsOf } from "./feeding.ts";

type InputTypes = ReturnType<typeof inputTypes>;

/** Samples to calibrate on, from files that stay open until they are closed. */
export interface CalibrationData extends Samples {
  close(): void;
}

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

const DOCUMENT = /\.(ya?ml|json)$/i;

/**
 * Samples as `--data` gives them: one data set document, one idx file of pictures for a model of one float32 input (bytes
 * become numbers from 0 to 1), or `NAME=FILE` with raw little-endian values of many requests for each input.
 * @param types the inputs' types for one request
 * @param most at most so many requests, evenly spread
 * @param model the model's file, for messages
 * @throws Problem when they do not fit the model's inputs
 */
export async function readSamples(
  options: readonly string[],
  types: InputTypes,
  most: number,
  model: string,
): Promise<CalibrationData> {
  const [first = "", ...others] = options;
  if (options.every((option) => option.includes("=")))
    return { ...spread(samplesOf(types, readRaw(options)), most), close: () => {} };
  if (others.length > 0)
    throw new Problem("--data: give one data set, or NAME=FILE with raw values for each of the inputs, not both.");
  const dataset = DOCUMENT.test(first) ? await openDataset(first) : await openPictures(first, types);
  try {
    return { ...(await samplesFrom(dataset, types, most, model)), close: () => dataset.close() };
  } catch (error) {
    dataset.close();
    throw error;
  }
}

function readRaw(options: readonly string[]): RawInputs {
  const raw = new Map<string, Uint8Array>();
  for (const option of options) {
    const at = option.indexOf("=");
    const name = option.slice(0, at);
    if (raw.has(name)) throw new Problem(`--data: values of input '${name}' are given twice.`);
    const source = openFile(option.slice(at + 1));
    raw.set(name, source.read(0, source.length).slice());
    source.close();
  }
  return raw;
}

/** What a document would say of an idx file of pictures. */
function openPictures(file: string, types: InputTypes): Promise<Dataset> {
  const [[name, type] = ["", undefined], ...others] = [...types];
  if (others.length > 0 || type?.dtype !== "float32")
    throw new Problem(
      `--data ${file}: an idx file fits models of one float32 input; give a data set document (.yaml), or NAME=FILE for each input.`,
    );
  const shape = type.shape.slice(1) as number[];
  const input = { kind: "idx" as const, file: path.basename(file), shape, scale: 1 / 255 };
  return openDescribed({ name: file, root: ".", inputs: { [name]: input } }, file);
}

/** Evenly spread requests of a data set, each read when it is asked for. A model of a fixed batch takes several samples. */
async function samplesFrom(dataset: Dataset, types: InputTypes, most: number, model: string): Promise<Samples> {
  const batch = checkInputs(types, dataset, model) ?? 1;
  const requests = Math.ceil(dataset.count / batch);
  const count = Math.min(most, requests);
  const samplesOfRequest = (request: number) => Array.from({ length: batch }, (_, sample) => request * batch + sample);
  const evenly = Array.from({ length: count }, (_, index) => Math.floor((index * requests) / count));
  // The last request may have fewer samples, and is filled up.
  const picked = await dataset.pick(evenly.flatMap(samplesOfRequest).filter((at) => at < dataset.count));
  return {
    count,
    async feeds(index) {
      const one = await picked.pick(samplesOfRequest(index).filter((at) => at < picked.count));
      for await (const samples of one.batches(batch)) return feedsOf(samples, batch);
      throw new Error(`the data set ended before request ${index}`);
    },
  };
}
