import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import {
  base64Length,
  CODECS,
  decode,
  encode,
  frameBytes,
  jsonDataBytes,
  type Tensor,
} from "../../src/codecs/index.ts";
import { Problem } from "../../src/formats/problem.ts";
import { tensor, tensors, vector } from "./tensors.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (content: string) => new TextEncoder().encode(content);
const header = ({ data, ...rest }: Tensor) => ({ ...rest, bytes: data.byteLength });
const lossless = fc.constantFrom(...CODECS.filter((codec) => codec !== "float16"));
const anyCodec = fc.constantFrom(...CODECS);

describe("a round trip", () => {
  test.prop([lossless, tensors])("restores every tensor in its order", (codec, sent) => {
    const received = decode(codec, encode(codec, sent));
    expect(received).toEqual(codec === "raw" ? inOffsetOrder(sent) : sent);
  });

  test.prop([tensors])("through float16 leaves all but float32 untouched", (sent) => {
    const received = new Map(decode("float16", encode("float16", sent)).map((tensor) => [tensor.name, tensor]));
    for (const tensor of sent) {
      if (tensor.dtype !== "float32") expect(received.get(tensor.name)).toEqual(tensor);
      else expect(received.get(tensor.name)).toMatchObject({ dtype: "float32", shape: tensor.shape });
    }
  });

  test.prop([anyCodec, tensors, fc.integer({ min: 1, max: 7 })])(
    "does not mind where in memory the message lies",
    (codec, sent, offset) => {
      const message = encode(codec, sent);
      const moved = new Uint8Array(message.length + offset).subarray(offset);
      moved.set(message);
      expect(decode(codec, moved)).toEqual(decode(codec, message));
    },
  );

  test.prop([anyCodec, tensor])("accepts tensors that view part of a larger array", (codec, sent) => {
    const wider = new (sent.data.constructor as Float32ArrayConstructor)(sent.data.length + 2);
    wider.set(sent.data as Float32Array, 1);
    const view = { ...sent, data: wider.subarray(1, sent.data.length + 1) };
    expect(encode(codec, [view])).toEqual(encode(codec, [sent]));
  });
});

/** Tensors without elements occupy no bytes, so that their place among their neighbours is not in the message. */
function inOffsetOrder(sent: readonly Tensor[]): unknown {
  if (sent.every(({ data }) => data.length > 0)) return sent;
  return expect.toSatisfy((got: Tensor[]) => {
    expect(new Map(got.map((tensor) => [tensor.name, tensor]))).toEqual(new Map(sent.map((t) => [t.name, t])));
    return true;
  });
}

describe("the size of a message", () => {
  test.prop([tensors])("is its frame and its elements", (sent) => {
    const headers = sent.map(header);
    const sum = (size: (tensor: Tensor) => number) => sent.reduce((total, tensor) => total + size(tensor), 0);
    const size = (codec: (typeof CODECS)[number]) => encode(codec, sent).length - frameBytes(codec, headers);
    expect(size("raw")).toBe(sum(({ data }) => data.byteLength));
    expect(size("float16")).toBe(sum(({ dtype, data }) => data.byteLength / (dtype === "float32" ? 2 : 1)));
    expect(size("base64")).toBe(sum(({ data }) => base64Length(data.byteLength)));
    expect(size("json")).toBe(sum(jsonDataBytes));
  });
});

describe("the wire formats", () => {
  const pair = vector("x", [1, -0.1]);

  test("json is readable by anyone", () => {
    expect(text(encode("json", [pair]))).toBe(
      '{"tensors":[{"name":"x","dtype":"float32","shape":[2],"data":[1,-0.1]}]}',
    );
  });

  test("base64 holds little-endian elements", () => {
    expect(text(encode("base64", [pair]))).toBe(
      '{"tensors":[{"name":"x","dtype":"float32","shape":[2],"data":"AACAP83MzL0="}]}',
    );
  });

  test("raw is a safetensors file", () => {
    const message = encode("raw", [pair]);
    const length = Number(new DataView(message.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(text(message.subarray(8, 8 + length)))).toEqual({
      x: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    });
    expect(new Float32Array(message.buffer, 8 + length)).toEqual(pair.data);
  });

  test("float16 names the tensors to widen, and no others", () => {
    const half: Tensor = { name: "h", dtype: "float16", shape: [1], data: Uint16Array.of(0x3c00) };
    const received = decode("float16", encode("float16", [half, vector("x", [0.1, 1e-7, 1e9])]));
    expect(received[0]).toEqual(half);
    expect(received[1]).toEqual(vector("x", [0.0999755859375, 2 ** -24 * 2, Number.POSITIVE_INFINITY]));
  });
});

describe("what cannot travel", () => {
  const x = vector("x", [1, 2]);
  test.each<[string, Tensor[], string]>([
    ["two tensors of one name", [x, x], 'two tensors of one message are called "x"'],
    ["a shape that the data do not fill", [{ ...x, shape: [3] }], 'tensor "x": 2 elements do not fill the shape [3]'],
    ["an array of another type", [{ ...x, dtype: "int32" }], 'tensor "x": int32 elements travel in a Int32Array'],
    ["an unknown type", [{ ...x, dtype: "string" as "bool" }], 'tensor "x": elements of type string cannot travel'],
  ])("%s", (_, sent, message) => {
    for (const codec of CODECS) expect(() => encode(codec, sent)).toThrow(new Problem(message));
  });

  test("a name that safetensors reserves", () => {
    expect(() => encode("raw", [{ ...x, name: "__metadata__" }])).toThrow(Problem);
  });
});

describe("malformed messages", () => {
  const message = encode("json", [vector("x", [1, 2])]);
  const json = text(message);
  const safetensors = (description: unknown, data = 8) => {
    const head = bytes(JSON.stringify(description));
    const whole = new Uint8Array(8 + head.length + data);
    whole[0] = head.length;
    whole.set(head, 8);
    return whole;
  };
  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

  test.each<[(typeof CODECS)[number], string, Uint8Array, RegExp]>([
    ["json", "no JSON", bytes("nonsense"), /^malformed message: .*JSON/],
    ["json", "no UTF-8", Uint8Array.of(0xff), /^malformed message: /],
    ["json", "another document", bytes('{"a":1}'), /lists no tensors/],
    ["json", "a tensor without a name", bytes(json.replace('"name":"x",', "")), /a tensor has no name/],
    ["json", "an unknown dtype", bytes(json.replace("float32", "float31")), /tensor "x" has no known dtype/],
    ["json", "a negative dimension", bytes(json.replace("[2]", "[-2]")), /tensor "x" has no shape/],
    ["json", "a number too few", bytes(json.replace("[1,2]", "[1]")), /tensor "x" do not fill its shape/],
    ["json", "no numbers", bytes(json.replace("[1,2]", "[1,null]")), /holds null, which is not of type float32/],
    ["json", "a fraction of an integer", bytes(json.replace("float32", "int32").replace("1,", "1.5,")), /holds 1.5/],
    ["json", "an integer out of range", bytes(json.replace("float32", "int8").replace("1,", "128,")), /holds 128/],
    ["json", "an int64 out of range", bytes(json.replace("float32", "uint64").replace("1,", "-1,")), /holds -1/],
    ["base64", "numbers", message, /the data of tensor "x" are not base64/],
    ["base64", "letters of another alphabet", bytes(json.replace("[1,2]", '"AAAA-AAAAAA="')), /are not base64/],
    ["base64", "dirt under the padding", bytes(json.replace("[1,2]", '"AACAPwAAAEB="')), /are not base64/],
    ["base64", "too few bytes", bytes(json.replace("[1,2]", '"AACAPw=="')), /do not fill its shape/],
    ["raw", "nothing", new Uint8Array(0), /ends early/],
    ["raw", "less than its header", safetensors({ x: entry }).subarray(0, 20), /header ends early/],
    ["raw", "less than its data", safetensors({ x: entry }, 7), /ends early/],
    ["raw", "more than its data", safetensors({ x: entry }, 9), /goes on after its last tensor/],
    ["raw", "a header that is no object", safetensors([entry]), /lists no tensors/],
    ["raw", "an unknown type", safetensors({ x: { ...entry, dtype: "F31" } }), /no known dtype/],
    ["raw", "no offsets", safetensors({ x: { ...entry, data_offsets: undefined } }), /no data offsets/],
    ["raw", "a hole", safetensors({ x: { ...entry, data_offsets: [1, 9] } }, 9), /not where or as long/],
    ["raw", "a wrong length", safetensors({ x: { ...entry, shape: [3] } }), /not where or as long/],
    ["float16", "metadata of another kind", safetensors({ __metadata__: { float32: "x" }, x: entry }), /metadata/],
  ])("%s: %s", (codec, _, malformed, expected) => {
    const attempt = () => decode(codec, malformed);
    expect(attempt).toThrow(Problem);
    expect(attempt).toThrow(expected);
  });

  test.prop([anyCodec, tensors, fc.nat(), fc.integer({ min: 1, max: 255 })])(
    "whatever one changed byte does, it is a Problem or a message",
    (codec, sent, position, change) => {
      const damaged = encode(codec, sent);
      damaged[position % damaged.length]! ^= change;
      try {
        decode(codec, damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
      }
    },
  );
});
