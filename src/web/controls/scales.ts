/** Between a slider's whole steps and the quantity that it sets. */
export interface Scale {
  readonly steps: number;
  toValue(step: number): number;
  /** The nearest step; what lies beyond the slider's ends is at its end. */
  toStep(value: number): number;
}

const DIGITS = 3;
const rounded = (value: number) => Number(value.toPrecision(DIGITS));
const within = (step: number, steps: number) => Math.min(Math.max(Math.round(step), 0), steps);

/** Equal steps are equal ratios. */
export function logarithmic(low: number, high: number, steps: number): Scale {
  const decades = Math.log10(high / low);
  return {
    steps,
    toValue: (step) => rounded(low * 10 ** ((decades * step) / steps)),
    toStep: (value) => (value > 0 ? within((Math.log10(value / low) / decades) * steps, steps) : 0),
  };
}

/** The same with a zero before it. */
export function logarithmicFromZero(low: number, high: number, steps: number): Scale {
  const scale = logarithmic(low, high, steps - 1);
  return {
    steps,
    toValue: (step) => (step === 0 ? 0 : scale.toValue(step - 1)),
    toStep: (value) => (value < low / 2 ? 0 : 1 + scale.toStep(value)),
  };
}

/** Equal steps are equal differences. */
export function linear(low: number, high: number, steps: number): Scale {
  return {
    steps,
    toValue: (step) => rounded(low + ((high - low) * step) / steps),
    toStep: (value) => within(((value - low) / (high - low)) * steps, steps),
  };
}
