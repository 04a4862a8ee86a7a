/**
 * A duration for people: three significant digits with the unit that keeps them readable, `12.3 ms`.
 *
 * @param seconds finite; negative for differences
 */
export function formatDuration(seconds: number): string {
  return scaled(seconds, [
    [1e-9, "ns"],
    [1e-6, "µs"],
    [1e-3, "ms"],
    [1, "s"],
  ]);
}

/** A size for people in decimal units: `4.7 MB`. */
export function formatSize(bytes: number): string {
  return scaled(bytes, [
    [1, "B"],
    [1e3, "kB"],
    [1e6, "MB"],
    [1e9, "GB"],
    [1e12, "TB"],
  ]);
}

/** A bandwidth for people: `50 Mbit/s`. */
export function formatBandwidth(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, [
    [1, "bit/s"],
    [1e3, "kbit/s"],
    [1e6, "Mbit/s"],
    [1e9, "Gbit/s"],
    [1e12, "Tbit/s"],
  ]);
}

/** Rounds before it chooses the unit, so that 999.9 ms reads `1 s` and not `1000 ms`. */
function scaled(value: number, units: readonly (readonly [size: number, name: string])[]): string {
  const rounded = Math.abs(value) < 1000 * units.at(-1)![0] ? Number(value.toPrecision(3)) : Math.round(value);
  const [size, name] = units.findLast(([least]) => Math.abs(rounded) >= least * (1 - 1e-9)) ?? units[0]!;
  if (rounded === 0) return `0 ${units.find(([least]) => least === 1)![1]}`;
  // Dividing by a power of ten leaves dust in the last digits of the double; six digits are below the dust.
  return `${Number((rounded / size).toPrecision(Math.abs(rounded / size) >= 1000 ? 12 : 6))} ${name}`;
}
