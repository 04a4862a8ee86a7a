import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { TensorProto_DataLocation, TensorProto_DataType } from "onnx-buf";
import { describe, expect, test } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import { analyse, cutsOf, extractSegment, readModel } from "../../src/onnx/index.ts";
import { loadSession } from "../../src/profiler/index.ts";
import { externalFiles, openModel, openWhole, writeAtomically } from "../../src/store/index.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { float, modelBytes, node } from "../fixtures/protos.ts";
import { expectSame, randomFeeds, runCut, runWhole, withSubject } from "../fixtures/running.ts";

function outside(name: string, entries: Record<string, string>) {
  return {
    name,
    dataType: TensorProto_DataType.FLOAT,
    dims: [2n],
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

/** y = x·w + v with w and v in other files. */
function save(file: string, w: Record<string, string>, v: Record<string, string>): string {
  const bytes = modelBytes({
    input: [float("x", 2)],
    output: [float("y", 2)],
    initializer: [outside("w", w), outside("v", v)],
    node: [node("Mul", ["x", "w"], ["t"], "mul"), node("Add", ["t", "v"], ["y"], "add")],
  });
  writeFileSync(file, bytes);
  return file;
}

const DATA = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);
const first = { location: "weights.bin", offset: "0", length: "8" };
const second = { location: "weights.bin", offset: "8", length: "8" };

describe("external data", () => {
  test("is found, each file once, and never read", () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "weights.bin"), DATA);
    const file = save(path.join(folder, "model.onnx"), first, second);
    const model = openModel(file);
    expect(externalFiles(model, file)).toEqual([path.join(folder, "weights.bin")]);
    expect(model.initializers.get("v")!.external).toEqual({ location: "weights.bin", offset: 8, length: 8 });
  });

  test("below the model's folder is fine; offset and length may be left out", () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, "data"));
    for (const name of ["w", "v"]) writeFileSync(path.join(folder, "data", name), DATA.subarray(0, 8));
    const file = save(path.join(folder, "model.onnx"), { location: "data/w" }, { location: "./data/../data/v" });
    expect(externalFiles(openModel(file), file)).toEqual(["w", "v"].map((name) => path.join(folder, "data", name)));
  });

  test("moves into the model where one file is wanted, and the model computes the same", async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "weights.bin"), DATA);
    const file = save(path.join(folder, "model.onnx"), first, second);
    const whole = openWhole(file);
    expect([...whole.initializers.values()].map(({ external }) => external)).toEqual([undefined, undefined]);
    const outputs = await withSubject(whole, {}, (subject) => runWhole(subject, randomFeeds(subject, 1)));
    const expected = await withSubject(openModel(file), { externalFolder: folder }, (subject) =>
      runWhole(subject, randomFeeds(subject, 1)),
    );
    expectSame(outputs, expected);
  });

  test("stays with the part that needs it when the model is cut, and both parts run", async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "weights.bin"), DATA);
    const model = openModel(save(path.join(folder, "model.onnx"), first, second));
    await withSubject(model, { externalFolder: folder }, async (subject) => {
      expect(cutsOf(subject.graph).map((cut) => cut.tensors)).toEqual([["t"]]);
      const feeds = randomFeeds(subject, 1);
      const [x0, x1] = feeds.x!.data as Float32Array;
      const cut = await runCut(subject, 1, feeds);
      expect([...(cut.y!.data as Float32Array)]).toEqual([Math.fround(x0! + 3), Math.fround(2 * x1! + 4)]);
      const { settings } = subject;
      const whole = await loadSession(path.join(folder, "model.onnx"), settings);
      expectSame(cut, await whole.run(feeds));
      await whole.release();
      expectSame(cut, await runWhole(subject, feeds));
    });
    const tail = extractSegment(analyse(model), 1, 2, new Map());
    const written = path.join(folder, "tail.onnx");
    writeAtomically(written, tail.source);
    expect([...openModel(written).initializers.keys()]).toEqual(["v"]);
    expect(readModel(tail.source, "tail").initializers.get("v")!.external).toEqual({
      location: "weights.bin",
      offset: 8,
      length: 8,
    });
  });

  for (const [what, v, message] of [
    ["missing", { location: "gone.bin" }, /'gone\.bin' of initializer 'v' is missing/],
    ["without a location", {}, /initializer 'v'/],
    ["a folder", { location: "sub" }, /'sub' of initializer 'v' is missing/],
    ["too short", { ...second, length: "12" }, /'weights\.bin' is too short for initializer 'v'/],
    ["behind the end", { ...second, offset: "16" }, /too short for initializer 'v'/],
    ["with an offset that is no number", { ...second, offset: "first" }, /initializer 'v'/],
    ["with a negative offset", { ...second, offset: "-8" }, /initializer 'v'/],
    ["in the folder above", { location: "../weights.bin" }, /initializer 'v'.*'\.\.\/weights\.bin', outside/],
    ["above by way of below", { location: "sub/../../weights.bin" }, /outside the model's folder/],
    ["at an absolute path", { location: "/etc/passwd" }, /'\/etc\/passwd', outside/],
  ] as const)
    test(`${what}: a Problem that names the weight`, () => {
      const folder = temporaryFolder();
      mkdirSync(path.join(folder, "model", "sub"), { recursive: true });
      for (const place of [folder, path.join(folder, "model")]) writeFileSync(path.join(place, "weights.bin"), DATA);
      const file = save(path.join(folder, "model", "model.onnx"), first, v as Record<string, string>);
      expect(() => openModel(file)).toThrow(Problem);
      expect(() => openModel(file)).toThrow(message);
    });
});
