/** A tick: where in pixels, and what it says. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

const DIGIT_PX = 6.4;
const GAP_PX = 8;

/** The ticks whose texts do not run into one another, from the left. */
function apart(ticks: readonly Tick[], width: number): Tick[] {
  let end = Number.NEGATIVE_INFINITY;
  return ticks.filter(({ at, text }) => {
    const wide = text.length * DIGIT_PX;
    const left = at < 8 ? at : at > width - 8 ? at - wide : at - wide / 2;
    if (left < end + GAP_PX) return false;
    end = left + wide;
    return true;
  });
}

/** Horizontal axis below a plot. */
export function AxisX({ ticks, y, width, title }: { ticks: readonly Tick[]; y: number; width: number; title: string }) {
  return (
    <g class="axis">
      {apart(ticks, width).map(({ at, text }) => (
        <g key={text} transform={`translate(${at},${y})`}>
          <line y2={4} />
          <text y={16} text-anchor={at < 8 ? "start" : at > width - 8 ? "end" : "middle"}>
            {text}
          </text>
        </g>
      ))}
      <text class="axis-title" x={width} y={y + 33} text-anchor="end">
        {title}
      </text>
    </g>
  );
}

/** Vertical axis: grid lines over the plot with their values before them. */
export function AxisY({ ticks, width }: { ticks: readonly Tick[]; width: number }) {
  return (
    <g class="axis">
      {ticks.map(({ at, text }) => (
        <g key={text} transform={`translate(0,${at})`}>
          <line class="grid" x2={width} />
          <text x={-7} dy="0.34em" text-anchor="end">
            {text}
          </text>
        </g>
      ))}
    </g>
  );
}

/** A time on an axis: without needless digits. */
export function axisTime(seconds: number): string {
  if (seconds === 0) return "0";
  const [value, unit] = seconds >= 1 ? [seconds, "s"] : seconds >= 1e-3 ? [seconds * 1e3, "ms"] : [seconds * 1e6, "µs"];
  return `${Number(value.toPrecision(4))} ${unit}`;
}

/** A bandwidth on an axis whose title says bit/s: "50 M". */
export function axisBandwidth(bps: number): string {
  const [value, prefix] = bps >= 1e9 ? [bps / 1e9, "G"] : bps >= 1e6 ? [bps / 1e6, "M"] : [bps / 1e3, "k"];
  return `${Number(value.toPrecision(3))} ${prefix}`;
}
