import { scaleLinear } from "d3-scale";
import { byteSize, dodge, duration, percent } from "../../report/index.ts";
import { tierVariable } from "../colours.ts";
import type { Front, FrontPoint } from "../engine/index.ts";
import type { Scene } from "../scene.ts";
import { cutName } from "../words.ts";
import { AxisX, AxisY, axisTime } from "./axes.tsx";
import { Canvas, Figure } from "./figure.tsx";

const MOST_LABELS = 6;
/** Latencies beyond so many times the least are left out of the drawing. */
const LONGEST = 5;

/** What can be had for what: accuracy against latency, or bytes sent where accuracies are not known. */
export function FrontChart({ scene, front }: { readonly scene: Scene; readonly front: Front }) {
  const efficient = front.points.filter((point) => point.efficient);
  const written = (value: number) => (front.against === "accuracy" ? percent(value) : byteSize(value));
  const [first, last] = [efficient[0], efficient.at(-1)];
  const ways = efficient.length === 1 ? "One way beats" : `${efficient.length} ways beat`;
  return (
    <Figure
      id="front"
      title={front.against === "accuracy" ? "Accuracy against latency" : "Bytes sent against latency"}
      finding={
        first && last
          ? `${ways} all others in something: from ${duration(first.latency_s)} with ${written(first.other)} to ${duration(last.latency_s)} with ${written(last.other)}.`
          : "Nothing fits in the tiers' memory."
      }
      note={
        front.against === "accuracy"
          ? "Every variant whose accuracy is known, on every placement at its best cut. The line joins what nothing beats in both (Pareto front)."
          : "Accuracies of two variants are not known: enter them, and this chart shows accuracy. Every variant, placement and cut; the line joins what nothing beats in both (Pareto front)."
      }
      table={() => ({
        head: ["operator", "placement", "cut after", "latency", front.against === "accuracy" ? "accuracy" : "sent"],
        rows: efficient.map(({ operator, placement, cut, latency_s, other }) => [
          operator,
          placement,
          cut ?? "–",
          duration(latency_s),
          written(other),
        ]),
      })}
    >
      {(width) => <Drawing {...{ scene, front, efficient, written, width }} />}
    </Figure>
  );
}

interface DrawingProps {
  readonly scene: Scene;
  readonly front: Front;
  readonly efficient: readonly FrontPoint[];
  readonly written: (value: number) => string;
  readonly width: number;
}

function Drawing({ scene, front, efficient, written, width }: DrawingProps) {
  const { tiers } = scene.topology;
  const [left, right, height] = [62, 18, 230];
  const plot = width - left - right;
  const least = efficient[0]?.latency_s ?? 1;
  const top = Math.max(LONGEST * least, (efficient.at(-1)?.latency_s ?? 0) * 1.15);
  const points = front.points.filter(({ latency_s }) => latency_s <= top);
  const others = points.map(({ other }) => other);
  const [low, high] = [Math.min(...others), Math.max(...others)];
  const margin = (high - low) * 0.12 || high * 0.05 || 1;
  const domain: [number, number] =
    front.against === "bytes" ? [0, high * 1.08 || 1] : [Math.max(0, low - margin), Math.min(1, high + margin)];
  const x = scaleLinear([0, top], [0, plot]);
  const y = scaleLinear(domain, [height, 0]);
  const labelled = spread(efficient, MOST_LABELS);
  const places = dodge(
    labelled.map(({ other }) => y(other)),
    15,
    8,
    height - 6,
  );
  const steps = efficient.map(({ latency_s, other }, i) =>
    i === 0 ? `M${x(latency_s)},${y(other)}` : `H${x(latency_s)}V${y(other)}`,
  );
  return (
    <Canvas width={width} height={height + 62} of="front">
      <g transform={`translate(${left},18)`}>
        <AxisY width={plot} ticks={y.ticks(5).map((tick) => ({ at: y(tick), text: written(tick) }))} />
        {tiers.map(({ name }) => (
          <path
            key={name}
            class="cloud"
            style={{ stroke: tierVariable(tiers, name) }}
            d={dots(
              points.filter(({ placement }) => placement.split(">").at(-1) === name),
              x,
              y,
            )}
          />
        ))}
        <path class="front" d={`${steps.join("")}H${plot}`} />
        {efficient.map((point) => (
          <circle
            key={nameOf(point)}
            class="efficient"
            cx={x(point.latency_s)}
            cy={y(point.other)}
            r={4}
            style={{ fill: tierVariable(tiers, point.placement.split(">").at(-1)!) }}
          >
            <title>{`${nameOf(point)}: ${duration(point.latency_s)}, ${written(point.other)}`}</title>
          </circle>
        ))}
        {labelled.map((point, i) => {
          const at = x(point.latency_s);
          const onLeft = at > plot * 0.62;
          return (
            <text
              key={nameOf(point)}
              class="halo"
              x={onLeft ? at - 9 : at + 9}
              y={places[i]! - 3}
              text-anchor={onLeft ? "end" : "start"}
            >
              {nameOf(point)}
            </text>
          );
        })}
        <AxisX
          y={height}
          width={plot}
          title="latency of one request"
          ticks={x.ticks(width < 420 ? 4 : 7).map((tick) => ({ at: x(tick), text: axisTime(tick) }))}
        />
      </g>
    </Canvas>
  );
}

function nameOf({ operator, placement, cut }: FrontPoint): string {
  return `${operator} ${placement.replace(">", " → ")}${cut === null ? "" : `, ${cutName(cut)}`}`;
}

/** Points as one path of round line ends. Of points on one pixel one is drawn. */
function dots(points: readonly FrontPoint[], x: (value: number) => number, y: (value: number) => number): string {
  const places = new Set(
    points.map(({ latency_s, other }) => `M${Math.round(x(latency_s))},${Math.round(y(other))}h0`),
  );
  return [...places].join("");
}

/** So many of the items, both ends among them. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const chosen = Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
  return [...new Set(chosen)];
}
