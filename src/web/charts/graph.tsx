import { useMemo, useState } from "preact/hooks";
import type { Profile, ProfileCut } from "../../formats/profile.ts";
import { byteSize, duration, percent } from "../../report/index.ts";
import { tierVariable } from "../colours.ts";
import { CLASSES, type DrawnEdge, type DrawnGraph, drawnGraph, type NodeClass } from "../drawing/graph.ts";
import { type Outlook, variantOf } from "../engine/index.ts";
import type { Scene } from "../scene.ts";
import { change } from "../store.ts";
import { cutName } from "../words.ts";
import { Canvas, Figure } from "./figure.tsx";

const KIND: Readonly<Record<NodeClass, string>> = {
  multiply: "convolutions and products",
  elementwise: "elementwise",
  reduce: "pooling and normalising",
  reshape: "moving and reshaping",
  quantise: "quantising",
  other: "other",
};

const NODE_PX = 28;
const MOST_LANE_PX = 36;
const MOST_ARCS_PX = 84;
const MOST_TENSORS = 3;

/** The model's graph along its order, with the cut that is looked at drawn through it. */
export function GraphChart({ scene, outlook }: { readonly scene: Scene; readonly outlook: Outlook }) {
  const operator = outlook.shown?.operator ?? scene.variants[0]!.operator;
  const profile = variantOf(scene, operator).profiles[0]!;
  const graph = useMemo(() => drawnGraph(profile), [profile]);
  const shown = outlook.shown?.prediction;
  const cut = profile.cuts.find(({ id }) => id === shown?.cut);
  const total = graph.shares.reduce((sum, { seconds }) => sum + seconds, 0);
  const head = cut ? profile.nodes.length - cut.position : 0;
  return (
    <Figure
      id="graph"
      title={`The graph of ${profile.model.name}: ${profile.nodes.length} nodes, ${profile.whole_kernels} kernels, ${duration(total)} on the profiled host`}
      finding={
        cut && shown
          ? `The cut after ${cutName(cut.id)} leaves ${cut.position} nodes on ${shown.placement.split(">")[0]} and ${head} on ${shown.placement.split(">")[1]}; ${sentOf(cut)}.`
          : shown
            ? `All of it runs on ${shown.placement}.`
            : "Nothing can be placed."
      }
      note={`From left to right in the order of execution, as wide as they take time (a sliver at least). ${
        graph.exact
          ? "Arcs are tensors that are read further on."
          : "This profile does not say the graph's edges: arcs are the tensors that its cuts found lying across."
      }`}
      table={() => ({
        head: ["node", "operator", "class", "time on the profiled host", "share"],
        rows: graph.nodes.map(({ name, op, kind, seconds }) => [
          name,
          op,
          KIND[kind],
          duration(seconds),
          percent(total > 0 ? seconds / total : 0),
        ]),
      })}
    >
      {(width) => <Drawing {...{ scene, outlook, profile, graph, cut, total, width }} />}
    </Figure>
  );
}

interface DrawingProps {
  readonly scene: Scene;
  readonly outlook: Outlook;
  readonly profile: Profile;
  readonly graph: DrawnGraph;
  readonly cut: ProfileCut | undefined;
  readonly total: number;
  readonly width: number;
}

function Drawing({ scene, outlook, profile, graph, cut, total, width }: DrawingProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const plot = width - 8;
  const lane = Math.min(MOST_LANE_PX, 120 / graph.lanes);
  const base = useMemo(() => arcsHeight(graph, plot), [graph, plot]) + NODE_PX / 2;
  const floor = base + (graph.lanes - 1) * lane + NODE_PX / 2 + 8;
  const placed: Placed = { graph, plot, base, lane };
  const still = useMemo(() => <Still {...placed} />, [graph, plot, base, lane]);
  const shown = outlook.shown?.prediction;
  const [head, tail] = shown?.placement.split(">") ?? [];
  const { tiers } = scene.topology;
  const at = cut ? graph.at[cut.position]! * plot : plot;
  const nodeAt = (event: MouseEvent) => {
    const x = (event.clientX - (event.currentTarget as SVGElement).getBoundingClientRect().left) / plot;
    const found = graph.nodes.findIndex(({ right }) => right >= x);
    return found < 0 ? graph.nodes.length - 1 : found;
  };
  const pinnable = shown?.placement.includes(">") ? shown.placement : outlook.curve?.placement;
  const pin = (position: number) => {
    const nearest = profile.cuts.reduce((a, b) =>
      Math.abs(b.position - position) < Math.abs(a.position - position) ? b : a,
    );
    if (pinnable !== undefined) change({ placement: pinnable, cut: nearest.id });
  };
  const node = pointed === null ? undefined : graph.nodes[pointed];
  return (
    <>
      <Canvas width={width} height={floor + 26 + (cut ? 18 + tensorLines(cut) * 15 : 0)} of="graph">
        <g transform="translate(4,0)">
          {still}
          {cut && <path class="crossing-edges" d={crossing(placed, cut)} />}
          {head !== undefined && <Band x={0} width={at} y={floor} tier={head} tiers={tiers} align="start" />}
          {tail !== undefined && <Band x={at} width={plot - at} y={floor} tier={tail} tiers={tiers} align="end" />}
          {cut && <CutLine x={at} height={floor + 8} plot={plot} cut={cut} profile={profile} codec={scene.codec} />}
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the slider below does the same by keyboard */}
          <rect
            class="hit"
            width={plot}
            height={floor + 12}
            onPointerMove={(event) => setPointed(nodeAt(event))}
            onPointerLeave={() => setPointed(null)}
            onClick={(event) => pin(nodeAt(event) + 1)}
          />
        </g>
      </Canvas>
      <ul class="key" aria-label="Classes of nodes, and their share of the time">
        {graph.shares.map(({ kind, seconds }) => (
          <li key={kind}>
            <span class={`chip node-${kind}`} /> {KIND[kind]} {percent(total > 0 ? seconds / total : 0)}
          </li>
        ))}
      </ul>
      <p class="readout">
        {node ? (
          <>
            <b>{node.op}</b> {cutName(node.name)}, {duration(node.seconds)},{" "}
            {percent(total > 0 ? node.seconds / total : 0)}
          </>
        ) : (
          "Point at a node to read it; click to cut after it."
        )}
      </p>
      {pinnable !== undefined && profile.cuts.length > 1 && (
        <PositionSlider profile={profile} cut={cut} placement={pinnable} pinned={scene.cut !== null} />
      )}
    </>
  );
}

function PositionSlider({
  profile,
  cut,
  placement,
  pinned,
}: {
  readonly profile: Profile;
  readonly cut: ProfileCut | undefined;
  readonly placement: string;
  readonly pinned: boolean;
}) {
  const cuts = profile.cuts;
  const index = cut ? cuts.indexOf(cut) : 0;
  return (
    <div class="position">
      <label for="cut-position">Cut by hand, on {placement.replace(">", " → ")}</label>
      <input
        id="cut-position"
        type="range"
        min={0}
        max={cuts.length - 1}
        step={1}
        value={index}
        aria-valuetext={cut ? `after ${cut.id}, ${cut.position} of ${profile.nodes.length} nodes` : "not cut"}
        onInput={(event) => change({ placement, cut: cuts[Number(event.currentTarget.value)]!.id })}
      />
      <button type="button" disabled={!pinned} onClick={() => change({ placement: null, cut: null })}>
        Follow the best
      </button>
    </div>
  );
}

interface Placed {
  readonly graph: DrawnGraph;
  readonly plot: number;
  readonly base: number;
  readonly lane: number;
}

/** What does not change with the cut: nodes as one path for each class, and edges. */
function Still({ graph, plot, base, lane }: Placed) {
  const height = Math.min(NODE_PX, lane - 6);
  const rects = new Map<NodeClass, string>();
  for (const { left, right, lane: row, kind } of graph.nodes) {
    const [x, wide] = [left * plot, Math.max((right - left) * plot - 0.4, 0.5)];
    const y = base + row * lane - height / 2;
    rects.set(
      kind,
      `${rects.get(kind) ?? ""}M${x.toFixed(1)},${y.toFixed(1)}h${wide.toFixed(1)}v${height}h-${wide.toFixed(1)}z`,
    );
  }
  return (
    <g>
      <path class="edges" d={graph.edges.map((edge) => arc({ graph, plot, base, lane }, edge)).join("")} />
      {CLASSES.map((kind) => rects.has(kind) && <path key={kind} class={`node-${kind}`} d={rects.get(kind)!} />)}
    </g>
  );
}

/** How high an arc over so many pixels is. */
const arcHeight = (wide: number) => Math.min(MOST_ARCS_PX - 6, 5 + 4.6 * Math.sqrt(wide));

/** Room for the arcs over the first lane. */
function arcsHeight({ nodes, edges }: DrawnGraph, plot: number): number {
  const wide = edges.map(({ from, to }) => {
    const [source, target] = [from === null ? undefined : nodes[from], nodes[Math.min(to, nodes.length - 1)]!];
    return target.lane === (source?.lane ?? 0) ? target.left - (source?.right ?? 0) : 0;
  });
  return arcHeight(Math.max(0, ...wide) * plot) + 12;
}

/** An edge's path: an arc over what lies between in its own lane, or a bend to another. */
function arc({ graph, plot, base, lane }: Placed, { from, to }: DrawnEdge): string {
  const target = graph.nodes[Math.min(to, graph.nodes.length - 1)]!;
  const source = from === null ? undefined : graph.nodes[from];
  const [x1, x2] = [(source?.right ?? 0) * plot, target.left * plot];
  const [row1, row2] = [source?.lane ?? 0, target.lane];
  const [y1, y2] = [base + row1 * lane, base + row2 * lane];
  const wide = Math.max(x2 - x1, 0);
  if (row1 === row2 && (wide < 1 || to === (from ?? -1) + 1)) return "";
  const half = Math.min(NODE_PX, lane - 6) / 2;
  if (row1 === row2) {
    // A curve reaches three quarters of the way to the points that bend it.
    const rise = (arcHeight(wide) * 4) / 3;
    const top = y1 - half;
    return `M${x1.toFixed(1)},${top}C${(x1 + wide * 0.12).toFixed(1)},${(top - rise).toFixed(1)},${(x2 - wide * 0.12).toFixed(1)},${(top - rise).toFixed(1)},${x2.toFixed(1)},${top}`;
  }
  const bend = Math.min(wide / 2, 30);
  return `M${x1.toFixed(1)},${y1}C${(x1 + bend).toFixed(1)},${y1},${(x1 + bend / 2).toFixed(1)},${y2},${(x1 + bend * 1.5).toFixed(1)},${y2}H${x2.toFixed(1)}`;
}

/** The edges of the tensors that cross. */
function crossing(placed: Placed, { tensors, position }: ProfileCut): string {
  return placed.graph.edges
    .filter(({ tensor, from, to }) => tensors.includes(tensor) && (from ?? -1) < position && to >= position)
    .map((edge) => arc(placed, edge))
    .join("");
}

interface BandProps {
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly tier: string;
  readonly tiers: Scene["topology"]["tiers"];
  readonly align: "start" | "end";
}

/** Which tier runs what lies above. */
function Band({ x, width, y, tier, tiers, align }: BandProps) {
  return (
    <g>
      <rect x={x} y={y} width={Math.max(width, 0)} height={6} style={{ fill: tierVariable(tiers, tier) }} />
      <text
        class="band-name"
        x={align === "start" ? x : x + width}
        y={y + 21}
        text-anchor={align}
        style={{ fill: tierVariable(tiers, tier, "-ink") }}
      >
        {tier}
      </text>
    </g>
  );
}

const tensorLines = ({ tensors }: ProfileCut) => Math.min(tensors.length, MOST_TENSORS + 1);

interface CutLineProps {
  readonly x: number;
  readonly height: number;
  readonly plot: number;
  readonly cut: ProfileCut;
  readonly profile: Profile;
  readonly codec: string;
}

/** The cut through the graph, and what crosses it. */
function CutLine({ x, height, plot, cut, profile }: CutLineProps) {
  const tensors = cut.tensors.map((index) => profile.tensors[index]!).sort((a, b) => b.bytes - a.bytes);
  const lines = tensors
    .slice(0, MOST_TENSORS)
    .map(({ dtype, shape, bytes }) => `${shape.join("×") || "scalar"} ${dtype}, ${byteSize(bytes)}`);
  if (tensors.length > MOST_TENSORS) lines.push(`and ${tensors.length - MOST_TENSORS} more`);
  // Names of the tiers stand at both ends.
  const at = Math.min(Math.max(x, 120), plot - 120);
  return (
    <g class="cut">
      <line x1={x} x2={x} y1={2} y2={height} />
      <path d={`M${x - 5},0h10l-5,8z`} />
      <text x={at} y={height + 28} text-anchor="middle">
        {tensors.length === 1 ? "1 tensor crosses" : `${tensors.length} tensors cross`}, {byteSize(cut.bytes)}
      </text>
      {lines.map((line, i) => (
        <text key={line + String(i)} class="tensor" x={at} y={height + 43 + i * 15} text-anchor="middle">
          {line}
        </text>
      ))}
    </g>
  );
}

function sentOf({ tensors, bytes }: ProfileCut): string {
  return tensors.length === 1
    ? `one tensor of ${byteSize(bytes)} crosses`
    : `${tensors.length} tensors of ${byteSize(bytes)} together cross`;
}
