import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { fixture, freshFolder, tierwise } from "./tierwise.ts";

const RESNET = fixture("fmnist_resnet.onnx");
const SHAPE = ["--shape", "image=1x1x28x28"];
const folder = freshFolder();
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(path.join(folder, name), content);
  return name;
};
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52);
const NEGATIVE = "tiers: [{name: a}, {name: b}]\nlinks: [{from: a, to: b, bandwidth: -3 Mbit/s}]\n";
const RUNS =
  "model,operator,placement,mobile_edge_mbps,request,repeat,latency_s\n" +
  "net,identity,edge,200,0,0,0.5\nnet,identity,edge,1,0,0,8.5\nnet,identity,edge,10,0,0,0.9\n";
const [shipped] = readdirSync("profiles").filter((name) => name.endsWith(".json"));
const PROFILE = path.resolve("profiles", shipped ?? "missing");

const MISTAKES: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
  ["a missing file", ["inspect", "nowhere.onnx"], /nowhere\.onnx.*no such file/],
  ["a folder", ["inspect", "."], /not a file/],
  [
    "a truncated model",
    ["inspect", file("short.onnx", readFileSync(RESNET).subarray(0, 5000)), ...SHAPE],
    /short\.onnx/,
  ],
  ["a picture", ["inspect", file("picture.onnx", PNG)], /picture\.onnx is not a readable ONNX model/],
  ["an empty file", ["inspect", file("empty.onnx", "")], /empty\.onnx/],
  ["free dimensions", ["inspect", RESNET], /input 'image' has free dimensions.*--shape/],
  ["an unknown input", ["inspect", RESNET, "--shape", "picture=1x1x28x28"], /no input 'picture'/],
  ["a wrong rank", ["inspect", RESNET, "--shape", "image=1x28x28"], /3 dimensions.*4/],
  ["a contradicted dimension", ["inspect", RESNET, "--shape", "image=1x3x28x28"], /fixed at 1/],
  ["a malformed shape", ["inspect", RESNET, "--shape", "image=1xtwo"], /--shape image=1xtwo/],
  ["an unknown cut", ["split", RESNET, ...SHAPE, "--cut", "Nowhere", "-o", "parts"], /no cut 'Nowhere'/],
  ["an unwritable output", ["split", RESNET, ...SHAPE, "--cut", "/f/f.1/Add", "-o", "/dev/null/x"], /\/dev\/null\/x/],
  ["a missing scenario", ["simulate", "nowhere.yaml"], /nowhere\.yaml.*no such file/],
  ["a scenario without workload", ["simulate", file("idle.yaml", "topology: study-1mbit\n")], /idle\.yaml: workload/],
  ["a scenario that is only measured", ["simulate", "receipts-measured"], /workload: is missing.*tierwise measure/],
  ["a scenario that is only simulated", ["measure", "receipts-at-the-till", "-o", "r.csv"], /measure: is missing/],
  ["a measurement without a table", ["measure", "receipts-measured"], /required option.*--output/],
  ["an agent open to everybody", ["agent", "--host", "0.0.0.0"], /--host 0\.0\.0\.0.*--token/],
  ["an agent of no folder", ["agent", "--models", "nowhere"], /--models nowhere: there is no such folder/],
  ["a port that is none", ["agent", "--port", "70000"], /whole number from 0 to 65535/],
  ["a size that is none", ["agent", "--max-body", "much"], /--max-body.*4 GiB/],
  ["a seed that is none", ["simulate", "receipts-at-the-till", "--seed", "x"], /--seed x/],
  ["a missing table of runs", ["validate", "nowhere.csv"], /nowhere\.csv.*no such file/],
  ["a table without latencies", ["validate", file("short.csv", "model,operator\na,b\n")], /column of .*"placement"/],
  ["a latency that is none", ["validate", file("text.csv", RUNS.replace("0.5", "slow"))], /line 2: latency_s: 'slow'/],
  ["a condition that holds nowhere", ["validate", file("runs.csv", RUNS), "--fit", "repeat > 9"], /holds for no row/],
  ["a condition on no column", ["validate", file("runs.csv", RUNS), "--fit", "speed > 9"], /no column 'speed'/],
  ["folds that do not differ", ["validate", file("runs.csv", RUNS), "--leave-out", "operator"], /do not differ in it/],
  ["no calibration", ["validate", file("runs.csv", RUNS), "--calibration", file("no.json", "{}")], /no\.json: format/],
  [
    "an unwritable calibration",
    ["calibrate", file("runs.csv", RUNS), "-o", "/dev/null/c.json"],
    /\/dev\/null\/c\.json/,
  ],
  ["an unknown command", ["inspekt"], /unknown command/],
  ["an unknown option", ["inspect", RESNET, "--shap", "x"], /unknown option.*--shape/s],
  ["a profile that is none", ["predict", file("profile.json", "{}")], /profile\.json: .*/],
  ["no JSON", ["predict", file("text.json", "hello")], /text\.json is not a profile/],
  ["a negative bandwidth", ["predict", PROFILE, "--topology", file("negative.yaml", NEGATIVE)], /bandwidth.*negative/],
  [
    "a bandwidth of NaN",
    ["predict", PROFILE, "--topology", file("nan.yaml", NEGATIVE.replace("-3 Mbit/s", ".nan"))],
    /bandwidth/,
  ],
  ["an unknown cut to predict", ["predict", PROFILE, "--cut", "Nowhere"], /Nowhere/],
  ["an unknown placement", ["predict", PROFILE, "--placement", "moon"], /unknown tier "moon"/],
  ["an unknown codec", ["predict", PROFILE, "--codec", "zip"], /zip/],
  ["an unknown architecture", ["zoo", "build", "resnet51", "-o", "x.onnx"], /unknown model "resnet51".*zoo list/],
  ["a seed that is none", ["zoo", "build", "resnet18", "-o", "x.onnx", "--seed", "-1"], /whole number from 0/],
  [
    "an unwritable model",
    ["zoo", "build", "mobilenet_v2", "-o", "/dev/null/x.onnx"],
    /cannot write \/dev\/null\/x\.onnx/,
  ],
  ["no data set", ["evaluate", RESNET], /required option.*--data/],
  ["a missing data set", ["evaluate", RESNET, "--data", "nowhere.yaml"], /nowhere\.yaml.*no such file/],
  [
    "a data set that is none",
    ["evaluate", RESNET, "--data", file("empty.yaml", "{}")],
    /empty\.yaml: name: is missing/,
  ],
  [
    "an unknown metric",
    ["evaluate", RESNET, "--data", file("d.yaml", "{}"), "--metric", "auc"],
    /unknown metric "auc"/,
  ],
  ["registering nothing in particular", ["evaluate", RESNET, "--data", "d.yaml", "--register", "v.yaml"], /--operator/],
];

test.each(MISTAKES)("%s: one clear message, status 2, nothing written", (_, args, says) => {
  const before = readdirSync(folder).sort();
  const { status, stdout, stderr } = tierwise(args, folder);
  expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout).toBe("");
  expect(status).toBe(2);
  expect(readdirSync(folder).sort()).toEqual(before);
});
