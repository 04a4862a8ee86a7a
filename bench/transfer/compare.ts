/** Predicted against measured times on the targets of `bench:transfer`, and simpler ways to predict. */
import { segmentSeconds } from "../../src/costmodel/index.ts";
import { keyOf, transferByBench, transferByCatalogue, transferToVariant } from "../../src/devices/index.ts";
import type { Device, MicroKernel } from "../../src/formats/device.ts";
import type { Profile } from "../../src/formats/profile.ts";
import type { MeasuredModel, MeasuredPart, PairName } from "./measure.ts";

/** One whole model or part on one target. Times in seconds. */
export interface TransferRow {
  readonly pair: PairName;
  readonly model: string;
  readonly part: MeasuredPart["part"];
  readonly cut: string | null;
  readonly source_s: number;
  readonly measured_s: number;
  readonly predicted_s: number;
  readonly low_s: number;
  readonly high_s: number;
  /** The source's time times the ratio of peak rates. */
  readonly by_flops_s: number;
  /** The source's time times one factor: all micro-kernels' times on the target over those on the source. */
  readonly by_factor_s: number;
  /** Each kernel by one roofline for the whole device: peak rate and bandwidth. Not for variants: no kernel has a source's time. */
  readonly by_roofline_s: number;
}

/** The model's profile on a target; undefined where there is no integer variant. */
export function predictPair(pair: PairName, model: MeasuredModel, source: Device, target: Device): Profile | undefined {
  if (pair !== "int8") return transferByBench(model.profile, source, target);
  return model.variant && transferToVariant(model.variant, model.profile, source);
}

export function compare(model: MeasuredModel, source: Device, targets: ReadonlyMap<PairName, Device>): TransferRow[] {
  return [...targets].flatMap(([pair, target]) => {
    const predicted = predictPair(pair, model, source, target);
    if (!predicted) return [];
    const factors = factorsOf(pair, source, target);
    const plain = pair === "int8" ? undefined : transferByCatalogue(model.profile, source, target);
    return model.parts
      .filter((part) => part.pair === pair)
      .flatMap(({ part, cut, request }): TransferRow[] => {
        const [after, until] = part === "whole" ? [null, null] : part === "head" ? [null, cut] : [cut, null];
        const prediction = segmentSeconds(predicted, after, until);
        // A variant's cuts are others than the model's: only the whole has a time on the source.
        const known = part === "whole" || pair !== "int8";
        const source_s = known ? segmentSeconds(model.profile, after, until).seconds : Number.NaN;
        return [
          {
            ...{ pair, model: model.name, part, cut, source_s, measured_s: request.median_s },
            predicted_s: prediction.seconds,
            low_s: prediction.low_s,
            high_s: prediction.high_s,
            by_flops_s: source_s * factors.flops,
            by_factor_s: source_s * factors.kernels,
            by_roofline_s: plain ? segmentSeconds(plain, after, until).seconds : Number.NaN,
          },
        ];
      });
  });
}

function factorsOf(pair: PairName, source: Device, target: Device): { flops: number; kernels: number } {
  const integers = pair === "int8";
  const peak = target.peak_flops_per_s[integers ? "int8" : "float32"]!.value;
  const flops = source.peak_flops_per_s.float32!.value / peak;
  // An integer kernel's twin is the float kernel of the same sizes.
  const key = (kernel: MicroKernel) =>
    keyOf({ kind: kernel.kind.replace(/^q/, "").replace(/:Q.*|:MatMul.*/, ""), dims: kernel.dims });
  const floats = new Map(
    source.bench!.kernels.filter(({ dtype }) => dtype === "float32").map((kernel) => [key(kernel), kernel]),
  );
  let [before, after] = [0, 0];
  for (const kernel of target.bench!.kernels) {
    const twin = floats.get(key(kernel));
    if (!twin || (kernel.dtype === "int8") !== integers) continue;
    before += twin.median_s;
    after += kernel.median_s;
  }
  return { flops, kernels: after / before };
}
