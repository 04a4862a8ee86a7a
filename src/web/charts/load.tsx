import { type ScaleLinear, scaleLinear } from "d3-scale";
import { area, line } from "d3-shape";
import { dodge, duration, percent, rounded } from "../../report/index.ts";
import type { LoadPoint, LoadStudy } from "../engine/index.ts";
import type { Scene } from "../scene.ts";
import { change } from "../store.ts";
import { loadOf, stationName } from "../words.ts";
import { AxisX, AxisY, axisTime } from "./axes.tsx";
import { Canvas, Figure, Still } from "./figure.tsx";

const PERCENTILES = [
  { key: "p99_s", text: "99 %" },
  { key: "p95_s", text: "95 %" },
  { key: "p50_s", text: "half" },
] as const;

/** From this width on, the stations stand beside the drawing. */
const BESIDE = 720;
const STATIONS = 300;

/** Latency over the rate of requests, simulated, and how full each station is. */
export function LoadChart({ scene, load }: { readonly scene: Scene; readonly load: LoadStudy }) {
  return (
    <Figure
      id="load"
      title={`Latency under load, half, 95 % and 99 % of requests: ${load.placement.replace(">", " → ")}`}
      finding={loadOf(scene, load)}
      note={
        "Simulated: Poisson arrivals, first come, first served; inference varies as the profile's samples do. " +
        (scene.one_device
          ? `All requests share one ${scene.topology.enters} device. `
          : `Each request has a ${scene.topology.enters} device of its own. `) +
        "Drag in the chart to change the rate."
      }
      table={() => ({
        head: ["requests per second", "median", "95 %", "99 %"],
        rows: load.points.map(({ rate, p50_s, p95_s, p99_s }) => [
          String(rounded(rate, 3)),
          duration(p50_s),
          duration(p95_s),
          duration(p99_s),
        ]),
      })}
    >
      {(width) => (
        <div class="beside">
          <Drawing scene={scene} load={load} width={width >= BESIDE ? width - STATIONS - 24 : width} />
          <Stations load={load} />
        </div>
      )}
    </Figure>
  );
}

function Drawing({ scene, load, width }: { readonly scene: Scene; readonly load: LoadStudy; readonly width: number }) {
  const narrow = width < 420;
  const [left, right, height] = [56, 48, 210];
  const plot = width - left - right;
  const { points, capacity, now } = load;
  const end = capacity === null ? points.at(-1)!.rate * 1.02 : capacity * 1.06;
  const x = scaleLinear([0, end], [0, plot]);
  const calm = points[0]!;
  const top = Math.min(Math.max(...points.map(({ p99_s }) => p99_s)) * 1.05, 8 * calm.p50_s);
  const y = scaleLinear([0, top], [height, 0]);
  const at = Math.min(x(scene.rate), plot);
  const drag = (event: PointerEvent) => {
    if (event.type === "pointermove" && event.buttons === 0) return;
    const target = event.currentTarget as SVGElement;
    if (event.type === "pointerdown") target.setPointerCapture(event.pointerId);
    const rate = x.invert(Math.min(Math.max(event.clientX - target.getBoundingClientRect().left, 1), plot));
    change({ rate: rounded(rate, 3) });
  };
  return (
    <Canvas width={width} height={height + 62} of="load">
      <g transform={`translate(${left},20)`}>
        <Still of={[load, width]}>{() => <Curves {...{ load, x, y, plot, height }} />}</Still>
        <g class="now">
          <line x1={at} x2={at} y2={height} />
          <text x={Math.min(Math.max(at, 34), plot - 34)} y={-6} text-anchor="middle">
            {x(scene.rate) > plot ? `now ${rounded(scene.rate, 3)}/s →` : `now ${rounded(scene.rate, 3)}/s`}
          </text>
          {now && <NowLabels {...{ now, at, y, top, plot, height }} />}
        </g>
        <AxisX
          y={height}
          width={plot}
          title="requests per second"
          ticks={x.ticks(narrow ? 4 : 7).map((tick) => ({ at: x(tick), text: String(tick) }))}
        />
        {/* The rate's slider does the same by keyboard. */}
        <rect class="hit drag" width={plot} height={height} onPointerDown={drag} onPointerMove={drag} />
      </g>
    </Canvas>
  );
}

interface CurvesProps {
  readonly load: LoadStudy;
  readonly x: (rate: number) => number;
  readonly y: ScaleLinear<number, number>;
  readonly plot: number;
  readonly height: number;
}

/** The percentiles over the rate, and where it ends. */
function Curves({ load: { points, capacity, bottleneck }, x, y, plot, height }: CurvesProps) {
  const curve = (key: (typeof PERCENTILES)[number]["key"]) =>
    line<LoadPoint>(
      ({ rate }) => x(rate),
      (point) => y(point[key]),
    )(points as LoadPoint[]) ?? "";
  const band =
    area<LoadPoint>(
      ({ rate }) => x(rate),
      ({ p50_s }) => y(p50_s),
      ({ p99_s }) => y(p99_s),
    )(points as LoadPoint[]) ?? "";
  const last = points.at(-1)!;
  const places = dodge(
    PERCENTILES.map(({ key }) => Math.max(y(last[key]), 0)),
    14,
    6,
    height - 4,
  );
  return (
    <>
      <AxisY width={plot} ticks={y.ticks(5).map((tick) => ({ at: y(tick), text: axisTime(tick) }))} />
      <clipPath id="load-clip">
        <rect width={plot} height={height} />
      </clipPath>
      <g clip-path="url(#load-clip)">
        <path class="band" d={band} />
        {PERCENTILES.map(({ key }) => (
          <path key={key} class={`percentile ${key}`} d={curve(key)} />
        ))}
      </g>
      {PERCENTILES.map(({ key, text }, i) => (
        <text key={key} class="end" x={plot + 8} y={places[i]! + 4}>
          {text}
        </text>
      ))}
      {capacity !== null && (
        <g class="capacity">
          <line x1={x(capacity)} x2={x(capacity)} y2={height} />
          <text x={x(capacity) - 4} y={height - 6} text-anchor="end">
            {stationName(bottleneck!)} full at {rounded(capacity, 3)}/s
          </text>
        </g>
      )}
    </>
  );
}

interface NowProps {
  readonly now: LoadPoint;
  readonly at: number;
  readonly y: (seconds: number) => number;
  readonly top: number;
  readonly plot: number;
  readonly height: number;
}

/** What is read off the curves at the present rate. */
function NowLabels({ now, at, y, top, plot, height }: NowProps) {
  const seen = PERCENTILES.filter(({ key }) => now[key] <= top);
  const places = dodge(
    seen.map(({ key }) => y(now[key])),
    13,
    4,
    height - 4,
  );
  const onLeft = at > plot * 0.8;
  return (
    <g>
      {seen.map(({ key }, i) => (
        <g key={key}>
          <circle cx={at} cy={y(now[key])} r={3.4} />
          <text class="halo" x={onLeft ? at - 8 : at + 8} y={places[i]! + 4} text-anchor={onLeft ? "end" : "start"}>
            {duration(now[key])}
          </text>
        </g>
      ))}
    </g>
  );
}

/** How much of each station the present rate asks for. */
function Stations({ load: { loads } }: { readonly load: LoadStudy }) {
  return (
    <ul class="stations" aria-label="How full each station is">
      {loads.map(({ station, share }) => (
        <li key={station} class={share >= 1 ? "full" : ""}>
          <span>{stationName(station)}</span>
          <span class="gauge" aria-hidden="true">
            <span style={{ width: `${Math.min(share, 1) * 100}%` }} />
          </span>
          <b>{percent(share)}</b>
        </li>
      ))}
    </ul>
  );
}
