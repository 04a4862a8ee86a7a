/** Smallest and largest value that a tensor takes. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** How real numbers become 8-bit ones: real = scale · (quantised − zeroPoint). Jacob et al. (2018), equation 1. */
export interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
}

export type ActivationType = "uint8" | "int8";

export const LIMITS = { uint8: [0, 255], int8: [-128, 127] } as const;

/**
 * Scale and zero point by which all of a range is representable. The range is widened to include 0, which must be exact:
 * padding and rectifiers make zeros.
 */
export function affineOf(range: Range, type: ActivationType): Affine {
  const [lowest, highest] = LIMITS[type];
  const min = Math.min(0, range.min);
  const max = Math.max(0, range.max);
  if (!(max > min) || !Number.isFinite(max - min)) return { scale: 1, zeroPoint: lowest };
  // A hair too small, so that the largest representable value in float32 never lies above the range: the runtime drops
  // a Clip before quantisation only if quantisation clips at least as much.
  const scale = Math.max(Math.fround(((max - min) / (highest - lowest)) * (1 - 2 ** -22)), 2 ** -126);
  const zeroPoint = Math.min(highest, Math.max(lowest, Math.round(lowest - min / scale)));
  return { scale, zeroPoint };
}

/** Weights in int8 with zero point 0 and a scale per slice along an axis. */
export interface QuantisedWeight {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Symmetric quantisation with one scale per index of `axis`.
 * @param axis the axis of the output channels; undefined for one scale for all
 * @param bits 8, or 7 where the processor adds pairs of products in 16 bits and would saturate
 * @param leastScale the scales' lower bounds by index, for biases that must fit 32 bits
 */
export function quantiseWeight(
  values: Float32Array,
  shape: readonly number[],
  axis: number | undefined,
  bits: 7 | 8,
  leastScale?: (channel: number) => number,
): QuantisedWeight {
  const limit = bits === 8 ? 127 : 63;
  const channels = axis === undefined ? 1 : shape[axis]!;
  const inner = axis === undefined ? values.length : shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const largest = new Float32Array(channels);
  const blocks = values.length / inner;
  for (let block = 0; block < blocks; block++) {
    const channel = block % channels;
    let high = largest[channel]!;
    for (let index = block * inner; index < (block + 1) * inner; index++) {
      const size = Math.abs(values[index]!);
      if (size > high) high = size;
    }
    largest[channel] = high;
  }
  const scales = largest.map((size, channel) =>
    Math.max(size > 0 ? size / limit : 1 / limit, leastScale?.(channel) ?? 0, 2 ** -100),
  );
  const quantised = new Int8Array(values.length);
  for (let block = 0; block < blocks; block++) {
    const scale = scales[block % channels]!;
    for (let index = block * inner; index < (block + 1) * inner; index++)
      quantised[index] = Math.min(limit, Math.max(-limit, roundHalfEven(values[index]! / scale)));
  }
  return { values: quantised, scales };
}

/** Rounds as QuantizeLinear does: halves to the even neighbour. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
