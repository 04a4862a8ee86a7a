import type { RandomStream } from "../random/index.ts";

/** Moments, from 0 on, of so many arrivals of a Poisson stream. @param rate arrivals per second */
export function poissonTimes(count: number, rate: number, random: RandomStream): number[] {
  const gaps = new Float64Array(count);
  random.fillExponential(gaps, 1 / rate);
  let at = 0;
  return Array.from(gaps, (gap) => {
    at += gap;
    return at;
  });
}
