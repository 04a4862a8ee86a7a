import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { freshFolder, tierwise } from "./tierwise.ts";

const variants = path.resolve("test/fixtures/variants");
const MAILS = path.join(variants, "mails.yaml");
const model = (name: string) => path.join(variants, name);

/** Most memory that a command held, bytes. */
function peakMemory(args: readonly string[]): number {
  const bin = path.resolve("bin/tierwise.js");
  const script = `
    process.argv.splice(1, 0, ${JSON.stringify(bin)});
    process.on("exit", () => process.stdout.write("\\n" + process.resourceUsage().maxRSS));
    await import(${JSON.stringify(pathToFileURL(bin).href)});`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script, ...args], {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  return 1024 * Number(stdout.trimEnd().split("\n").at(-1));
}

test("a large model is built in the memory of a small one", () => {
  const folder = freshFolder();
  const file = path.join(folder, "m.onnx");
  const memory = (name: string) => peakMemory(["zoo", "build", name, "-o", file]);
  const small = memory("mobilenet_v2");
  const large = memory("wide_resnet50_2");
  expect(statSync(file).size).toBeGreaterThan(275e6);
  rmSync(file);
  expect(large - small).toBeLessThan(0.5 * 275e6);
}, 60_000);

test("evaluate prints a metric with its interval", () => {
  const { json, status, stderr } = tierwise([
    ...["evaluate", model("spam_distilled.onnx"), "--data", MAILS, "--metric", "f1", "--metric", "accuracy", "--json"],
  ]);
  expect(status).toBe(0);
  expect(stderr).toMatch(/evaluating/);
  const document = json();
  expect(document).toMatchObject({ metric: "f1", operator: "identity" });
  expect(document.n).toBe(1172);
  expect(document.low).toBeLessThan(document.value);
  expect(document.high).toBeGreaterThan(document.value);
  expect(document.metrics.map(({ metric }: { metric: string }) => metric)).toEqual(["f1", "accuracy"]);
});

test("evaluate registers variants: adds, renews, keeps comments, refuses other data", () => {
  const folder = freshFolder();
  const file = path.join(folder, "variants.yaml");
  const register = (name: string, operator: string, ...more: string[]) =>
    tierwise(["evaluate", model(name), "--data", MAILS, "--register", file, "--operator", operator, ...more]);
  const some = register("spam_distilled.onnx", "distilled", "--limit", "64");
  expect([some.status, some.stderr]).toEqual([2, expect.stringMatching(/leave --limit out/)]);
  const cost = ["--training-seconds", "39", "--training-device", "one core"];
  expect(register("spam_distilled.onnx", "distilled", ...cost).status).toBe(0);
  writeFileSync(file, `# Ours.\n${readFileSync(file, "utf8")}`);
  expect(register("spam_distilled.onnx", "distilled", "--metric", "f1").status).toBe(0);
  expect(register("spam_identity.onnx", "identity").status).toBe(0);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^# Ours\./);
  expect(text.match(/operator: /g)).toHaveLength(2);
  expect(text.match(/metric: (accuracy|f1)\b/g)).toEqual(["metric: f1", "metric: accuracy", "metric: accuracy"]);
  expect(text).toMatch(/seconds: 39/);

  const other = path.join(folder, "other.yaml");
  writeFileSync(other, readFileSync(MAILS, "utf8").replace("root: .", "").concat(`\nroot: ${variants}\n`));
  const { status, stderr } = tierwise([
    ...["evaluate", model("spam_qat.onnx"), "--data", other, "--register", file, "--operator", "qat"],
  ]);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/lists accuracies on .*mails\.yaml, not on other\.yaml/)]);
  expect(readFileSync(file, "utf8")).toBe(text);
}, 60_000);

test("a model of the zoo is built, inspected, and refused for accuracy", () => {
  const folder = freshFolder();
  const built = tierwise(["zoo", "build", "mobilenet_v2", "-o", "m.onnx", "--seed", "3", "--json"], folder);
  expect(built.status).toBe(0);
  expect(built.json()).toMatchObject({ name: "mobilenet_v2", output: "m.onnx", seed: 3, parameters: 3_487_816 });
  const inspected = tierwise(["inspect", "m.onnx", "--shape", "input=1x3x224x224", "--json"], folder).json();
  expect(inspected.bytes).toBe(built.json().bytes);
  const listed = tierwise(["zoo", "list", "--json"]).json().models;
  expect(listed).toHaveLength(14);
  expect(listed.find(({ name }: { name: string }) => name === "mobilenet_v2")).toMatchObject({
    ...{ parameters: 3_487_816, flops: inspected.flops, bytes: inspected.bytes },
  });
  const refused = tierwise(["evaluate", "m.onnx", "--data", MAILS], folder);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/no learned weights \(random, seed 3/)]);
}, 60_000);

test("a quantised model is registered as what its file says, a latency twin never", () => {
  const folder = freshFolder();
  const shapes = ["--shape", "input_ids=1x64", "--shape", "attention_mask=1x64"];
  const apply = (operator: string, ...more: string[]) =>
    tierwise(["apply", operator, model("spam_distilled.onnx"), ...shapes, "-o", `${operator}.onnx`, ...more], folder);
  expect(apply("sptq", "--data", MAILS, "--samples", "8").status).toBe(0);
  expect(apply("qat").status).toBe(0);
  const register = (file: string, ...more: string[]) =>
    tierwise(["evaluate", file, "--data", MAILS, "--register", "v.yaml", ...more], folder);

  const twin = register("qat.onnx");
  expect([twin.status, twin.stdout]).toEqual([2, ""]);
  expect(twin.stderr).toMatch(/qat\.onnx is a latency twin/);
  const wrong = register("sptq.onnx", "--operator", "qat");
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(/made by 'sptq'/)]);
  const silent = register(model("spam_distilled.onnx"));
  expect([silent.status, silent.stderr]).toEqual([2, expect.stringMatching(/does not say which operator/)]);

  expect(register("sptq.onnx").status).toBe(0);
  expect(register("sptq.onnx", "--operator", "distilled+sptq").status).toBe(0);
  expect(readFileSync(path.join(folder, "v.yaml"), "utf8").match(/operator: .*/g)).toEqual([
    "operator: sptq",
    "operator: distilled+sptq",
  ]);
}, 120_000);
