import { scaleLinear } from "d3-scale";
import { useMemo } from "preact/hooks";
import type { CutLatency } from "../../costmodel/index.ts";
import { byteSize, columns, dodge, duration, shorten, thinned } from "../../report/index.ts";
import { tierVariable } from "../colours.ts";
import { type Curve, type Outlook, variantOf } from "../engine/index.ts";
import type { Scene } from "../scene.ts";
import { change } from "../store.ts";
import { cutName } from "../words.ts";
import { AxisX, AxisY, axisTime } from "./axes.tsx";
import { Canvas, Figure } from "./figure.tsx";
import { type Part, partsOf, secondsByPart } from "./parts.ts";

const TEXT = 11.5;

interface Split extends CutLatency {
  readonly position: number;
}

/** Latency at every cut of one placement, stacked by stage, with whole placements as rules. */
export function CutCurve({ scene, outlook, curve }: { scene: Scene; outlook: Outlook; curve: Curve }) {
  const profile = variantOf(scene, curve.operator).profiles[0]!;
  const positions = useMemo(() => new Map(profile.cuts.map(({ id, position }) => [id, position])), [profile]);
  const splits = curve.latencies.map((its): Split => ({ ...its, position: positions.get(its.cut)! }));
  const nodes = profile.nodes.length;
  const feasible = splits.filter((split) => split.feasible);
  const best = (feasible.length > 0 ? feasible : splits).reduce((a, b) => (b.latency_s < a.latency_s ? b : a));
  const worst = splits.reduce((a, b) => (b.latency_s > a.latency_s ? b : a));
  return (
    <Figure
      id="curve"
      title={`Latency by where the graph is cut: ${curve.placement.replace(">", " → ")}, ${curve.operator}`}
      finding={`Best after ${cutName(best.cut)}, ${best.position} of ${nodes} nodes on the first tier: ${duration(best.latency_s)}. The worst cut takes ${duration(worst.latency_s)}.`}
      note="Stacked by stage. Dashed: the whole model on one tier, by the same operator or a better one. Click to cut there."
      table={() => ({
        head: ["cut after", "nodes before", "latency", "sent", "fits", "stages"],
        rows: stagesOf(curve, splits).map(({ item: { cut, position, latency_s, feasible: fits }, prediction }) => [
          cut,
          String(position),
          duration(latency_s),
          byteSize(prediction.transferred_bytes),
          fits ? "yes" : "no",
          [...secondsByPart(prediction)].map(([part, seconds]) => `${part} ${duration(seconds)}`).join(", "),
        ]),
      })}
    >
      {(width) => <Drawing {...{ scene, outlook, curve, splits, nodes, best, width }} />}
    </Figure>
  );
}

interface DrawingProps {
  readonly scene: Scene;
  readonly outlook: Outlook;
  readonly curve: Curve;
  readonly splits: readonly Split[];
  readonly nodes: number;
  readonly best: Split;
  readonly width: number;
}

function Drawing({ scene, outlook, curve, splits, nodes, best, width }: DrawingProps) {
  const narrow = width < 420;
  const left = 52;
  const right = narrow ? 96 : 124;
  const [plot, height] = [width - left - right, narrow ? 200 : 230];
  const whole = outlook.ranking.filter(({ prediction }) => prediction.cut === null && prediction.feasible);
  const least = best.latency_s;
  // A cut in the wrong place can cost a hundred times the best; beyond a few times the best, how much does not matter.
  const near = whole.filter(({ prediction }) => prediction.latency_s <= 5 * least);
  const longest = Math.max(...splits.map(({ latency_s }) => latency_s));
  const top = Math.min(
    Math.max(longest, ...near.map(({ prediction }) => prediction.latency_s)) * 1.05,
    Math.max(2.6 * least, ...near.map(({ prediction }) => prediction.latency_s * 1.08)),
  );
  const x = scaleLinear([0, nodes], [0, plot]);
  const y = scaleLinear([0, top], [height, 0]);
  const drawn = columns(
    thinned(splits, nodes, Math.floor(plot / 2), ({ latency_s }) => latency_s),
    nodes,
    plot,
  );
  const predictions = stagesOf(
    curve,
    drawn.map(({ item }) => item),
  ).map(({ prediction }) => prediction);
  const parts = partsOf(scene, curve.placement, predictions);
  const stacks = stacked(parts, drawn, predictions.map(secondsByPart), x, y);
  const labels = whole.map(({ prediction }) => ({
    tier: prediction.placement,
    seconds: prediction.latency_s,
    at: y(Math.min(prediction.latency_s, top)),
  }));
  const places = dodge(
    labels.map(({ at }) => at),
    14,
    4,
    height - 4,
  );
  const pinned = scene.cut === null ? undefined : splits.find(({ cut }) => cut === scene.cut);
  const marks = pinned && pinned !== best ? [best, pinned] : [best];
  const choose = (event: MouseEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const at = x.invert(event.clientX - box.left);
    const nearest = splits.reduce((a, b) => (Math.abs(b.position - at) < Math.abs(a.position - at) ? b : a));
    change({ placement: curve.placement, cut: nearest.cut });
  };
  return (
    <>
      <Canvas width={width} height={height + 80} of="curve">
        <g transform={`translate(${left},38)`}>
          <AxisY width={plot} ticks={y.ticks(narrow ? 4 : 5).map((tick) => ({ at: y(tick), text: axisTime(tick) }))} />
          {stacks.map(({ part, path }) => (
            <path key={part.key} d={path} style={{ fill: part.fill }} />
          ))}
          {stacks.map(
            ({ part, label }) =>
              label && (
                <text
                  key={part.key}
                  class="on"
                  x={label.x}
                  y={label.y}
                  text-anchor="middle"
                  style={{ fill: part.on, stroke: part.fill }}
                >
                  {part.label}
                </text>
              ),
          )}
          {labels.map(({ tier, seconds, at }, i) => (
            <g key={tier} style={{ "--c": tierVariable(scene.topology.tiers, tier, "-ink") }}>
              {seconds <= top && <line class="whole" x2={plot} y1={at} y2={at} />}
              <text class="whole-label" x={plot + 7} y={places[i]! + 4}>
                {`${narrow ? "" : "all on "}${tier} ${duration(seconds)}${seconds > top ? " ↑" : ""}`}
              </text>
            </g>
          ))}
          {marks.map((split) => (
            <Mark key={split.cut} {...{ split, x, y, top, plot, pinned: split === pinned }} />
          ))}
          <AxisX
            y={height}
            width={plot}
            title="nodes on the first tier"
            ticks={x.ticks(narrow ? 4 : 8).map((tick) => ({ at: x(tick), text: String(tick) }))}
          />
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the slider below the graph does the same by keyboard */}
          <rect class="hit" width={plot} height={height} onClick={choose} />
        </g>
      </Canvas>
      <ul class="key" aria-label="Stages that have no label in the drawing">
        {stacks.map(
          ({ part, label }) =>
            !label && (
              <li key={part.key}>
                <span class="chip" style={{ background: part.fill }} /> {part.label}
              </li>
            ),
        )}
      </ul>
    </>
  );
}

interface MarkProps {
  readonly split: Split;
  readonly x: (position: number) => number;
  readonly y: (seconds: number) => number;
  readonly top: number;
  readonly plot: number;
  readonly pinned: boolean;
}

/** A dot on a cut, with its name above the plot; the one that is pinned a line higher. */
function Mark({ split: { cut, latency_s, position }, x, y, top, plot, pinned }: MarkProps) {
  const at = x(position);
  const dot = y(Math.min(latency_s, top));
  const text = `${shorten(cutName(cut), 200, TEXT, true)} ${duration(latency_s)}`;
  const half = text.length * 3.4;
  return (
    <g class={pinned ? "mark pinned" : "mark"}>
      <line x1={at} x2={at} y1={pinned ? -20 : -6} y2={dot} />
      <circle cx={at} cy={dot} r={4.5} />
      <text x={Math.min(Math.max(at, half), plot - half)} y={pinned ? -24 : -10} text-anchor="middle">
        {pinned ? `yours: ${text}` : text}
      </text>
    </g>
  );
}

/** Splits with their stages, in the order in which they are given. */
function stagesOf(curve: Curve, splits: readonly Split[]) {
  const predictions = new Map(curve.predictions(splits.map(({ cut }) => cut)).map((its) => [its.cut, its]));
  return splits.map((item) => ({ item, prediction: predictions.get(item.cut)! }));
}

interface Stack {
  readonly part: Part;
  readonly path: string;
  /** Where the part's name fits. */
  readonly label: { readonly x: number; readonly y: number } | null;
}

type Drawn = ReturnType<typeof columns<Split>>;

/** Each part's columns as one path, and the middle of the widest stretch where it is thick enough for its name. */
function stacked(
  parts: readonly Part[],
  drawn: Drawn,
  seconds: readonly ReadonlyMap<string, number>[],
  x: (at: number) => number,
  y: (at: number) => number,
): Stack[] {
  const bottom = y(0);
  const bases = drawn.map(() => 0);
  return parts.map((part) => {
    const path: string[] = [];
    let widest: Stretch | undefined;
    let run: Stretch | undefined;
    for (const [i, { left, right }] of drawn.entries()) {
      const value = seconds[i]!.get(part.key) ?? 0;
      const lower = Math.max(y(bases[i]!), 0);
      bases[i]! += value;
      const upper = Math.max(y(bases[i]!), 0);
      const [from, to] = [x(left), x(right)];
      if (lower - upper > 0.2) {
        path.push(`M${tenth(from)},${tenth(lower)}V${tenth(upper)}H${tenth(to)}V${tenth(lower)}z`);
      }
      run = longer(run, { from, to, low: lower, high: upper });
      if (run && (!widest || run.to - run.from > widest.to - widest.from)) widest = run;
    }
    if (!widest || widest.to - widest.from < part.label.length * 6.4 + 8)
      return { part, path: path.join(""), label: null };
    const middle = Math.min((widest.low + widest.high) / 2 + 4, bottom - 4);
    return { part, path: path.join(""), label: { x: (widest.from + widest.to) / 2, y: middle } };
  });
}

/** To a tenth of a pixel; several times faster than toFixed, which counts here. */
const tenth = (pixels: number) => Math.round(pixels * 10) / 10;

/** Neighbouring columns, and the band that lies within all of them, in pixels from the top. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

const TEXT_PX = 14;

/** The stretch with a column more, or the column alone, where a line of text fits in. */
function longer(run: Stretch | undefined, column: Stretch): Stretch | undefined {
  const adjoins = run !== undefined && column.from - run.to < 1.5;
  const joined = adjoins
    ? {
        from: run.from,
        to: column.to,
        low: Math.min(run.low, column.low),
        high: Math.max(run.high, column.high),
      }
    : undefined;
  return [joined, column].find((stretch) => stretch && stretch.low - stretch.high >= TEXT_PX);
}
