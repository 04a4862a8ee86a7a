import type { TopLevelSpec } from "vega-lite";
import { CHARTS, type Chart, PLAN_CHARTS } from "../src/report/index.ts";
import { type Scenes, scenes } from "./scenes.ts";

/** A chart of the gallery, with what it is good for. */
export interface Exhibit {
  name: string;
  heading: string;
  /** The question that it answers. */
  asks: string;
  /** How to read it. */
  reading: string;
  /** What this picture is drawn from. */
  from: string;
  spec: TopLevelSpec;
}

type Texts = Pick<Exhibit, "asks" | "reading" | "from"> & { scene: keyof Scenes };

const DETECTOR = "the shipped profile of the PP-OCRv4 text detector, on `mobile-edge-cloud`";
const TILL = "the shipped scenario `receipts-at-the-till`";
const BRANCH =
  "[branch-office.yaml](../gallery/scenarios/branch-office.yaml): the shipped mail filters and their accuracies, at an older router";

const TEXTS: Readonly<Record<string, Texts>> = {
  latencyByCut: {
    asks: "Where should the model be cut, and what does a wrong cut cost?",
    reading:
      "A panel for each pair of tiers, a column for each cut, from the model's first node to its last, stacked in the order in which a request passes its stages. Dashed lines are the whole model on one tier: a column below them is a cut worth making.",
    from: DETECTOR,
    scene: "detector",
  },
  bestOverBandwidth: {
    asks: "Which placement is the best at which bandwidth, and how far is the present network from where that changes?",
    reading:
      "A line for each placement at its best cut, both axes logarithmic. The shaded band follows the fastest; circles are where another takes over; the dotted line is the network as it is.",
    from: DETECTOR,
    scene: "detector",
  },
  bytesByCut: {
    asks: "Which cuts send less than the input itself would?",
    reading:
      "A dot for each cut, by its place in the graph and its bytes on the wire. Dots below the input's line save traffic; ringed ones are smaller than every cut before them.",
    from: DETECTOR,
    scene: "detector",
  },
  kernelTime: {
    asks: "What does the model spend its time on?",
    reading:
      "A bar for each type of kernel that the runtime really ran, with its share, its time and how many there are.",
    from: DETECTOR,
    scene: "detector",
  },
  selfCheck: {
    asks: "How far off is the profile on its own host?",
    reading:
      "A dot for each segment that was really cut out and run: right of the line it was predicted too long, left too short. Grey is ±8 %; bars are the prediction's interval.",
    from: "ResNet-50 in the [testbed](../calibration/README.md), where a run comes after a pause and finds its caches cold, while a profile's runs follow one another: nothing is calibrated here",
    scene: "resnet",
  },
  stagesOfChoices: {
    asks: "Where does a request's time go, in the best choice and in those behind it?",
    reading:
      "A bar for each operator and placement, its stages in the request's order. A tier's colour means computing there, grey the network, purple turning tensors into bytes and back. The line at a bar's end is its interval.",
    from: TILL,
    scene: "till",
  },
  accuracyFront: {
    asks: "What does accuracy cost in latency?",
    reading:
      "Up is more accurate, left is faster. On the line are choices that none beats in both; pale ones are beaten. Where the uprights, the accuracies' intervals, overlap, the data do not tell the variants apart.",
    from: BRANCH,
    scene: "branch",
  },
  underLoad: {
    asks: "How long do requests take among others, and how long the slowest of them?",
    reading:
      "Three dots for each choice: half of the requests take less than p50, one in a hundred more than p99. Bars are the simulation's own intervals. A choice that cannot answer what comes in says which station is overloaded.",
    from: TILL,
    scene: "till",
  },
  flips: {
    asks: "What would change the answer?",
    reading:
      "A row for each bandwidth and speed. The answer holds along the bar; a circle is where another choice is as good, which is named below it. A short bar is a figure to measure before deciding.",
    from: TILL,
    scene: "till",
  },
  tornado: {
    asks: "Which inputs matter, and which may be guessed?",
    reading:
      "What the latency does when one input alone is lower or higher, the widest first, with the input's values at the ends of its bar.",
    from: BRANCH,
    scene: "branch",
  },
  overTrace: {
    asks: "Is it worth switching while the bandwidth changes?",
    reading:
      "Latency over time above, the bandwidth below. Where the adaptive line lies under the fixed one, switching gains something; a circle names what it switches to.",
    from: BRANCH,
    scene: "branch",
  },
  predictedMeasured: {
    asks: "Why should these predictions be believed?",
    reading:
      "A dot for each measured cell that was not fitted: on the line it was predicted exactly. Below, the same cells by their error, with ±10 % in grey. Red are those that their 90 % interval misses: one in ten should be.",
    from: "`tierwise validate` on the testbed's cells, a fifth left out at a time: [calibration/validation.json](../calibration/README.md)",
    scene: "branch",
  },
};

/** Every chart of the reports, drawn from files of the repository: the same each time. */
export function exhibits(): { model: Exhibit[]; plan: Exhibit[] } {
  const data = scenes();
  const exhibit = <Data>({ name, heading, missing, spec }: Chart<Data>): Exhibit => {
    const { scene, ...texts } = TEXTS[name] ?? missingTexts(name);
    const shown = data[scene] as Data;
    const reason = missing(shown);
    if (reason !== undefined) throw new Error(`${name} has nothing to draw in the scene ${scene}: ${reason}`);
    return { name, heading, ...texts, spec: spec(shown) };
  };
  return { model: CHARTS.map(exhibit), plan: PLAN_CHARTS.map(exhibit) };
}

function missingTexts(name: string): never {
  throw new Error(`gallery/exhibits.ts says nothing of the chart ${name}`);
}
