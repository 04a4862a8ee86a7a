import { expect, test } from "vitest";
import type { Attribute } from "../../src/onnx/index.ts";
import { convolutions } from "../../src/profiler/microconvolutions.ts";
import { MicroGraph } from "../../src/profiler/micrograph.ts";

/** Notes what micro-kernels are made of while they are made. */
class Noting extends MicroGraph {
  readonly maps: (readonly number[])[] = [];
  readonly nodes: {
    readonly op: string;
    readonly inputs: readonly string[];
    readonly attributes: Readonly<Record<string, Attribute>>;
    readonly output: string;
  }[] = [];

  override source(shape: readonly number[]): string {
    this.maps.push(shape);
    return super.source(shape);
  }

  override node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    count = 1,
  ) {
    const output = super.node(op, inputs, attributes, count);
    this.nodes.push({ op, inputs, attributes, output });
    return output;
  }
}

const floats = convolutions().flatMap((one) => {
  const graph = new Noting();
  one.add(graph);
  if (graph.nodes.some(({ op }) => op === "QuantizeLinear")) return [];
  const { attributes, output } = graph.nodes.find(({ op }) => op === "Conv")!;
  const activated = graph.nodes.some(({ op, inputs }) => op === "Relu" && inputs[0] === output);
  const [, channels, height, width] = graph.maps[0] as [number, number, number, number];
  const [down, along] = attributes.strides as [number, number];
  const depthwise = attributes.group !== 1 && attributes.group === channels;
  const kernel = (attributes.kernel_shape as number[])[0]!;
  return [{ depthwise, kernel, activated, height, width, down, along }];
});

test.each([
  ["depthwise", true],
  ["other", false],
] as const)("%s convolutions with an activation and without, of each size of window", (_, depthwise) => {
  for (const kernel of [3, 5])
    for (const activated of [true, false])
      expect(
        floats.filter((one) => one.depthwise === depthwise && one.kernel === kernel && one.activated === activated)
          .length,
      ).toBeGreaterThan(3);
});

test("depthwise convolutions over squares, long strips and tall ones, some of which are only made lower", () => {
  const depthwise = floats.filter((one) => one.depthwise);
  for (const kernel of [3, 5]) {
    const ratios = depthwise.filter((one) => one.kernel === kernel).map(({ height, width }) => width / height);
    expect(ratios.filter((ratio) => ratio > 16).length).toBeGreaterThan(0);
    expect(ratios.filter((ratio) => ratio < 0.5).length).toBeGreaterThan(0);
  }
  expect(depthwise.filter(({ down, along }) => down === 2 && along === 1).length).toBeGreaterThan(1);
  for (const { down, along } of floats) expect(along).toBeLessThanOrEqual(down);
});

test("the bench stays as long as it was", () => {
  expect(floats.length).toBeGreaterThan(380);
  expect(floats.length).toBeLessThan(480);
});
