/** Seconds in the unit that suits them, to three digits: "61.4 ms". */
export function duration(seconds: number): string {
  if (seconds === 0) return "0 ms";
  if (rounded(seconds, 3) >= 1) return `${digits(seconds)} s`;
  if (rounded(seconds, 3) >= 1e-3) return `${digits(seconds * 1e3)} ms`;
  return `${digits(seconds * 1e6)} µs`;
}

/** An interval of seconds, both ends in the unit of the upper one: "58.0–64.9 ms". */
export function interval(low: number, high: number): string {
  const upper = duration(high);
  const unit = upper.slice(upper.indexOf(" ") + 1);
  const scale = unit === "s" ? 1 : unit === "ms" ? 1e3 : 1e6;
  return `${digits(low * scale)}–${upper}`;
}

/** Bytes in decimal units, to three digits: "602 kB". */
export function byteSize(bytes: number): string {
  return prefixed(bytes, ["B", "kB", "MB", "GB", "TB"]);
}

/** Bits per second in decimal units, to three digits: "50 Mbit/s". */
export function bitRate(bitsPerSecond: number): string {
  return prefixed(bitsPerSecond, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]);
}

/** A ratio as a factor: "2.3×". */
export function factor(ratio: number): string {
  return `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)}×`;
}

/** A fraction as a percentage, to so many decimals, or else no finer than is useful: "42 %", "3.1 %". */
export function percent(fraction: number, decimals?: number): string {
  const value = fraction * 100;
  return `${value.toFixed(decimals ?? (Math.abs(value) < 10 ? 1 : 0))} %`;
}

/** A count with its noun, in the plural where there is not one: "3 cuts". */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** The number to so many significant digits: charts' data carry no digit that cannot be seen. */
export function rounded(value: number, significant = 4): number {
  return Number(value.toPrecision(significant));
}

function digits(value: number): string {
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(rounded(value, 3)));
  return value.toFixed(Math.min(Math.max(2 - magnitude, 0), 3));
}

function prefixed(value: number, units: readonly string[]): string {
  let step = 0;
  let scaled = value;
  while (rounded(scaled, 3) >= 1000 && step < units.length - 1) {
    scaled /= 1000;
    step++;
  }
  return `${rounded(scaled, 3)} ${units[step]}`;
}
