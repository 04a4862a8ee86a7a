import type { Cut } from "../onnx/index.ts";

/** Shares of the model's work at which anchors are wanted: closer where segments are short, as there it matters most. */
const SHARES = [0.05, 0.2, 0.5, 0.8, 0.95];
/** Beyond so many bytes of weights there are fewer, as each session of an anchor's sides holds the whole's weights once more. */
const LARGE_BYTES = 300e6;
const SHARES_OF_LARGE = [0.2, 0.8];

/**
 * Cuts whose head and tail are measured whole. Kernels run a little faster in a short segment than in the whole model,
 * whose other kernels drive their weights and tensors out of the caches; anchors show by how much, and a prediction
 * interpolates between them.
 *
 * @param cuts all cuts of the model, by position
 * @param asked cuts that the profile is asked for; they are avoided as long as there are others
 * @param work of each step, in any unit
 */
export function chooseAnchors(
  cuts: readonly Cut[],
  asked: readonly Cut[],
  work: readonly number[],
  weightBytes: number,
): Cut[] {
  const total = work.reduce((sum, value) => sum + value, 0);
  const shareBefore = [0];
  for (const value of work) shareBefore.push(shareBefore.at(-1)! + value / total);
  const others = cuts.filter((cut) => !asked.includes(cut));
  const shares = isLarge(weightBytes) ? SHARES_OF_LARGE : SHARES;
  const candidates = others.length >= shares.length ? others : cuts;
  const chosen = new Set<Cut>();
  for (const share of shares) {
    let nearest: Cut | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const cut of candidates) {
      const distance = Math.abs(shareBefore[cut.position]! - share);
      if (distance < least && !chosen.has(cut)) {
        nearest = cut;
        least = distance;
      }
    }
    if (nearest) chosen.add(nearest);
  }
  return [...chosen].sort((a, b) => a.position - b.position);
}

/** Whether so many bytes of weights are better held a few times less. */
export function isLarge(weightBytes: number): boolean {
  return weightBytes > LARGE_BYTES;
}
