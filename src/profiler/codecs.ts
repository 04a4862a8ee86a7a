import { performance } from "node:perf_hooks";
import { CODECS, decode, encode, jsonDataBytes, type Tensor } from "../codecs/index.ts";
import type { CodecCost, CodecName } from "../formats/profile.ts";
import { elements, withOutputs } from "../onnx/index.ts";
import { sizeOf } from "./measuring.ts";
import type { Subject } from "./planning.ts";
import { type Feeds, loadSession, type Values } from "./runtime.ts";
import { medianInterval } from "./statistics.ts";

/** Elements of the tensor that coding is timed on: large enough that a call's fixed part does not show. */
const TIMED_ELEMENTS = 1 << 18;
/** Elements whose JSON text is measured per tensor. */
const SAMPLED_ELEMENTS = 4096;
/** Values fetched from one run when every crossing tensor is looked at. */
const FETCHED_BYTES = 256 << 20;
const REPEATS = 15;
const WARM_UPS = 3;

/**
 * What each codec costs on this machine, on values such as the model's own: JSON's length and speed hang on the values
 * (a ReLU leaves zeros, which are short).
 * @param values tensors of the model; float32 ones are taken, and bytes for how JSON writes integers
 */
export function measureCodecs(values: readonly Values[]): CodecCost[] {
  const data = sampleFloats(values);
  const tensor: Tensor = { name: "t", dtype: "float32", shape: [data.length], data };
  const empty: Tensor = { name: "t", dtype: "float32", shape: [0], data: new Float32Array(0) };
  const whole = sampleIntegers(values);
  const integers: Tensor = { name: "t", dtype: "uint8", shape: [whole.length], data: whole };
  const timings = CODECS.map((codec) => ({
    codec,
    full: new Timing(codec, tensor),
    base: new Timing(codec, empty),
    ...(codec === "json" ? { integers: new Timing(codec, integers) } : {}),
  }));
  // By turns: what disturbs the machine for a moment disturbs one repeat of each, not all of one.
  const turns = timings.flatMap(({ full, base, integers }) => [full, base, ...(integers ? [integers] : [])]);
  for (let repeat = -WARM_UPS; repeat < REPEATS; repeat++) for (const timing of turns) timing.take(repeat >= 0);
  return timings.map(({ codec, full, base, integers }) => {
    const of = (timing: Timing, way: Way) => Math.max(0, timing.median(way) - base.median(way));
    const bytes = full.bytes - base.bytes;
    return {
      codec,
      bytes_per_element: bytes / data.length,
      encode_s_per_element: of(full, "encode") / data.length,
      decode_s_per_element: of(full, "decode") / data.length,
      encode_base_s: base.median("encode"),
      decode_base_s: base.median("decode"),
      ...(integers
        ? {
            integers: {
              encode_s_per_byte: of(integers, "encode") / integers.bytes,
              decode_s_per_byte: of(integers, "decode") / integers.bytes,
            },
          }
        : {}),
    };
  });
}

type Way = "encode" | "decode";

/** How long a tensor takes to be encoded and decoded, again and again. */
class Timing {
  readonly bytes: number;
  readonly #codec: CodecName;
  readonly #tensors: readonly Tensor[];
  readonly #seconds: Record<Way, number[]> = { encode: [], decode: [] };

  constructor(codec: CodecName, tensor: Tensor) {
    this.#codec = codec;
    this.#tensors = [tensor];
    this.bytes = encode(codec, this.#tensors).length;
  }

  take(counts: boolean): void {
    const start = performance.now();
    const message = encode(this.#codec, this.#tensors);
    const middle = performance.now();
    decode(this.#codec, message);
    const end = performance.now();
    if (!counts) return;
    this.#seconds.encode.push((middle - start) / 1000);
    this.#seconds.decode.push((end - middle) / 1000);
  }

  median(way: Way): number {
    return medianInterval(this.#seconds[way]).median_s;
  }
}

/** As many integers, of the model's own bytes, or where it has none, of all that there are. */
function sampleIntegers(values: readonly Values[]): Uint8Array<ArrayBuffer> {
  const own = values.flatMap(({ type, data }) => (type === "uint8" ? [data as Uint8Array] : []));
  const [longest] = own.toSorted((a, b) => b.length - a.length);
  return Uint8Array.from({ length: TIMED_ELEMENTS }, (_, i) =>
    longest?.length ? longest[i % longest.length]! : i % 256,
  );
}

/** As many elements as coding is timed on, drawn evenly from all float32 tensors. */
function sampleFloats(values: readonly Values[]): Float32Array<ArrayBuffer> {
  const floats = values.flatMap((value) => (value.type === "float32" ? [value.data as Float32Array] : []));
  const total = floats.reduce((sum, data) => sum + data.length, 0);
  const sample = new Float32Array(TIMED_ELEMENTS);
  if (total === 0) return sample.fill(0.1);
  let tensor = 0;
  let before = 0;
  for (let index = 0; index < sample.length; index++) {
    const position = Math.floor((index * total) / sample.length);
    while (position >= before + floats[tensor]!.length) before += floats[tensor++]!.length;
    sample[index] = floats[tensor]![position - before]!;
  }
  return sample;
}

/** Bytes of JSON text of each tensor, estimated from evenly drawn elements, and a few of the tensors' values. */
export async function measureJson(
  subject: Subject,
  feeds: Feeds,
  names: readonly string[],
): Promise<{ bytes: Map<string, number>; values: Values[] }> {
  const bytes = new Map<string, number>();
  const kept: Values[] = [];
  const note = (name: string, value: Values) => {
    bytes.set(name, jsonBytes(value));
    if (kept.length < 8 || bytes.size % 16 === 0) kept.push(value);
  };
  for (const [name, value] of Object.entries(feeds)) note(name, value);
  const made = names.filter((name) => !(name in feeds));
  if (made.length === 0) return { bytes, values: kept };
  const { graph, types, settings, externalFolder } = subject;
  const session = await loadSession(withOutputs(graph, made, types), {
    ...settings,
    optimisation: "basic",
    externalFolder,
  });
  for (let start = 0; start < made.length; ) {
    let end = start;
    for (let size = 0; end < made.length && (end === start || size < FETCHED_BYTES); end++)
      size += sizeOf(subject, made[end]!);
    const fetched = await session.run(feeds, made.slice(start, end));
    for (const [name, value] of Object.entries(fetched)) note(name, value);
    start = end;
  }
  await session.release();
  return { bytes, values: kept };
}

function jsonBytes(value: Values): number {
  const data = value.data as Float32Array;
  const step = Math.max(1, Math.floor(data.length / SAMPLED_ELEMENTS));
  const sample = step === 1 ? data : data.filter((_, index) => index % step === 0);
  if (sample.length === 0) return 2;
  const tensor = { name: "t", dtype: value.type, shape: [sample.length], data: sample } as Tensor;
  return Math.round((jsonDataBytes(tensor) * elements(value.dims)) / sample.length);
}
