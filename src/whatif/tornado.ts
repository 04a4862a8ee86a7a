import { factsOf } from "./facts.ts";
import type { Expression } from "./goal.ts";
import type { LoadOptions } from "./outcome.ts";
import { type Field, isWritten, knownPaths, read } from "./paths.ts";
import { amountOf, formatAmount, numberField, rawAmount } from "./values.ts";
import { type Documents, setPath } from "./world.ts";

/** What one input does to the figure, alone. */
export interface TornadoBar {
  readonly path: string;
  /** The input's present value, and its two others, as people write them. */
  readonly value: string;
  readonly low: string;
  readonly high: string;
  /** The figure at the input's low and high value. */
  readonly at_low: number;
  readonly at_high: number;
  /** By how much the figure differs between them. */
  readonly swing: number;
}

export interface Tornado {
  readonly outcome: string;
  readonly share: number;
  readonly value: number;
  /** The widest first. Inputs that change nothing are left out. */
  readonly bars: readonly TornadoBar[];
  /** How many inputs were looked at. */
  readonly inputs: number;
}

/**
 * Changes every numeric input by a share, down and up, one at a time, and ranks them by what that does to a figure. Inputs
 * are all numbers that the documents say, and the kernels' times, whose low and high ends are those of their 95 %
 * intervals. Whole numbers change by the share, rounded away from the present one.
 *
 * @param share above 0 and below 1
 */
export function tornado(documents: Documents, figure: Expression, share: number, load: LoadOptions): Tornado {
  const figureOf = (world: Documents) => Number(figure.evaluate(factsOf(world, load)));
  const now = factsOf(documents, load);
  const value = Number(figure.evaluate(now));
  const inputs = knownPaths(documents).flatMap((field) => {
    const input = inputOf(documents, field);
    return input && (figure.needsLoad || field.document === "topology") ? [{ ...input, path: field.path }] : [];
  });
  const bars = inputs.map(({ path, amount, kind, integer, raw }): TornadoBar => {
    const [low, high] = integer
      ? [Math.max(1, Math.floor(amount * (1 - share))), Math.ceil(amount * (1 + share))]
      : [amount * (1 - share), amount * (1 + share)];
    const at_low = figureOf(setPath(documents, path, raw(low)));
    const at_high = figureOf(setPath(documents, path, raw(high)));
    const text = (number: number) => formatAmount(kind, number);
    return {
      path,
      value: text(amount),
      low: text(low),
      high: text(high),
      at_low,
      at_high,
      swing: Math.abs(at_high - at_low),
    };
  });
  if (figure.text === "latency_s") {
    const { low_s, high_s } = now.outcome;
    bars.push({
      path: "profile",
      value: "medians",
      low: "low ends",
      high: "high ends",
      at_low: low_s,
      at_high: high_s,
      swing: high_s - low_s,
    });
  }
  return {
    outcome: figure.text,
    share,
    value,
    bars: bars.filter(({ swing }) => swing > 0).sort((a, b) => b.swing - a.swing),
    inputs: bars.length,
  };
}

/** Numbers that are there and not 0. A thread count is none: it needs a profile of its own. */
function inputOf(documents: Documents, field: Field) {
  if (!isWritten(documents, field)) return undefined;
  const written = read(documents, field);
  const amount = amountOf(field, written);
  const number = numberField(field, written);
  if (!number || amount === undefined || amount <= 0 || field.path.endsWith(".threads")) return undefined;
  if (["requests", "precision"].includes(field.path)) return undefined;
  return {
    amount,
    kind: number.kind,
    integer: number.integer,
    raw: (value: number) => rawAmount(field, number.kind, value),
  };
}
