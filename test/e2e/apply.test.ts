import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../src/onnx/index.ts";
import { openModel, writeAtomically } from "../../src/store/index.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { fixture, freshFolder, tierwise } from "./tierwise.ts";

const RESNET = fixture("fmnist_resnet.onnx");
const MBV2 = fixture("fmnist_mbv2.onnx");
const BERT = fixture("spam_bert2.onnx");
const TOKENS = ["--shape", "input_ids=1x64", "--shape", "attention_mask=1x64"];
const folder = freshFolder();
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(path.join(folder, name), content);
  return name;
};

/** An idx file of 28×28 gradients; enough for commands, not for accuracy. */
function pictures(count: number, side = 28): Uint8Array {
  const header = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, side, 0, 0, 0, side);
  const values = Uint8Array.from({ length: count * side * side }, (_, index) => (index * 7) % 256);
  return new Uint8Array(Buffer.concat([header, values]));
}
const document = (name: string, inputs: object) => file(name, JSON.stringify({ name, inputs }));
const DATA = file("train.idx3-ubyte.gz", gzipSync(pictures(12)));

/** A convolution in a file of some opset. */
function aged(opset: number): string {
  const builder = new GraphBuilder("aged", opset);
  const x = builder.input("x", { dtype: "float32", shape: [1, 2, 4, 4] });
  const w = builder.weight("w", [2, 2, 1, 1], Float32Array.of(1, 2, 3, 4));
  builder.output(builder.node("Conv", "conv", [x, w]), { dtype: "float32", shape: [1, 2, 4, 4] });
  writeAtomically(path.join(folder, `opset${opset}.onnx`), builder.build());
  return `opset${opset}.onnx`;
}

describe("apply", () => {
  test("sptq: a model that runs in integers, says so, ranks its nodes, and is profiled under its operator's name", () => {
    const args = ["apply", "sptq", RESNET, "--data", DATA, "-o", "out/r.onnx", "--sensitivity", "--json"];
    const { status, stderr, json } = tierwise(args, folder);
    expect(stderr).toMatch(/running calibration data/);
    expect(status).toBe(0);
    const document = json();
    expect(document).toMatchObject({
      operator: "sptq",
      output: "out/r.onnx",
      twin: false,
      integer_share: 1,
      notes: [],
    });
    expect(document.bytes).toBe(statSync(path.join(folder, "out/r.onnx")).size);
    const errors = document.sensitivity.map(({ error }: { error: number }) => error);
    expect(errors).toHaveLength(22);
    expect(errors).toEqual(errors.toSorted((a: number, b: number) => b - a));
    expect(errors[0]).toBeGreaterThan(0);

    const { metadata } = openModel(path.join(folder, "out/r.onnx"));
    expect(metadata.get("tierwise.operator")).toBe("sptq");
    expect(JSON.parse(metadata.get("tierwise.settings")!)).toEqual([
      {
        operator: "sptq",
        calibration: { name: "percentile", percentile: 0.9999 },
        samples: 12,
        activations: "uint8",
        weight_bits: 8,
      },
    ]);
    const profiled = tierwise(
      ["profile", "out/r.onnx", "--shape", "image=1x1x28x28", "--cuts", "3", "--budget", "1", "-o", "p", "--json"],
      folder,
    );
    expect(profiled.status).toBe(0);
    const profile = JSON.parse(readFileSync(path.join(folder, profiled.json().profiles[0].file), "utf8"));
    expect(profile.model.operator).toBe("sptq");
  }, 120_000);

  test("an idx file, a document that describes it, and raw values calibrate alike", () => {
    const inputs = { image: { kind: "idx", file: DATA, shape: [1, 28, 28], scale: "1/255" } };
    const raw = Float32Array.from(pictures(12).subarray(16), (value) => value / 255);
    const data = [DATA, document("train.yaml", inputs), `image=${file("train.f32", new Uint8Array(raw.buffer))}`];
    const written = data.map((given, index) => {
      const args = ["apply", "sptq", MBV2, "--data", given, "--samples", "5", "-o", `same${index}.onnx`];
      expect(tierwise(args, folder).status).toBe(0);
      return readFileSync(path.join(folder, `same${index}.onnx`));
    });
    for (const bytes of written.slice(1)) expect(bytes.equals(written[0]!)).toBe(true);
  });

  test("a data set of two inputs calibrates an encoder; a batch that is fixed is filled", () => {
    const mails = path.resolve("test/fixtures/variants/mails.yaml");
    const settings = (batch: number, samples: string) => {
      const shape = ["input_ids", "attention_mask"].flatMap((name) => ["--shape", `${name}=${batch}x64`]);
      const args = ["apply", "sptq", BERT, ...shape, "--data", mails, "--samples", samples, "-o", "b.onnx", "--json"];
      const { status, json } = tierwise(args, folder);
      expect([status, json().twin]).toEqual([0, false]);
      return JSON.parse(openModel(path.join(folder, "b.onnx")).metadata.get("tierwise.settings")!)[0];
    };
    expect(settings(1, "16").samples).toBe(16);
    // 1,172 mails make three requests of 400.
    expect(settings(400, "16").samples).toBe(3);
  }, 120_000);

  test("an excluded node stays float, and raises no error of its own", () => {
    const [all, some] = [[], ["--exclude", "/f/f.7/a/a.0/Conv", "--exclude", "/f/f.7/Add"]].map((more) =>
      tierwise(["apply", "sptq", RESNET, "--data", DATA, "-o", "x.onnx", ...more, "--json"], folder).json(),
    );
    expect(some.notes.join()).toMatch(/Conv stays float: excluded \(\/f\/f\.7\/a\/a\.0\/Conv\)/);
    expect(some.integer_share).toBeLessThan(0.99);
    expect(some.bytes).toBeGreaterThan(all.bytes);
    const float = openModel(path.join(folder, "x.onnx")).nodes.find(({ name }) => name === "/f/f.7/a/a.0/Conv")!;
    expect(openModel(path.join(folder, "x.onnx")).initializers.get(float.inputs[1]!)?.dtype).toBe("float32");
  });

  test("a quantised model is split at a quantised tensor", () => {
    const made = tierwise(["apply", "pruned+qat", RESNET, "--pattern", "channels", "-o", "q.onnx", "--json"], folder);
    expect(made.json()).toMatchObject({ operator: "pruned+qat", twin: true });
    expect(made.json().notes.join("\n")).toMatch(/latency twin/);
    expect(tierwise(["inspect", "q.onnx", "--shape", "image=1x1x28x28"], folder).stdout).toMatch(
      /variant {2}pruned\+qat, a latency twin/,
    );
    const split = tierwise(
      ["split", "q.onnx", "--shape", "image=1x1x28x28", "--cut", "/f/f.4/Add/Q", "-o", "parts", "--json"],
      folder,
    ).json();
    expect(split.tensors).toEqual([{ name: "/f/f.4/Add/Q:0", dtype: "uint8", shape: [1, 16, 14, 14], bytes: 3136 }]);
  });

  test("the same command writes the same bytes", () => {
    const [one, two] = ["a.onnx", "b.onnx"].map((name) => {
      tierwise(["apply", "early-exit+sptq", MBV2, "--exit", "/f/f.5/Add", "--data", DATA, "-o", name], folder);
      return readFileSync(path.join(folder, name));
    });
    expect(one!.equals(two!)).toBe(true);
  });

  test("distilled takes the student's architecture and marks it", () => {
    const { json } = tierwise(["apply", "distilled", RESNET, "--student", MBV2, "-o", "d.onnx", "--json"], folder);
    expect(json()).toMatchObject({ operator: "distilled", twin: true });
    expect(openModel(path.join(folder, "d.onnx")).nodes).toHaveLength(openModel(MBV2).nodes.length - 32);
    expect(openModel(path.join(folder, "d.onnx")).metadata.get("tierwise.twin")).toMatch(/student/);
  });

  const MISTAKES: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ["no data", ["sptq", RESNET], /needs calibration data.*--data.*--twin/],
    ["an unknown operator", ["sptk", RESNET], /unknown operator "sptk"/],
    [
      "pictures of another size",
      ["sptq", RESNET, "--data", file("small.idx", pictures(3, 14))],
      /small\.idx: input 'image'.*\[14, 14\].*\[1, 28, 28\]/,
    ],
    ["no pictures", ["sptq", RESNET, "--data", file("none.idx", pictures(0))], /none\.idx.*holds no samples/],
    ["a file that is no idx", ["sptq", RESNET, "--data", file("notes.txt", "hello")], /notes\.txt is not an idx file/],
    [
      "pictures cut short",
      ["sptq", RESNET, "--data", file("cut.idx", pictures(3).subarray(0, 1000))],
      /cut\.idx is too short: 3 samples/,
    ],
    [
      "a damaged archive",
      ["sptq", RESNET, "--data", file("bad.gz", gzipSync(pictures(3)).subarray(0, 40))],
      /bad\.gz is not a complete gzip file/,
    ],
    [
      "a data set without samples",
      ["sptq", RESNET, "--data", document("none.yaml", { image: { kind: "idx", file: "none.idx", scale: 1 } })],
      /none\.yaml: input 'image' holds no samples/,
    ],
    [
      "a data set of another shape",
      ["sptq", RESNET, "--data", document("flat.yaml", { image: { kind: "idx", file: DATA, scale: 1 } })],
      /input 'image' takes samples of the shape \[1, 28, 28\], and flat\.yaml gives \[28, 28\]/,
    ],
    [
      "a data set for another input",
      ["sptq", RESNET, "--data", document("other.yaml", { picture: { kind: "idx", file: DATA, scale: 1 } })],
      /other\.yaml gives .*unknown input "picture"/,
    ],
    [
      "a data set beside raw values",
      ["sptq", RESNET, "--data", "none.yaml", "--data", "image=empty.bin"],
      /one data set, or NAME=FILE/,
    ],
    ["pictures for a model of two inputs", ["sptq", BERT, ...TOKENS, "--data", DATA], /one float32 input.*\.yaml/],
    ["a missing data set", ["sptq", RESNET, "--data", "nowhere.yaml"], /nowhere\.yaml: there is no such file/],
    ["empty values", ["sptq", RESNET, "--data", `image=${file("empty.bin", "")}`], /values of input 'image' are empty/],
    ["values of a wrong size", ["sptq", RESNET, "--data", `image=${file("odd.bin", "abc")}`], /3 bytes.*no multiple/],
    ["a missing data file", ["sptq", RESNET, "--data", "nowhere.gz"], /nowhere\.gz: there is no such file/],
    ["a sparsity of 1", ["pruned", RESNET, "--sparsity", "1"], /sparsity of 1 is not between 0 and 1/],
    ["a sparsity that is no number", ["pruned", RESNET, "--sparsity", "half"], /not between 0 and 1/],
    ["an unknown pattern", ["pruned", RESNET, "--pattern", "3x1"], /unstructured, 2x1, 4x1, channels/],
    ["no exit", ["early-exit", RESNET], /needs --exit/],
    ["an exit that is not there", ["early-exit", RESNET, "--exit", "nowhere"], /no node 'nowhere'/],
    ["no student", ["distilled", RESNET], /needs --student/],
    [
      "a student of another task",
      ["distilled", RESNET, "--student", fixture("spam_bert2.onnx")],
      /student does not fit/,
    ],
    ["free dimensions", ["qat", fixture("spam_bert2.onnx")], /input 'input_ids' has free dimensions.*--shape/],
    ["an opset that cannot be converted", ["qat", aged(6)], /opset 6.*opset 13.*Export/],
    [
      "an opset of the future",
      ["qat", aged(99)],
      /cannot load the model: ONNX Runtime only .*Opset 99 is under development/,
    ],
    ["a quantised model", ["qat", path.join(folder, "out/r.onnx")], /quantised already/],
  ];
  test.each(MISTAKES)("%s: one clear message, status 2, nothing written", (_, args, says) => {
    const before = readdirSync(folder).sort();
    const { status, stdout, stderr } = tierwise(["apply", ...args, "-o", "result.onnx"], folder);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
    expect(status).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(before);
  });
});

test("half a gigabyte of weights is quantised within three times its size in memory", () => {
  const place = temporaryFolder();
  const [layers, side] = [8, 4000];
  const builder = new GraphBuilder("large", 13);
  const values = Float32Array.from({ length: side * side }, (_, index) => ((index * 2654435761) % 1024) / 512 - 1);
  let last = builder.input("x", { dtype: "float32", shape: [1, side] });
  for (let layer = 0; layer < layers; layer++)
    last = builder.node("Gemm", `layer${layer}`, [last, builder.weight(`w${layer}`, [side, side], values)]);
  builder.output(last, { dtype: "float32", shape: [1, side] });
  const model = path.join(place, "large.onnx");
  writeAtomically(model, builder.build());
  const size = statSync(model).size;
  expect(size).toBeGreaterThan(500e6);
  const data = path.join(place, "x.bin");
  writeFileSync(data, new Uint8Array(Float32Array.from({ length: side }, (_, i) => Math.sin(i)).buffer));

  const hook = 'process.on("exit", () => process.stderr.write("PEAK " + process.resourceUsage().maxRSS))';
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      "--import",
      `data:text/javascript,${encodeURIComponent(hook)}`,
      path.resolve("bin/tierwise.js"),
      ...["apply", "sptq", model, "--data", `x=${data}`, "-o", path.join(place, "q.onnx")],
    ],
    { encoding: "utf8" },
  );
  expect(status).toBe(0);
  expect(stderr).toMatch(/quantising weights/);
  expect(Number(/PEAK (\d+)/.exec(stderr)![1]) * 1024).toBeLessThan(3 * size);
  expect(statSync(path.join(place, "q.onnx")).size).toBeLessThan(size * 0.26);
}, 240_000);
