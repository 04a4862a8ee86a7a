import { scaleLinear } from "d3-scale";
import { byteSize, dodge, duration, shorten } from "../../report/index.ts";
import { tierVariable } from "../colours.ts";
import type { Front, FrontPoint } from "../engine/index.ts";
import type { Scene } from "../scene.ts";
import { cutName } from "../words.ts";
import { AxisX, AxisY, axisTime } from "./axes.tsx";
import { Canvas, Figure, Still } from "./figure.tsx";

const MOST_LABELS = 6;
const LETTER_PX = 6.3;
const TEXT_SIZE = 11;
/** Latencies beyond so many times the least are left out of the drawing. */
const LONGEST = 3.5;

/** What can be had for what: accuracy against latency, or bytes sent where accuracies are not known. */
export function FrontChart({ scene, front }: { readonly scene: Scene; readonly front: Front }) {
  const { efficient } = front;
  const written = (value: number) => (front.against === "accuracy" ? share(value) : byteSize(value));
  const [first, last] = [efficient[0], efficient.at(-1)];
  return (
    <Figure
      id="front"
      title={front.against === "accuracy" ? "Accuracy against latency" : "Bytes sent against latency"}
      finding={first && last ? findingOf(first, last, written) : "Nothing fits in the tiers' memory."}
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
      {(width) => (
        <Still of={[front, width, scene.base, scene.floor]}>
          {() => <Drawing {...{ scene, front, efficient, written, width }} />}
        </Still>
      )}
    </Figure>
  );
}

function findingOf(first: FrontPoint, last: FrontPoint, written: (value: number) => string): string {
  const ends = [first, last].map(({ latency_s, other }) => `${duration(latency_s)} with ${written(other)}`);
  return first === last
    ? `One choice is best in both: ${ends[0]}.`
    : `The choice is between ${ends[0]} and ${ends[1]}.`;
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
  const near = front.points.filter(({ latency_s }) => latency_s <= top);
  const others = near.map(({ other }) => other);
  const [low, high] = [Math.min(...others), Math.max(...others)];
  const margin = (high - low) * 0.12 || high * 0.05 || 1;
  // Far above the front there is nothing that anyone would choose.
  const worth = Math.max(...efficient.map(({ other }) => other)) * 4 || high || 1;
  const domain: [number, number] =
    front.against === "bytes"
      ? [0, Math.min(high * 1.08 || 1, worth)]
      : [Math.max(0, low - margin), Math.min(1, high + margin)];
  const points = near.filter(({ other }) => other <= domain[1]);
  const x = scaleLinear([0, top], [0, plot]);
  const y = scaleLinear(domain, [height, 0]);
  const alone = scene.variants.length === 1;
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
        {front.against === "accuracy" &&
          scene.floor !== null &&
          scene.floor >= domain[0] &&
          scene.floor <= domain[1] && (
            <g class="capacity">
              <line x2={plot} y1={y(scene.floor)} y2={y(scene.floor)} />
              <text x={plot} y={y(scene.floor) - 5} text-anchor="end">
                floor {share(scene.floor)}
              </text>
            </g>
          )}
        {tiers.map(({ name }) => (
          <path
            key={name}
            class={front.against === "accuracy" ? "cloud few" : "cloud"}
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
          const name = alone ? nameOf(point).slice(point.operator.length + 1) : nameOf(point);
          const onLeft = at + name.length * LETTER_PX > plot && at > plot / 2;
          const text = shorten(name, (onLeft ? at : plot - at) - 12, TEXT_SIZE);
          return (
            <text
              key={nameOf(point)}
              class="halo"
              x={onLeft ? at - 9 : at + 9}
              y={places[i]! - 3}
              text-anchor={onLeft ? "end" : "start"}
            >
              {text}
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

/** An accuracy: models differ by tenths of a per cent. */
function share(value: number): string {
  return `${Number((value * 100).toFixed(1))} %`;
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
