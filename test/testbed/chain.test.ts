import { afterAll, describe, expect, test } from "vitest";
import { CODECS, decode, encode, type Tensor } from "../../src/codecs/index.ts";
import { analyse, cutsOf } from "../../src/onnx/index.ts";
import { inputTypes, loadSession, makeFeeds } from "../../src/profiler/index.ts";
import { tensorsOf } from "../../src/testbed/tensors.ts";
import { type Fixture, open, TRAINED } from "../fixtures/models.ts";
import { agent, client } from "./agents.ts";

const [mobile, edge, cloud] = [await agent({}, afterAll), await agent({}, afterAll), await agent({}, afterAll)];

async function wholeOf(fixture: Fixture) {
  const graph = analyse(open(fixture));
  const feeds = makeFeeds(inputTypes(graph, fixture.shapes));
  const session = await loadSession(fixture.file, { threads: 1, optimisation: "all" });
  const outputs = await session.run(feeds);
  await session.release();
  return { graph, input: tensorsOf(feeds, Object.keys(feeds)), expected: tensorsOf(outputs, Object.keys(outputs)) };
}

function expectClose(actual: readonly Tensor[], expected: readonly Tensor[], tolerance: number) {
  expect(actual.map(({ name }) => name).sort()).toEqual(expected.map(({ name }) => name).sort());
  for (const { name, data, shape } of expected) {
    const found = actual.find((tensor) => tensor.name === name)!;
    expect(found.shape).toEqual(shape);
    const scale = Math.max(...Array.from(data as Float32Array, Math.abs));
    for (const [i, value] of (found.data as Float32Array).entries())
      expect(Math.abs(value - (data as Float32Array)[i]!)).toBeLessThanOrEqual(tolerance * scale);
  }
}

describe.each(TRAINED)("$name", (fixture) => {
  test.each(CODECS)("%s: one, two and three tiers answer as the whole model does", async (codec) => {
    const { graph, input, expected } = await wholeOf(fixture);
    const cuts = cutsOf(graph);
    const [first, second] = [cuts[Math.floor(cuts.length / 3)]!.id, cuts[Math.floor((2 * cuts.length) / 3)]!.id];
    const { part, input: put, run } = client();
    await put(mobile, "x", input);
    const asked = { model: `${fixture.name}.onnx`, shapes: fixture.shapes };
    const cut = async (at: typeof mobile, from: string | null, to: string | null) => part(at, { ...asked, from, to });
    const step = (tier: string, url: string | undefined, segment?: string) => ({ tier, url, segment });
    const ways: object[][] = [
      [step("mobile", undefined, await cut(mobile, null, null))],
      [step("mobile", undefined), step("edge", edge.url, await cut(edge, null, null))],
      [step("mobile", undefined, await cut(mobile, null, first)), step("edge", edge.url, await cut(edge, first, null))],
      // The tier in between passes the bytes on.
      [
        step("mobile", undefined, await cut(mobile, null, first)),
        step("edge", edge.url),
        step("cloud", cloud.url, await cut(cloud, first, null)),
      ],
      [
        step("mobile", undefined, await cut(mobile, null, first)),
        step("edge", edge.url, await cut(edge, first, second)),
        step("cloud", cloud.url, await cut(cloud, second, null)),
      ],
    ];
    for (const steps of ways) {
      const { message, report } = await run(mobile, { codec, input: "x", answer: true, steps });
      expectClose(decode("raw", message), expected, codec === "float16" ? 0.02 : 1e-4);
      const spent = Object.values(report.stages).reduce((sum, seconds) => sum + seconds, 0);
      // Stages are parts of the latency, and leave little of it out.
      expect(spent).toBeLessThanOrEqual(report.residence_s + 1e-6);
      for (const { tier, segment } of steps as { tier: string; segment?: string }[])
        expect(`${tier}_infer` in report.stages).toBe(segment !== undefined);
      if (steps.length === 3) {
        expect(report.bytes["mobile>edge"]).toBeGreaterThan(0);
        expect(report.stages.edge_cloud_transfer).toBeGreaterThan(0);
      }
      if (steps.length === 3 && !(steps[1] as { segment?: string }).segment) {
        expect(report.bytes["mobile>edge"]).toBe(report.bytes["edge>cloud"]);
        expect(report.stages.edge_relay).toBeGreaterThanOrEqual(0);
      }
    }
  });
});

test("a session that is cold is loaded for the request; a warm one was before", async () => {
  const fixture = TRAINED[0]!;
  const { input } = await wholeOf(fixture);
  const { part, input: put, run } = client();
  await put(mobile, "x", input);
  const segment = await part(mobile, { model: `${fixture.name}.onnx`, shapes: fixture.shapes, warm: true });
  const stagesOf = async (session: string) =>
    (await run(mobile, { codec: "raw", input: "x", steps: [{ tier: "mobile", segment, session }] })).report.stages;
  expect(await stagesOf("cold")).toHaveProperty("mobile_load");
  expect(await stagesOf("warm")).not.toHaveProperty("mobile_load");
  // Another part that is to be alone sends this one's session away; it comes again when it is asked for.
  await part(mobile, { model: `${fixture.name}.onnx`, shapes: fixture.shapes, threads: 2, warm: true, alone: true });
  expect(await stagesOf("warm")).toHaveProperty("mobile_infer");
});

test("a message straight from a client is answered with a message", async () => {
  const fixture = TRAINED[0]!;
  const { input, expected } = await wholeOf(fixture);
  const { part, run } = client();
  const segment = await part(edge, { model: `${fixture.name}.onnx`, shapes: fixture.shapes });
  const plan = { codec: "base64" as const, steps: [{ tier: "edge", segment }] };
  const { message } = await run(edge, plan, encode("base64", input));
  expectClose(decode("base64", message), expected, 1e-5);
});
