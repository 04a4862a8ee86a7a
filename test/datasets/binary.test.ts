import { readFileSync, truncateSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { encode } from "../../src/codecs/index.ts";
import { openDataset } from "../../src/datasets/index.ts";
import { collected, collectedFrom, written } from "./collect.ts";

/** Bytes of an idx file of unsigned bytes. */
function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  shape.forEach((size, axis) => {
    header.setUint32(4 + 4 * axis, size);
  });
  return Buffer.concat([new Uint8Array(header.buffer), Uint8Array.from(values)]);
}

/** A file that NumPy 1.24 wrote: numpy.save, and for version2 numpy.lib.format.write_array(…, version=(2, 0)). */
const numpy = (name: string) => readFileSync(new URL(`../fixtures/datasets/${name}.npy`, import.meta.url));

describe("every format gives back what was put in, in batches of any size", () => {
  const table = fc
    .record({
      count: fc.integer({ min: 1, max: 9 }),
      width: fc.integer({ min: 1, max: 4 }),
      size: fc.integer({ min: 1, max: 11 }),
    })
    .chain(({ count, width, size }) =>
      fc.record({
        ...{ count: fc.constant(count), width: fc.constant(width), size: fc.constant(size) },
        limit: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
        values: fc.array(fc.nat(255), { minLength: count * width, maxLength: count * width }),
      }),
    );

  property.prop([table, fc.nat(), fc.nat()])("idx, idx.gz, raw, safetensors and CSV", async (drawn, mask, inner) => {
    const { count, width, size, limit, values } = drawn;
    const shape = [count, width];
    const stored = { dtype: "int32", shape: [width] };
    const tensors = [
      { name: "other", dtype: "uint8" as const, shape: [3], data: Uint8Array.of(1, 2, 3) },
      { name: "w", dtype: "float32" as const, shape, data: Float32Array.from(values) },
    ];
    const files = {
      "x.idx": idx(shape, values),
      "x.idx.gz": gzipSync(idx(shape, values)),
      "x.bin": new Uint8Array(Int32Array.from(values).buffer),
      "x.safetensors": encode("raw", tensors),
      "y.csv": `y\n${Array.from({ length: count }, (_, row) => row).join("\n")}\n`,
      "x.csv": `${Array.from({ length: width }, (_, i) => `c${i}`)}\n${Array.from({ length: count }, (_, row) =>
        values.slice(row * width, (row + 1) * width).join(),
      ).join("\n")}\n`,
    };
    const labels = { kind: "csv", file: "y.csv", column: "y" };
    const inputs = [
      { kind: "idx", file: "x.idx" },
      { kind: "idx", file: "x.idx.gz" },
      { kind: "raw", file: "x.bin", stored },
      { kind: "safetensors", file: "x.safetensors", tensor: "w" },
      { kind: "csv", file: "x.csv", columns: Array.from({ length: width }, (_, i) => `c${i}`) },
    ];
    for (const x of inputs) {
      const seen = await collected(written({ inputs: { x } }, files), "x", size, limit);
      const most = Math.min(count, limit ?? count);
      expect(seen.count).toBe(count);
      expect(seen.dims).toEqual([width]);
      expect(seen.values).toEqual(values.slice(0, most * width));
      expect(seen.sizes).toEqual(
        Array.from({ length: Math.ceil(most / size) }, (_, i) => Math.min(size, most - i * size)),
      );

      // Some samples alone, and some of these.
      const positions = Array.from({ length: count }, (_, i) => i).filter((i) => i === 0 || (mask >> i) & 1);
      const among = positions.map((_, i) => i).filter((i) => i === 0 || (inner >> i) & 1);
      const dataset = await openDataset(written({ inputs: { x }, labels: { ...labels } }, files));
      const some = await dataset.pick(positions);
      const valuesAt = (picked: readonly number[]) =>
        picked.flatMap((at) => values.slice(at * width, (at + 1) * width));
      const [outside, inside] = [await collectedFrom(some, "x", size), await collectedFrom(await some.pick(among))];
      expect(outside).toMatchObject({ count: positions.length, values: valuesAt(positions), labels: positions });
      const both = among.map((at) => positions[at]!);
      expect(inside).toMatchObject({ count: among.length, values: valuesAt(both), labels: both });
      dataset.close();
    }
  });
});

test("NumPy's own files are read", async () => {
  const files = { "x.npy": numpy("floats"), "y.npy": numpy("labels") };
  const file = written(
    { inputs: { x: { kind: "npy", file: "x.npy" } }, labels: { kind: "npy", file: "y.npy" } },
    files,
  );
  const floats = { count: 3, dtype: "float32", dims: [2], values: [0, 0.25, 0.5, 0.75, 1, 1.25], labels: [3, 1, 2] };
  expect(await collected(file)).toMatchObject(floats);

  const second = written({ inputs: { x: { kind: "npy", file: "x.npy" } } }, { "x.npy": numpy("version2") });
  expect(await collected(second)).toMatchObject({ dtype: "uint16", dims: [2], values: [0, 1, 2, 3] });
});

test("a file larger than any buffer is read as far as it is needed", async () => {
  const x = { kind: "raw", file: "x.bin", stored: { dtype: "float32", shape: [2] } };
  const file = written({ inputs: { x } }, { "x.bin": "" });
  // All holes: it takes no room on the disk.
  truncateSync(path.join(path.dirname(file), "x.bin"), 2 ** 33);
  expect(await collected(file, "x", 2, 3)).toMatchObject({ count: 2 ** 30, values: [0, 0, 0, 0, 0, 0], sizes: [2, 1] });
});

describe("values are made what the model takes", () => {
  const of = (x: object, values = [0, 51, 102, 255, 1, 2, 3, 4]) =>
    collected(written({ inputs: { x: { kind: "idx", file: "x.idx", ...x } } }, { "x.idx": idx([2, 2, 2], values) }));

  test("stored types stay, other shapes are views", async () => {
    expect(await of({ shape: [1, 4] })).toMatchObject({ dtype: "uint8", dims: [1, 4] });
  });

  test("scale, then mean and std of each channel", async () => {
    const { values, dtype } = await of({ scale: "1/255", mean: [0.5, 0.25], std: [2, 4] });
    expect(dtype).toBe("float32");
    const by = [0, 0.2, 0.4, 1, 1 / 255, 2 / 255, 3 / 255, 4 / 255];
    expect(values).toEqual(by.map((v, i) => expect.closeTo(i % 4 < 2 ? (v - 0.5) / 2 : (v - 0.25) / 4, 6)));
  });

  test("whole numbers become other whole numbers, if they fit", async () => {
    expect(await of({ dtype: "int64" })).toMatchObject({ dtype: "int64", values: [0, 51, 102, 255, 1, 2, 3, 4] });
    await expect(of({ dtype: "int8" })).rejects.toThrow(/input 'x': the value 255 does not fit into int8/);
  });
});

describe("what is wrong is said in one message", () => {
  const x = { kind: "idx", file: "x.idx" };
  const good = { "x.idx": idx([2, 2], [1, 2, 3, 4]), "y.idx": idx([2], [0, 1]) };
  const labels = { kind: "idx", file: "y.idx" };
  test.each<[string, object, Readonly<Record<string, string | Uint8Array>>, RegExp]>([
    ["a missing file", { inputs: { x } }, {}, /cannot read .*x\.idx: there is no such file/],
    ["no idx file", { inputs: { x } }, { "x.idx": "hello, world" }, /x\.idx is not an idx file/],
    [
      "floats in idx",
      { inputs: { x } },
      { "x.idx": Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0) },
      /idx type 0xd/,
    ],
    [
      "a truncated file",
      { inputs: { x } },
      { "x.idx": idx([3, 2], [1, 2, 3, 4]) },
      /too short: 3 samples.*6 bytes, and 4 are there/,
    ],
    [
      "no gzip",
      { inputs: { x: { kind: "idx", file: "x.gz" } } },
      { "x.gz": "hello" },
      /x\.gz is not a complete gzip file/,
    ],
    [
      "no samples",
      { inputs: { x } },
      { "x.idx": idx([0, 2], []) },
      /input 'x' holds no samples: the data set is empty/,
    ],
    ["an impossible shape", { inputs: { x: { ...x, shape: [3] } } }, good, /\[2\] and cannot be seen as \[3\]/],
    [
      "too many means",
      { inputs: { x: { ...x, mean: [1, 2, 3] } } },
      good,
      /mean has 3 numbers, and a sample has 2 channels/,
    ],
    [
      "scaled integers",
      { inputs: { x: { ...x, scale: 2, dtype: "int64" } } },
      good,
      /scale, mean and std make float32/,
    ],
    ["a division by zero", { inputs: { x: { ...x, std: 0 } } }, good, /inputs\.x\.std/],
    ["a fraction of nothing", { inputs: { x: { ...x, scale: "1/0" } } }, good, /inputs\.x\.scale/],
    [
      "labels of another number",
      { inputs: { x }, labels },
      { ...good, "y.idx": idx([3], [0, 1, 1]) },
      /holds 2 samples and labels hold 3/,
    ],
    ["labels that are pictures", { inputs: { x }, labels: x }, good, /labels have the shape \[2\] per sample/],
    [
      "a label beyond the classes",
      { inputs: { x }, labels, classes: ["a", "b"] },
      { ...good, "y.idx": idx([2], [0, 2]) },
      /label of sample 1 is 2; classes are 0 to 1/,
    ],
    [
      "half a sample",
      { inputs: { x: { kind: "raw", file: "x.idx", stored: { dtype: "int32", shape: [7] } } } },
      good,
      /16 bytes, which is no multiple of the 28/,
    ],
    [
      "Fortran's order",
      { inputs: { x: { kind: "npy", file: "x.npy" } } },
      { "x.npy": numpy("fortran") },
      /Fortran's order/,
    ],
    ["no npy file", { inputs: { x: { kind: "npy", file: "x.idx" } } }, good, /is not an npy file/],
    [
      "no safetensors",
      { inputs: { x: { kind: "safetensors", file: "x.idx", tensor: "w" } } },
      good,
      /is not a safetensors file/,
    ],
    [
      "no such tensor",
      { inputs: { x: { kind: "safetensors", file: "x.st", tensor: "v" } } },
      { "x.st": encode("raw", [{ name: "w", dtype: "uint8", shape: [1], data: Uint8Array.of(1) }]) },
      /no tensor 'v'. It has w/,
    ],
    ["no inputs", { inputs: {} }, good, /inputs: lists no input/],
    ["an unknown kind", { inputs: { x: { kind: "parquet", file: "x" } } }, good, /inputs\.x\.kind/],
    ["an unknown field", { inputs: { x: { ...x, skale: 2 } } }, good, /unknown field "skale"/],
  ])("%s", async (_, document, files, says) => {
    const failure = await collected(written(document, files)).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: "Problem", message: expect.stringMatching(says) });
  });
});
