import { scaleLog } from "d3-scale";
import { line } from "d3-shape";
import type { Crossover as Data } from "../../costmodel/index.ts";
import {
  bitRate,
  type Crossing,
  capitalised,
  crossings,
  dodge,
  duration,
  envelope,
  linesByPlacement,
  logTicks,
  rounded,
} from "../../report/index.ts";
import { tierVariable } from "../colours.ts";
import { Select } from "../controls/choice.tsx";
import { linkName, pairs, type Scene } from "../scene.ts";
import { change, changeOne } from "../store.ts";
import { AxisX, AxisY, axisBandwidth, axisTime, type Tick } from "./axes.tsx";
import { Canvas, Figure, Still } from "./figure.tsx";

type Point = Data["points"][number];

/** Each placement's best over one link's bandwidth, and where another becomes the best. */
export function CrossoverChart({ scene, data }: { readonly scene: Scene; readonly data: Data }) {
  const links = pairs(scene.topology).map(linkName);
  return (
    <Figure
      id="crossover"
      title={`Best latency over the bandwidth of ${data.link.replace(">", " → ")}`}
      finding={findingOf(data)}
      note="Each placement at its best cut, both axes logarithmic; two colours where it is cut. Circles: another takes over. Drag in the chart to change the bandwidth."
      tools={
        links.length > 1 && (
          <Select
            label="Link"
            value={data.link}
            options={links.map((name) => ({ value: name, text: name.replace(">", " → ") }))}
            onChange={(name) => change({ sweep: name === links[0] ? null : name })}
          />
        )
      }
      table={() => ({
        head: ["bandwidth", "placement", "cut after", "latency", "fastest"],
        rows: data.points.map(({ bandwidth_bps, placement, cut, latency_s, best }) => [
          bitRate(bandwidth_bps),
          placement,
          cut ?? "–",
          duration(latency_s),
          best ? "yes" : "",
        ]),
      })}
    >
      {(width) => <Drawing scene={scene} data={data} width={width} />}
    </Figure>
  );
}

const CROSSING_LABEL_PX = 66;

/** Crossings with the row of their label below: one lower than that of a neighbour which is too near. */
function labelled(changes: readonly Crossing[], x: (bps: number) => number) {
  let previous = { at: Number.NEGATIVE_INFINITY, row: 0 };
  return changes.map((crossing) => {
    const at = x(crossing.bandwidth_bps);
    const row = at - previous.at < CROSSING_LABEL_PX ? (previous.row + 1) % 3 : 0;
    previous = { at, row };
    return { ...crossing, row };
  });
}

function findingOf({ points, link }: Data): string {
  const changes = crossings(points);
  const name = (placement: string) => (placement.includes(">") ? placement.replace(">", " → ") : `all on ${placement}`);
  if (changes.length === 0) {
    const always = envelope(points)[0];
    return always
      ? `${capitalised(name(always.placement))} is the fastest at every bandwidth of ${link}.`
      : "Nothing fits.";
  }
  if (changes.length > 3) return `The fastest placement changes ${changes.length} times.`;
  const steps = changes.map(({ below, bandwidth_bps }) => `${name(below)} up to ${bitRate(rounded(bandwidth_bps, 2))}`);
  return `${capitalised(steps.join(", then "))}, ${name(changes.at(-1)!.above)} above.`;
}

function Drawing({ scene, data, width }: { readonly scene: Scene; readonly data: Data; readonly width: number }) {
  const { links } = scene.topology;
  const narrow = width < 420;
  const [left, right, height] = [56, narrow ? 92 : 150, narrow ? 230 : 280];
  const plot = width - left - right;
  const bandwidths = data.points.map(({ bandwidth_bps }) => bandwidth_bps);
  const latencies = data.points.map(({ latency_s }) => latency_s);
  const domain: [number, number] = [Math.min(...bandwidths), Math.max(...bandwidths)];
  const least = Math.min(...latencies);
  const range: [number, number] = [least / 1.5, Math.min(Math.max(...latencies) * 1.1, least * 300)];
  const x = scaleLog(domain, [0, plot]);
  const y = scaleLog(range, [height, 0]).clamp(true);
  const link = links.find((candidate) => linkName(candidate) === data.link)!;
  const now = x(Math.min(Math.max(link.bandwidth_bps, domain[0]), domain[1]));
  const drag = (event: PointerEvent) => {
    if (event.type === "pointermove" && event.buttons === 0) return;
    const target = event.currentTarget as SVGElement;
    if (event.type === "pointerdown") target.setPointerCapture(event.pointerId);
    const at = Math.min(Math.max(event.clientX - target.getBoundingClientRect().left, 0), plot);
    changeOne("bandwidth_bps", data.link, rounded(x.invert(at), 3));
  };
  return (
    <Canvas width={width} height={height + 62} of="crossover">
      <g transform={`translate(${left},20)`}>
        <Still of={[data, width, scene.base]}>
          {() => <Lines {...{ scene, data, x, y, range, plot, height, narrow }} />}
        </Still>
        <g class="now">
          <line x1={now} x2={now} y2={height} />
          <text x={Math.min(Math.max(now, 40), plot - 40)} y={-6} text-anchor="middle">
            now {bitRate(link.bandwidth_bps)}
          </text>
        </g>
        <Still of={[data, width, scene.base]}>{() => <Crossings {...{ data, x, y }} />}</Still>
        <AxisX
          y={height}
          width={plot}
          title={`bandwidth of ${data.link.replace(">", " → ")}, bit/s, logarithmic`}
          ticks={logTicks(...domain, 8).map((tick): Tick => ({ at: x(tick), text: axisBandwidth(tick) }))}
        />
        {/* The bandwidth's slider does the same by keyboard. */}
        <rect class="hit drag" width={plot} height={height} onPointerDown={drag} onPointerMove={drag} />
      </g>
    </Canvas>
  );
}

interface LinesProps {
  readonly scene: Scene;
  readonly data: Data;
  readonly x: (bps: number) => number;
  readonly y: (seconds: number) => number;
  readonly range: readonly [number, number];
  readonly plot: number;
  readonly height: number;
  readonly narrow: boolean;
}

/** A line for each placement, labelled at its end. */
function Lines({ scene, data, x, y, range, plot, height, narrow }: LinesProps) {
  const { tiers } = scene.base;
  const lines = [...linesByPlacement(data.points)];
  const path = line<Point>(
    ({ bandwidth_bps }) => x(bandwidth_bps),
    ({ latency_s }) => y(latency_s),
  );
  const ends = lines.map(([, points]) => points.at(-1)!);
  const places = dodge(
    ends.map(({ latency_s }) => y(latency_s)),
    14,
    4,
    height - 4,
  );
  return (
    <>
      <AxisY width={plot} ticks={logTicks(...range, 9).map((tick): Tick => ({ at: y(tick), text: axisTime(tick) }))} />
      <path class="envelope" d={path(envelope(data.points) as Point[]) ?? ""} />
      {lines.map(([placement, points]) => {
        const [head, tail = head] = placement.split(">") as [string, string?];
        const d = path(points as Point[]) ?? "";
        return (
          <g key={placement} class="line">
            <path d={d} style={{ stroke: tierVariable(tiers, tail!) }} />
            {head !== tail && <path class="dashes" d={d} style={{ stroke: tierVariable(tiers, head) }} />}
          </g>
        );
      })}
      {ends.map(({ placement, latency_s }, i) => (
        <text
          key={placement}
          class="end"
          x={plot + 8}
          y={places[i]! + 4}
          style={{ fill: tierVariable(tiers, placement.split(">").at(-1)!, "-ink") }}
        >
          {placement.replace(">", " → ")}
          {narrow ? "" : ` ${duration(latency_s)}`}
        </text>
      ))}
    </>
  );
}

/** Where another placement takes over. */
function Crossings({ data, x, y }: Pick<LinesProps, "data" | "x" | "y">) {
  return (
    <>
      {labelled(crossings(data.points), x).map(({ bandwidth_bps, latency_s, below, above, row }) => (
        <g key={`${below} ${above} ${bandwidth_bps}`} class="crossing">
          <circle cx={x(bandwidth_bps)} cy={y(latency_s)} r={5} />
          <text x={x(bandwidth_bps)} y={y(latency_s) + 18 + 14 * row} text-anchor="middle">
            {bitRate(rounded(bandwidth_bps, 2))}
          </text>
        </g>
      ))}
    </>
  );
}
