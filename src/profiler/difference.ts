import type { ByteSource } from "../onnx/index.ts";
import { writeAtomically } from "../store/index.ts";
import type { Workspace } from "./planning.ts";
import { loadSession, type Values } from "./runtime.ts";
import type { Samples } from "./samples.ts";

/** A model's float outputs on some samples. */
export type Outputs = readonly Readonly<Record<string, Values>>[];

/** Runs a model on its first samples. */
export async function outputsOn(
  model: ByteSource,
  samples: Samples,
  most: number,
  workspace: Workspace,
): Promise<Outputs> {
  const file = workspace.path("compared");
  writeAtomically(file, model);
  const session = await loadSession(file, { threads: 1, optimisation: "all" });
  const outputs = [];
  for (let index = 0; index < Math.min(most, samples.count); index++)
    outputs.push(await session.run(await samples.feeds(index)));
  await session.release();
  return outputs;
}

/**
 * How far a variant's outputs lie from the original's: the energy of the difference over the energy of the original
 * (the inverse of the signal-to-quantisation-noise ratio), 0 for equal ones.
 */
export function relativeError(expected: Outputs, actual: Outputs): number {
  let signal = 0;
  let noise = 0;
  expected.forEach((outputs, sample) => {
    for (const [name, { data }] of Object.entries(outputs)) {
      const other = actual[sample]![name]!.data as ArrayLike<number>;
      for (let index = 0; index < data.length; index++) {
        const value = Number(data[index]);
        signal += value ** 2;
        noise += (value - Number(other[index])) ** 2;
      }
    }
  });
  return signal > 0 ? noise / signal : noise;
}
