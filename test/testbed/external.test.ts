import { writeFileSync } from "node:fs";
import path from "node:path";
import { TensorProto_DataLocation, TensorProto_DataType } from "onnx-buf";
import { expect, test } from "vitest";
import { decode, encode } from "../../src/codecs/index.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { float, modelBytes, node } from "../fixtures/protos.ts";
import { agent, client } from "./agents.ts";

const outside = (name: string, offset: string) => ({
  name,
  dataType: TensorProto_DataType.FLOAT,
  dims: [2n],
  dataLocation: TensorProto_DataLocation.EXTERNAL,
  externalData: Object.entries({ location: "weights.bin", offset, length: "8" }).map(([key, value]) => ({
    key,
    value,
  })),
});

test("a model whose weights lie in another file is cut and run, warm and cold", async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "weights.bin"), Buffer.from(Float32Array.of(1, 2, 30, 40).buffer));
  // y = x·w + v with w and v in the other file.
  const model = modelBytes({
    input: [float("x", 2)],
    output: [float("y", 2)],
    initializer: [outside("w", "0"), outside("v", "8")],
    node: [node("Mul", ["x", "w"], ["t"], "mul"), node("Add", ["t", "v"], ["y"], "add")],
  });
  writeFileSync(path.join(folder, "m.onnx"), model);
  const [edge, cloud] = [await agent({ models: folder }), await agent({ models: folder })];
  const { part, run } = client();
  const [head, tail] = [
    await part(edge, { model: "m.onnx", to: "mul" }),
    await part(cloud, { model: "m.onnx", from: "mul" }),
  ];
  for (const session of ["warm", "cold"]) {
    const steps = [
      { tier: "edge", segment: head, session },
      { tier: "cloud", url: cloud.url, segment: tail, session },
    ];
    const x = encode("raw", [{ name: "x", dtype: "float32", shape: [2], data: Float32Array.of(5, 7) }]);
    const { message } = await run(edge, { codec: "raw", steps }, x);
    expect([...decode("raw", message)[0]!.data]).toEqual([35, 54]);
  }
});
