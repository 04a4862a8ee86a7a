import type { Profile } from "../../src/formats/profile.ts";
import { deepChain, profileOf } from "../costmodel/profiles.ts";

/**
 * The profile of a deep network of so many kernels, a node and a cut each, with a tensor read three nodes further on from
 * every third.
 */
export function largeProfile(kernels: number): Profile {
  const profile = profileOf(deepChain(kernels));
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
