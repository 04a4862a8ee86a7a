import { Problem } from "../formats/problem.ts";
import type { Sweep, SweepAxis } from "../formats/sweep.ts";
import type { Input } from "./engine.ts";
import { fieldOf, OPERATOR } from "./paths.ts";
import { numberField, rawAmount, requireAmount } from "./values.ts";
import type { Documents } from "./world.ts";

/** An input of a sweep, with the scale on which a range is walked. */
export interface Axis extends Input {
  readonly scale: "linear" | "log";
  /** Values of a grid. */
  readonly steps: number;
  /** What each value of a list is in the results: a number in SI units, or a text. */
  readonly labels: readonly (number | string)[] | null;
}

/** The most whole numbers that a range of them may hold. */
const MOST_WHOLE = 10_000;

/**
 * What a sweep's axes mean in a world.
 *
 * @throws Problem when a path is unknown, or a value is of the wrong kind
 */
export function axesOf(documents: Documents, axes: Sweep["axes"], file: string): Axis[] {
  return Object.entries(axes).map(([path, axis]) => axisOf(documents, path, axis, `${file}: axes.${path}`));
}

function axisOf(documents: Documents, path: string, axis: SweepAxis, what: string): Axis {
  const field = path === OPERATOR ? undefined : fieldOf(documents, path);
  const list = (values: readonly unknown[]): Axis => ({
    path,
    values,
    from: 0,
    to: values.length,
    raw: (value) => value,
    scale: "linear",
    steps: values.length,
    labels: labelsOf(values, (value) => (field && numberField(field) ? requireAmount(field, value, what) : undefined)),
  });
  if (Array.isArray(axis)) return list(axis);
  const number = field && numberField(field, axis.from);
  if (!field || !number) throw new Problem(`${what}: is no number, so that there is no range of it; list its values`);
  const [from, to] = [requireAmount(field, axis.from, `${what}.from`), requireAmount(field, axis.to, `${what}.to`)];
  const other = numberField(field, axis.to);
  if (other?.kind !== number.kind) throw new Problem(`${what}: its ends are of different kinds`);
  if (!(to > from)) throw new Problem(`${what}: "to" must be above "from"`);
  if (axis.scale === "log" && from <= 0) throw new Problem(`${what}: a logarithmic scale begins above 0`);
  const { scale, steps = 0 } = axis;
  if (number.integer) {
    const whole = Array.from({ length: steps }, (_, i) => Math.round(between(from, to, scale, i / (steps - 1))));
    if (steps > 0) return list([...new Set(whole)]);
    if (to - from >= MOST_WHOLE) throw new Problem(`${what}: more than ${MOST_WHOLE} whole numbers; give steps`);
    return list(Array.from({ length: Math.floor(to) - Math.ceil(from) + 1 }, (_, i) => Math.ceil(from) + i));
  }
  const raw = (amount: number) => rawAmount(field, number.kind, amount);
  return { path, values: null, from, to, raw, scale, steps, labels: null };
}

/** Numbers where all are; the field's present value reads as nothing else. */
function labelsOf(values: readonly unknown[], amount: (value: unknown) => number | undefined): (number | string)[] {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  if (values.some((value) => value === null || typeof value === "object")) return values.map(text);
  const amounts = values.map(amount);
  return amounts.every((value) => value !== undefined) ? amounts : values.map(text);
}

/** The number at a share of the way from one end to the other; exactly the ends at 0 and 1. */
export function between(from: number, to: number, scale: "linear" | "log", share: number): number {
  if (share <= 0) return from;
  if (share >= 1) return to;
  const value = scale === "log" ? from * Math.exp(share * Math.log(to / from)) : from + share * (to - from);
  return Math.min(to, Math.max(from, value));
}
