import { rounded } from "./format.ts";
import type { Position } from "./layers.ts";

/** An axis of numbers above 0, and where they lie on it. */
export interface Scale {
  /** Its scale and its axis, for an encoding. */
  position: Omit<Position, "field">;
  log: boolean;
  /** The value at its low end. */
  from: number;
  /** The pixel of a value, from the low end. */
  at: (value: number) => number;
}

export interface ScaleOptions {
  title: string;
  /** Pixels from end to end. */
  length: number;
  ticks: number;
  /** Values that differ by more than so many times are drawn on a logarithmic axis. */
  linearUpTo: number;
  /** Values that must have a place on the axis, too, but do not say which one it is. */
  also?: readonly number[];
  /** Whether a linear axis begins at 0 even where all values are far from it. Lengths must; places need not. */
  fromZero?: boolean;
}

/** A linear axis, or a logarithmic one where the small values would lie on one another. */
export function scaleOf(values: readonly number[], options: ScaleOptions): Scale {
  const { title, length, ticks, linearUpTo, also = [], fromZero = true } = options;
  const log = Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > linearUpTo;
  const all = [...values, ...also.filter((value) => !log || value > 0)];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  // Values that all but agree still need an axis of some width, in the digits that it is written with.
  const pad = Math.max((most - least) * 0.15, most * 0.02);
  const from = fromZero || least < most / 2 ? 0 : least - pad;
  const [left, right] = log
    ? [rounded(least / 1.25), rounded(most * 1.25)]
    : [rounded(Math.max(from, 0)), rounded(from === 0 ? most * 1.06 : most + pad) || 1];
  return {
    log,
    from: left,
    position: {
      type: "quantitative",
      scale: { type: log ? "log" : "linear", domain: [left, right], nice: false, ...(log ? {} : { zero: false }) },
      axis: {
        title: log ? `${title}, logarithmic` : title,
        ...(log ? { values: logTicks(left, right, ticks) } : { tickCount: ticks }),
        labelExpr: "format(datum.value, ',~g')",
      },
    },
    at: (value) => length * (log ? Math.log(value / left) / Math.log(right / left) : (value - left) / (right - left)),
  };
}

/** Ticks of a logarithmic axis: 1, 2 and 5 times powers of ten while these are at most `most`, else the powers alone. */
export function logTicks(low: number, high: number, most: number): number[] {
  const fine = ticksAt([1, 2, 5], low, high);
  return fine.length <= most ? fine : ticksAt([1], low, high);
}

/** Milliseconds on an axis, in seconds from 1,000 on. */
export const MS_OR_S =
  "datum.value >= 1000 ? format(datum.value / 1000, '~g') + ' s' : format(datum.value, '~g') + ' ms'";

function ticksAt(steps: readonly number[], low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const step of steps) {
      const tick = Number(`${step}e${power}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}
