import type { CodecName } from "../formats/profile.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { envelopeBytes } from "./envelope.ts";
import { decodeJson, encodeJson } from "./json.ts";
import { decodeSafetensors, encodeSafetensors, safetensorsFrameBytes } from "./safetensors.ts";
import { checkTensors, type Tensor, type TensorHeader } from "./tensor.ts";

interface Codec {
  encode(tensors: readonly Tensor[]): Uint8Array<ArrayBuffer>;
  decode(message: Uint8Array): Tensor[];
  /** Bytes of a message that are not elements. */
  frameBytes(tensors: readonly TensorHeader[]): number;
}

const REGISTRY: Record<CodecName, Codec> = {
  json: { encode: encodeJson, decode: decodeJson, frameBytes: envelopeBytes },
  // The quotes around the text of each tensor belong to the frame.
  base64: {
    encode: encodeBase64,
    decode: decodeBase64,
    frameBytes: (tensors) => envelopeBytes(tensors) + 2 * tensors.length,
  },
  raw: {
    encode: (tensors) => encodeSafetensors(tensors, false),
    decode: decodeSafetensors,
    frameBytes: (tensors) => safetensorsFrameBytes(tensors, false),
  },
  float16: {
    encode: (tensors) => encodeSafetensors(tensors, true),
    decode: decodeSafetensors,
    frameBytes: (tensors) => safetensorsFrameBytes(tensors, true),
  },
};

/** Every codec, the most talkative first. */
export const CODECS = Object.keys(REGISTRY) as readonly CodecName[];

/**
 * Encodes tensors to one message. All codecs restore every element exactly, but for float16, which rounds float32
 * elements to the nearest float16 and leaves other types untouched; json gives up the payload of a NaN.
 *
 * @param tensors with distinct names; each with data of its dtype that fill its shape
 * @returns a message that {@link decode} with the same codec restores
 * @throws Problem naming a tensor that is not as required
 */
export function encode(codec: CodecName, tensors: readonly Tensor[]): Uint8Array<ArrayBuffer> {
  checkTensors(tensors);
  return REGISTRY[codec].encode(tensors);
}

/**
 * Decodes one message. The tensors of raw and float16 messages may share memory with it.
 *
 * @throws Problem saying what is malformed
 */
export function decode(codec: CodecName, message: Uint8Array): Tensor[] {
  return REGISTRY[codec].decode(message);
}

/** Bytes of a message with these tensors apart from their elements: names, types, shapes and delimiters. */
export function frameBytes(codec: CodecName, tensors: readonly TensorHeader[]): number {
  return REGISTRY[codec].frameBytes(tensors);
}
