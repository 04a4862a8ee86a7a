import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { analyse, cutsOf, type Model, memorySource, readModel } from "../../src/onnx/index.ts";
import { planSegment, type Shapes } from "../../src/profiler/index.ts";
import type { PlannedKernel } from "../../src/profiler/plan.ts";
import { loadTraced, segmentOf } from "../../src/profiler/planning.ts";
import { planningTwin, ZEROS } from "../../src/profiler/twin.ts";
import { resnet as buildResNet } from "../../src/zoo/resnet.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { FIXTURES, open } from "../fixtures/models.ts";
import { type Prepared, withSubject } from "../fixtures/running.ts";

/** The kernels of the segment itself, its real weights loaded. */
async function realPlan(subject: Prepared, from: number, to: number): Promise<PlannedKernel[]> {
  const { session, kernels } = await loadTraced(subject, segmentOf(subject, from, to));
  session.endTrace();
  await session.release();
  return kernels;
}

const identities = (kernels: readonly PlannedKernel[]) => kernels.map(({ identity }) => identity).sort();

async function expectAlike(subject: Prepared, from: number, to: number): Promise<void> {
  const [twin, real] = [await planSegment(subject, from, to), await realPlan(subject, from, to)];
  expect(twin.length).toBe(real.length);
  expect(identities(twin)).toEqual(identities(real));
  expect(new Set(identities(real)).size).toBe(real.length);
}

const MODELS: { name: string; model: () => Model; shapes: Shapes }[] = [
  ...FIXTURES.map((fixture) => ({ name: fixture.name, model: () => open(fixture), shapes: fixture.shapes })),
  {
    name: "a ResNet of 14 convolutions",
    model: () => readModel(buildResNet("resnet14", { blocks: [1, 1, 1, 1] }, 1, 64), "resnet14"),
    shapes: { input: [1, 3, 64, 64] },
  },
];

describe("the planning twin is planned as the model is", () => {
  for (const { name, model, shapes } of MODELS)
    test(`${name}: whole and at any cut`, { timeout: 60_000 }, () =>
      withSubject(model(), { shapes }, async (subject) => {
        const end = subject.graph.steps.length;
        await expectAlike(subject, 0, end);
        const cuts = cutsOf(subject.graph);
        const property = fc.asyncProperty(fc.nat(cuts.length - 1), async (index) => {
          await expectAlike(subject, 0, cuts[index]!.position);
          await expectAlike(subject, cuts[index]!.position, end);
        });
        await fc.assert(property, { numRuns: 4, endOnFailure: true });
      }),
    );
});

describe("the plan of the whole", () => {
  for (const { name, model, shapes } of MODELS)
    test(`${name}: every step is in exactly one kernel`, { timeout: 60_000 }, () =>
      withSubject(model(), { shapes }, async (subject) => {
        const plan = await planSegment(subject, 0, subject.graph.steps.length);
        const covered = plan.flatMap(({ nodes }) => nodes).sort((a, b) => a - b);
        const steps = subject.graph.steps.map(({ index }) => index).sort((a, b) => a - b);
        expect(covered).toEqual(steps);
      }),
    );
});

describe("a twin", () => {
  test("has the model's nodes, and its large weights in a file of zeros that takes no room", () => {
    const folder = temporaryFolder();
    const resnet = readModel(buildResNet("resnet14", { blocks: [1, 1, 1, 1] }, 1, 64), "resnet14");
    const twin = planningTwin(analyse(resnet), folder, undefined);
    expect(twin.model.nodes.map(({ name, op, outputs }) => [name, op, outputs])).toEqual(
      resnet.nodes.map(({ name, op, outputs }) => [name, op, outputs]),
    );
    expect(twin.model.source.length).toBeLessThan(resnet.source.length / 100);
    const zeros = statSync(path.join(folder, ZEROS));
    expect(zeros.size).toBe(Math.max(...[...resnet.initializers.values()].map(({ bytes }) => bytes)));
    expect(readFileSync(path.join(folder, ZEROS)).every((byte) => byte === 0)).toBe(true);
    // Each node still gets weights of its own shape.
    for (const [index, node] of twin.model.nodes.entries()) {
      const shapes = (of: Model, inputs: readonly string[]) => inputs.map((input) => of.initializers.get(input)?.shape);
      expect(shapes(twin.model, node.inputs)).toEqual(shapes(resnet, resnet.nodes[index]!.inputs));
    }
  });

  test("its bytes can be read again", () => {
    const twin = planningTwin(analyse(open(FIXTURES[3]!)), temporaryFolder(), undefined);
    const { source } = twin.model;
    const again = readModel(memorySource(source.read(0, source.length)), "again");
    expect(again.nodes.length).toBe(twin.model.nodes.length);
  });
});
