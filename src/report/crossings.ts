import type { Crossover } from "./data.ts";

type Point = Crossover["points"][number];

/** A bandwidth at which another placement becomes the fastest. */
export interface Crossing {
  bandwidth_bps: number;
  latency_s: number;
  /** The placement that is fastest below this bandwidth. */
  below: string;
  /** The placement that is fastest above it. */
  above: string;
}

/** The points by placement, each in the order of bandwidth. */
export function linesByPlacement(points: readonly Point[]): Map<string, Point[]> {
  const lines = new Map<string, Point[]>();
  for (const point of points) {
    const line = lines.get(point.placement);
    if (line === undefined) lines.set(point.placement, [point]);
    else line.push(point);
  }
  for (const line of lines.values()) line.sort((a, b) => a.bandwidth_bps - b.bandwidth_bps);
  return lines;
}

/** The fastest point at each bandwidth. Of equals, a placement that already was the fastest stays so. */
export function envelope(points: readonly Point[]): Point[] {
  const byBandwidth = new Map<number, Point[]>();
  for (const point of points) {
    const others = byBandwidth.get(point.bandwidth_bps);
    if (others === undefined) byBandwidth.set(point.bandwidth_bps, [point]);
    else others.push(point);
  }
  const fastest: Point[] = [];
  for (const bandwidth of [...byBandwidth.keys()].sort((a, b) => a - b)) {
    const here = byBandwidth.get(bandwidth)!;
    const least = Math.min(...here.map(({ latency_s }) => latency_s));
    const equals = here.filter(({ latency_s }) => latency_s <= least * (1 + 1e-9));
    const previous = fastest.at(-1)?.placement;
    fastest.push(equals.find(({ placement }) => placement === previous) ?? equals[0]!);
  }
  return fastest;
}

/**
 * Where the fastest placement changes. Between two sampled bandwidths latencies are taken as straight on logarithmic
 * axes, which is how the chart draws them.
 */
export function crossings(points: readonly Point[]): Crossing[] {
  const fastest = envelope(points);
  const at = new Map(points.map((point) => [`${point.bandwidth_bps} ${point.placement}`, point.latency_s]));
  return fastest.slice(1).flatMap((right, index) => {
    const left = fastest[index]!;
    if (left.placement === right.placement) return [];
    const leftThen = at.get(`${right.bandwidth_bps} ${left.placement}`) ?? right.latency_s;
    const rightBefore = at.get(`${left.bandwidth_bps} ${right.placement}`) ?? left.latency_s;
    const gapBefore = Math.log(rightBefore / left.latency_s);
    const gapAfter = Math.log(leftThen / right.latency_s);
    const share = gapBefore + gapAfter > 0 ? gapBefore / (gapBefore + gapAfter) : 0.5;
    const between = (from: number, to: number) => Math.exp(Math.log(from) * (1 - share) + Math.log(to) * share);
    return [
      {
        bandwidth_bps: between(left.bandwidth_bps, right.bandwidth_bps),
        latency_s: between(left.latency_s, leftThen),
        below: left.placement,
        above: right.placement,
      },
    ];
  });
}
