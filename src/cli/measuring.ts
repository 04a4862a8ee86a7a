import { existsSync } from "node:fs";
import path from "node:path";
import type { Measure } from "../formats/measure.ts";
import { Problem } from "../formats/problem.ts";
import { parseScenario } from "../formats/scenario.ts";
import type { Topology } from "../formats/topology.ts";
import { analyse, cutsOf } from "../onnx/index.ts";
import { operatorOf } from "../operators/index.ts";
import { digest } from "../profiler/index.ts";
import { openFile, openModel, readText } from "../store/index.ts";
import { cellsOf, inputMessage, type MeasuredModel, measure, Testbed, type TestbedOptions } from "../testbed/index.ts";
import { note } from "./output.ts";
import { Progress } from "./progress.ts";
import { findScenario } from "./scenarios.ts";
import { readTopology } from "./topologies.ts";

export interface MeasureRequest {
  readonly output: string;
  readonly emulation: TestbedOptions["emulation"];
  readonly retryFailed: boolean;
  readonly seed: number | undefined;
}

/** Runs what a scenario says under `measure`, and writes the table. */
export async function measureScenario(file: string, request: MeasureRequest) {
  const { found, topology, ...read } = readMeasure(file);
  const spec = { ...read.measure, seed: request.seed ?? read.measure.seed };
  const { models, folder } = readModels(found, spec);
  const planned = cellsOf(spec, topology, models, { limits: true });
  const assumed = topology.tiers.filter(({ name, speed }) => speed !== 1 && !(name in spec.agents));
  if (assumed.length > 0)
    note(
      `NOTE: ${assumed.map(({ name, speed }) => `${name} (${speed}×)`).join(", ")}: speeds are not emulated; tiers of this machine are as fast as it is, but for their quotas.`,
    );
  const bed = await Testbed.create({
    topology,
    measure: spec,
    tiers: [...new Set(planned.flatMap(({ visits }) => visits.map(({ tier }) => tier)))],
    hops: hopsOf(planned),
    models: folder,
    emulation: request.emulation,
    limited:
      planned.some(({ tiers }) => Object.values(tiers).some(({ cpus }) => cpus !== undefined)) ||
      topology.tiers.some(({ memory_bytes }) => memory_bytes !== null) ||
      Object.values(spec.tiers).some(({ cores }) => cores !== undefined),
    onNote: note,
  });
  const progress = new Progress(path.basename(found));
  try {
    const cells = bed.limits ? planned : cellsOf(spec, topology, models, { limits: false });
    const counts = await measure({
      file: request.output,
      cells,
      measure: spec,
      topology,
      bed,
      retryFailed: request.retryFailed,
      onProgress: (done, total) => progress.report(`measuring ${cells.length} cells`, done, total),
    });
    return { ...counts, file: request.output, emulation: bed.emulation, cells: cells.length, repeats: spec.repeats };
  } finally {
    progress.stop();
    bed.closeSync();
  }
}

function readMeasure(file: string): { found: string; topology: Topology; measure: Measure } {
  const found = findScenario(file);
  const scenario = parseScenario(readText(found), found);
  if (!scenario.measure)
    throw new Problem(`${found}: measure: is missing; it says what to run for real (see docs/testbed.md)`);
  const beside = path.resolve(path.dirname(found), scenario.topology);
  const topology = readTopology(existsSync(beside) ? beside : scenario.topology);
  return { found, topology, measure: scenario.measure };
}

/** The models of a scenario, and the deepest folder that holds them all. */
function readModels(scenario: string, { models }: Measure): { models: MeasuredModel[]; folder: string } {
  const beside = (file: string) => path.resolve(path.dirname(scenario), file);
  const files = models.map(({ file }) => beside(file));
  const folder = files.map((file) => path.dirname(file)).reduce(commonFolder);
  const read = models.map((asked, i): MeasuredModel => {
    const file = files[i]!;
    const model = openModel(file);
    const graph = analyse(model);
    const raw = new Map(Object.entries(asked.inputs).map(([name, at]) => [name, readBytes(beside(at))]));
    return {
      name: asked.name ?? path.basename(file).replace(/\.onnx$/, ""),
      operator: asked.operator ?? operatorOf(model),
      path: path.relative(folder, file).split(path.sep).join("/"),
      sha256: digest(model),
      shapes: asked.shapes,
      input: inputOf(scenario, asked, graph, raw),
      cuts: cutsOf(graph).map(({ id }) => id),
      wanted: asked.cuts,
    };
  });
  for (const [i, { name, operator }] of read.entries())
    if (read.findIndex((other) => other.name === name && other.operator === operator) !== i)
      throw new Problem(
        `${scenario}: measure: models: two are called "${name}" (${operator}), and a table could not tell them apart; give one a \`name\``,
      );
  return { models: read, folder };
}

/** Values of a model's inputs; complaints that name a command's options are put in a scenario's words. */
function inputOf(
  scenario: string,
  { file, shapes }: Measure["models"][number],
  graph: Parameters<typeof inputMessage>[0],
  raw: Parameters<typeof inputMessage>[2],
): Uint8Array {
  try {
    return inputMessage(graph, shapes, raw);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const words = error.message
      .replace(/give them with --shape (\S+)=(\S+?)\.?$/, "give them as { file: …, shapes: { $1: $2 } }")
      .replace(/--shape:? ?/g, "shapes: ")
      .replace(/--input:? ?/g, "inputs: ");
    throw new Problem(`${scenario}: measure: models: ${file}: ${words}`);
  }
}

function commonFolder(a: string, b: string): string {
  let common = a;
  while (path.relative(common, b).startsWith("..") || path.isAbsolute(path.relative(common, b)))
    common = path.dirname(common);
  return common;
}

function readBytes(file: string): Uint8Array {
  const source = openFile(file);
  const bytes = source.read(0, source.length).slice();
  source.close();
  return bytes;
}

function hopsOf(cells: ReturnType<typeof cellsOf>): (readonly [string, string])[] {
  const hops = new Map<string, readonly [string, string]>();
  for (const { visits } of cells)
    for (const [i, { tier }] of visits.entries())
      if (i > 0) hops.set(`${visits[i - 1]!.tier}>${tier}`, [visits[i - 1]!.tier, tier]);
  return [...hops.values()];
}
