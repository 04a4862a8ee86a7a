import type { Profile } from "../../src/formats/profile.ts";
import { profileOf } from "../costmodel/profiles.ts";

/**
 * The profile of a deep network of so many kernels, a node and a cut each, with a tensor read three nodes further on from
 * every third: tensors shrink and kernels vary in a fixed pattern.
 */
export function largeProfile(kernels: number): Profile {
  const profile = profileOf({
    kernels: Array.from({ length: kernels }, (_, i) => ({ median_s: (50 + ((i * 37) % 101)) * 1e-6, spread_s: 1e-6 })),
    cuts: Array.from({ length: kernels - 1 }, (_, i) => ({
      elements: [Math.round(800_000 / 2 ** ((6 * i) / kernels)) + ((i * 7919) % 997)],
      boundary_s: ((i * 13) % 29) * 1e-6,
    })),
    weight_bytes: 100e6,
    inputElements: 150_528,
    outputElements: 1000,
    threads: 1,
    overhead_s: 1e-4,
  });
  return {
    ...profile,
    model: { ...profile.model, name: `deep-${kernels}` },
    edges: profile.cuts.map(({ tensors }, i) => ({
      tensor: tensors[0]!,
      producer: i,
      consumers: [i + 1, ...(i % 3 === 0 && i + 3 < kernels ? [i + 3] : [])],
    })),
  };
}
