import { base64Length, frameBytes } from "../codecs/index.ts";
import type { TensorInfo } from "../formats/common.ts";
import type { CodecCost, CodecName, Profile } from "../formats/profile.ts";

/** Costs of the message at each boundary (see SegmentTable): inputs, each cut's crossing tensors, outputs. */
export interface MessageCosts {
  readonly bytes: Float64Array;
  /** Seconds on the profiled host, one thread. */
  readonly encode_s: Float64Array;
  readonly decode_s: Float64Array;
  /** Share of the tensors' bytes that are integers', 0 to 1. */
  readonly integers: Float64Array;
}

/**
 * What each codec of the profile makes of the tensors at each boundary. Bytes are exact, frame included, but for json
 * where the profile does not know the text's length; seconds scale with what a tensor comes to on the wire, beside what an
 * element of the measured float32 tensor did; integers, whose texts are shorter and otherwise written, by a measurement of their own. float16 passes on what is not float32 as raw does.
 *
 * @param only of this codec alone
 */
export function messageCosts(
  profile: Profile,
  cuts: readonly Pick<Profile["cuts"][number], "tensors">[],
  only?: CodecName,
): ReadonlyMap<CodecName, MessageCosts> {
  const { inputs, outputs } = profile.model;
  const messages = [inputs, ...cuts.map(({ tensors }) => tensors), outputs].map((indices) =>
    indices.map((index) => profile.tensors[index]!),
  );
  const raw = profile.codecs.find(({ codec }) => codec === "raw");
  const codecs = only === undefined ? profile.codecs : profile.codecs.filter(({ codec }) => codec === only);
  return new Map(
    codecs.map((cost) => {
      const sum = (tensors: readonly TensorInfo[], of: (tensor: TensorInfo) => number) =>
        tensors.reduce((total, tensor) => total + of(tensor), 0);
      const each = (of: (tensors: readonly TensorInfo[]) => number) => Float64Array.from(messages, of);
      const perByte = (tensor: TensorInfo, way: "encode" | "decode") => {
        if (cost.integers && isInteger(tensor)) return cost.integers[`${way}_s_per_byte`];
        const like = cost.codec === "float16" && tensor.dtype !== "float32" ? raw : cost;
        return like ? like[`${way}_s_per_element`] / like.bytes_per_element : 0;
      };
      const seconds = (tensor: TensorInfo, way: "encode" | "decode") =>
        cost[`${way}_base_s`] + dataBytes(tensor, cost) * perByte(tensor, way);
      const costs: MessageCosts = {
        bytes: each((tensors) => frameBytes(cost.codec, tensors) + sum(tensors, (tensor) => dataBytes(tensor, cost))),
        encode_s: each((tensors) => sum(tensors, (tensor) => seconds(tensor, "encode"))),
        decode_s: each((tensors) => sum(tensors, (tensor) => seconds(tensor, "decode"))),
        integers: each((tensors) => {
          const total = sum(tensors, ({ bytes }) => bytes);
          return total === 0 ? 0 : sum(tensors.filter(isInteger), ({ bytes }) => bytes) / total;
        }),
      };
      return [cost.codec, costs];
    }),
  );
}

/** A profile's cuts with all that travels at them: what the tail needs, and outputs of the model that the head has made. */
export function travelling({ cuts, edges = [], model }: Profile): Profile["cuts"] {
  const outputs = edges.filter(({ tensor }) => model.outputs.includes(tensor));
  return cuts.map((cut) => {
    const made = outputs.filter(
      ({ tensor, producer }) => (producer ?? -1) < cut.position && !cut.tensors.includes(tensor),
    );
    return made.length === 0 ? cut : { ...cut, tensors: [...cut.tensors, ...made.map(({ tensor }) => tensor)] };
  });
}

function isInteger({ dtype }: TensorInfo): boolean {
  return !dtype.includes("float");
}

/** Bytes of a tensor's elements on the wire. */
function dataBytes({ dtype, shape, bytes, json_bytes }: TensorInfo, { codec, bytes_per_element }: CodecCost): number {
  switch (codec) {
    case "json":
      return json_bytes ?? bytes_per_element * shape.reduce((product, dimension) => product * dimension, 1);
    case "base64":
      return base64Length(bytes);
    case "float16":
      return dtype === "float32" ? bytes / 2 : bytes;
    case "raw":
      return bytes;
  }
}

/**
 * Seconds per byte in which a tier in between takes bytes in and passes them on: one copy in memory, for which the raw
 * codec's encoding stands, because it is little else. 0 where the profile has no raw codec.
 */
export function relaySecondsPerByte(profile: Profile): number {
  const raw = profile.codecs.find(({ codec }) => codec === "raw");
  return raw ? raw.encode_s_per_element / 4 : 0;
}
