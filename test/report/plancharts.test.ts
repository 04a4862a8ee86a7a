import { fc, test } from "@fast-check/vitest";
import { median } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import { describe, expect } from "vitest";
import { accuracyFront } from "../../src/report/charts/accuracyFront.ts";
import { flips } from "../../src/report/charts/flips.ts";
import { overTrace } from "../../src/report/charts/overTrace.ts";
import { predictedMeasured } from "../../src/report/charts/predictedMeasured.ts";
import { stagesOfChoices } from "../../src/report/charts/stagesOfChoices.ts";
import { tornado } from "../../src/report/charts/tornado.ts";
import { underLoad } from "../../src/report/charts/underLoad.ts";
import {
  PLAN_CHARTS,
  type PlanReport,
  STAGE_COLOURS,
  textWidth,
  tierColourAt,
  toSvg,
  toVega,
} from "../../src/report/index.ts";
import { boxOf, meet } from "../../src/report/labels.ts";
import * as palette from "../../src/report/palette.ts";
import { partOf } from "../../src/report/stages.ts";
import { anyPlan, bar, cellOf, flip, movingOf, planOf, planSample } from "./plansample.ts";
import { axesOf, type Drawn, headline, layersOf, rowsOf, subtitle, words } from "./reading.ts";

const TEXT_SIZE = 11;
/** Drawing takes a while: a plan that fails is not made smaller. */
const RUNS = { numRuns: 30, endOnFailure: true };
const NAMES = PLAN_CHARTS.map(({ name }) => name);

/** Those of the charts that have something to draw. */
const drawn = (data: PlanReport, width: number): [name: string, spec: TopLevelSpec][] =>
  PLAN_CHARTS.filter(({ missing }) => missing(data) === undefined).map(({ name, spec }) => [
    name,
    spec(data, { width }),
  ]);

describe("every chart of a plan", () => {
  test.prop([anyPlan, fc.constantFrom(720, 350)], RUNS)("fits its width, with all its words", async (data, width) => {
    for (const { name, spec, missing } of PLAN_CHARTS) {
      const warnings: string[] = [];
      toVega(spec(data, { width }), (message) => warnings.push(message));
      expect(warnings, name).toEqual([]);
      const svg = await toSvg(spec(data, { width }));
      expect(Number(/ width="([\d.]+)"/.exec(svg)?.[1]), name).toBeLessThanOrEqual(width);
      expect(svg, name).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg.includes("Nothing to draw"), name).toBe(missing(data) !== undefined);
    }
  });

  test.prop([anyPlan, fc.constantFrom(720, 350)])("wears the palette's colours", (data, width) => {
    const known = new Set([
      ...Object.values(palette).filter((value) => typeof value === "string"),
      ...Object.values(STAGE_COLOURS),
      ...data.topology.tiers.map((_, index) => tierColourAt(index)),
      "#ffffff",
    ]);
    for (const [name, spec] of drawn(data, width))
      for (const [colour] of JSON.stringify(spec).matchAll(/#[0-9a-f]{6}\b/gi)) expect(known, name).toContain(colour);
  });

  test.prop([anyPlan, fc.constantFrom(720, 350)])(
    "says the units of its axes, and that they are logarithmic",
    (data, width) => {
      for (const [name, spec] of drawn(data, width)) {
        const notes = layersOf(spec).flatMap(({ rows }) => rows.map(({ text }) => String(text ?? "")));
        for (const { title, labelExpr, type, domain } of axesOf(spec)) {
          const said = [title, ...notes, subtitle(spec)].join(" ");
          if (title !== "") expect(title, name).toMatch(/, ms\b|, s$|, %|, Mbit\/s|speed, |latency, logarithmic/);
          else expect(`${labelExpr} ${said}`, name).toMatch(/ms|%|Mbit\/s/);
          if (type === "log") {
            expect(said, name).toContain("logarithmic");
            expect(domain[0], name).toBeGreaterThan(0);
          }
          expect(domain[0], name).toBeLessThan(domain[1]!);
        }
      }
    },
  );

  test.prop([anyPlan, fc.constantFrom(720, 350)])("begins bars at 0", (data, width) => {
    for (const [name, spec] of drawn(data, width))
      for (const { mark, encoding } of layersOf(spec)) {
        if (mark.type !== "bar") continue;
        const { type = "linear", domain } = encoding.x!.scale as { type?: string; domain: [number, number] };
        expect(type, name).toBe("linear");
        expect(domain[0], name).toBeLessThanOrEqual(0);
        expect(domain[1], name).toBeGreaterThanOrEqual(0);
      }
  });

  test.prop([anyPlan, fc.constantFrom(720, 350)])("places words inside the plot, off one another", (data, width) => {
    for (const [name, spec] of drawn(data, width)) {
      const boxes = placedIn(spec);
      for (const { box, panel } of boxes) {
        expect(box.left, name).toBeGreaterThanOrEqual(-2.1);
        expect(box.right, name).toBeLessThanOrEqual(panel.width + 2.1);
        expect(box.top, name).toBeGreaterThanOrEqual(-2.1);
        expect(box.bottom, name).toBeLessThanOrEqual(panel.height + 2.1);
      }
      for (const [index, one] of boxes.entries())
        for (const other of boxes.slice(index + 1))
          if (one.panel.height === other.panel.height && one.kind === other.kind)
            expect(meet(shrunk(one.box), shrunk(other.box)), `${name}: ${one.text} / ${other.text}`).toBe(false);
    }
  });

  test("says in a sentence why there is nothing to draw", () => {
    const data = planOf({ choices: [{ operator: "identity", placement: "edge", infer_s: 0, transfer_s: 0 }] });
    for (const { name, spec, missing } of PLAN_CHARTS) {
      expect(missing(data), name).toMatch(/^[A-Z].*\.$/);
      expect(headline(spec(data)), name).toBe("Nothing to draw");
      expect(subtitle(spec(data)), name).toBe(missing(data));
    }
  });

  test.each(PLAN_CHARTS)("$name compiles to the Vega that was looked at", async ({ name, spec }) => {
    const vega = toVega(spec(planSample()));
    await expect(`${JSON.stringify(vega, null, 1)}\n`).toMatchFileSnapshot(`golden/${name}.vg.golden`);
  });

  test("is in the sample", () => {
    expect(drawn(planSample(), 720).map(([name]) => name)).toEqual(NAMES);
  });
});

describe("stagesOfChoices", () => {
  test.prop([anyPlan])("draws each choice's stages, in the request's order, up to its latency", (data) => {
    const bars = layersOf(stagesOfChoices(data)).find(({ mark }) => mark.type === "bar")!.rows;
    const all = [data.plan.best, ...data.plan.alternatives];
    for (const name of new Set(bars.map((row) => row.choice))) {
      const own = bars.filter((row) => row.choice === name);
      const choice = all.find(
        (one) =>
          `${one.operator} on ${one.placement}` === String(name).replace(/ \(\d+\)$/, "") &&
          near(one.latency_s * 1e3, own.at(-1)!.to),
      )!;
      expect(choice, String(name)).toBeDefined();
      expect(own[0]!.from).toBe(0);
      for (const [index, row] of own.slice(1).entries()) expect(row.from).toBe(own[index]!.to);
      expect(
        near(
          choice.latency_s * 1e3,
          own.reduce((sum, { ms }) => sum + Number(ms), 0),
        ),
      ).toBe(true);
      const labels = choice.stages.filter(({ seconds }) => seconds > 0).map((stage) => partOf(data, stage).label);
      expect(own.map((row) => row.part)).toEqual(labels.filter((label, index) => label !== labels[index - 1]));
    }
  });

  test("begins with the network where the only tier is far away", () => {
    const far = planSample();
    const { best } = far.plan;
    const stages = [
      { stage: "transfer" as const, resource: "link:mobile>edge", seconds: 0.01, direction: "request" as const },
      { stage: "infer" as const, resource: "tier:edge", seconds: 0.02, direction: "request" as const },
      { stage: "transfer" as const, resource: "link:edge>mobile", seconds: 0.005, direction: "response" as const },
    ];
    const data = { ...far, plan: { ...far.plan, best: { ...best, placement: "edge", latency_s: 0.035, stages } } };
    const bars = layersOf(stagesOfChoices(data)).find(({ mark }) => mark.type === "bar")!.rows;
    expect(bars.slice(0, 3).map(({ part, ms }) => [part, ms])).toEqual([
      ["transfer", 10],
      ["infer on edge", 20],
      ["transfer", 5],
    ]);
  });

  test.prop([anyPlan])("names each part once: in a bar, or in the key", (data) => {
    const spec = stagesOfChoices(data);
    const parts = new Set(
      rowsOf(spec)
        .flat()
        .flatMap(({ part }) => (part === undefined ? [] : [String(part)])),
    );
    const named = rowsOf(spec)
      .flat()
      .filter(({ middle }) => middle !== undefined)
      .map(({ text }) => String(text));
    const inKey = rowsOf(spec)
      .flat()
      .filter(({ label, colour }) => label !== undefined && colour !== undefined)
      .map(({ label }) => String(label));
    const full = named.map((text) => (parts.has(text) ? text : `infer on ${text}`));
    expect([...full, ...inKey].sort()).toEqual([...parts].sort());
  });
});

describe("accuracyFront", () => {
  test.prop([anyPlan])("has on its line just those that none beats in both", (data) => {
    const rows = layersOf(accuracyFront(data)).find(({ mark }) => mark.type === "circle")?.rows ?? [];
    for (const row of rows) {
      const better = rows.some(
        (other) =>
          Number(other.ms) <= Number(row.ms) &&
          Number(other.percent) >= Number(row.percent) &&
          (other.ms !== row.ms || other.percent !== row.percent),
      );
      // What four digits do not tell apart may lie on either side.
      const tied = rows.some((other) => other !== row && (near(other.ms, row.ms) || near(other.percent, row.percent)));
      if (!tied) expect(row.front).toBe(!better);
    }
  });

  test("has a logarithmic axis only where latencies differ manifold, and says what was asked", async () => {
    const of = (slow: number) =>
      planOf({
        choices: [
          { operator: "distilled", placement: "mobile", infer_s: 0.01, transfer_s: 0, accuracy: 0.9 },
          { operator: "identity", placement: "edge", infer_s: slow, transfer_s: 0, accuracy: 0.95 },
        ],
        accuracy_at_least: 0.91,
      });
    const types = (data: PlanReport) => axesOf(accuracyFront(data)).map(({ type }) => type);
    expect(types(of(0.05))).not.toContain("log");
    expect(types(of(0.07))).toContain("log");
    expect(await words(accuracyFront(of(0.05)))).toEqual(
      expect.arrayContaining(["at least 91 %", "identity on edge 50.0 ms", "distilled on mobile 10.0 ms"]),
    );
  });
});

describe("underLoad", () => {
  test.prop([anyPlan])(
    "has three dots for each choice that keeps up, and says of the others what is overloaded",
    (data) => {
      const spec = underLoad(data);
      const simulated = [data.plan.best, ...data.plan.alternatives].filter(({ under_load }) => under_load);
      const steady = simulated.filter(({ under_load }) => under_load!.overloaded.length === 0);
      if (steady.length === 0) {
        expect(headline(spec)).toBe("Nothing to draw");
        return;
      }
      const dots = layersOf(spec).find(({ mark }) => mark.type === "circle")!;
      const { type, domain } = dots.encoding.x!.scale as { type: string; domain: [number, number] };
      const values = dots.rows.map(({ ms }) => Number(ms));
      if (simulated.length <= 10) {
        expect(dots.rows).toHaveLength(3 * steady.length);
        expect(Math.max(...values) / Math.min(...values) > 10.01 ? "log" : type).toBe(type);
        expect(Math.max(...values) / Math.min(...values) < 9.99 ? "linear" : type).toBe(type);
      }
      if (type === "linear") expect(domain[0]).toBe(0);
      for (const { ms, low, high } of dots.rows) {
        expect(Number(low)).toBeGreaterThanOrEqual(domain[0]);
        expect(Number(low)).toBeLessThanOrEqual(Number(ms));
        expect(Number(high)).toBeLessThanOrEqual(domain[1] * 1.001);
      }
    },
  );

  test("names the percentiles, the limit and what is overloaded", async () => {
    const said = await words(underLoad(planSample()));
    expect(said).toEqual(expect.arrayContaining(["p50", "p95", "p99", "p95 at most 200 ms", "overload: tier:cloud"]));
    expect(said[0]).toContain("half of all requests within 30.0 ms, 99 of 100 within 90.0 ms");
  });

  test("names percentiles that are too close for three names in one", async () => {
    const load = { p50: 0.1, p95: 0.1001, p99: 0.1002 };
    const one = { operator: "identity", placement: "edge", infer_s: 0.1, transfer_s: 0, load };
    expect(await words(underLoad(planOf({ choices: [one] })))).toContain("p50 · p95 · p99");
  });
});

describe("flips", () => {
  test.prop([anyPlan])("draws a bar around the present value, up to the nearest changes", (data) => {
    const { flips: all } = data.plan.explanation;
    const bars = layersOf(flips(data)).filter(({ rows }) => rows[0] && "from" in rows[0] && "now" in rows[0]);
    for (const { rows, width } of bars)
      for (const { from, to, now } of rows as { from: number; to: number; now: number }[]) {
        expect(from).toBeGreaterThanOrEqual(0);
        expect(from).toBeLessThan(now);
        expect(now).toBeLessThan(to);
        expect(to).toBeLessThanOrEqual(width);
      }
    const marks = layersOf(flips(data)).filter(({ rows, mark }) => mark.type === "point" && rows[0] && "to" in rows[0]);
    expect(marks.flatMap(({ rows }) => rows)).toHaveLength(all.length);
    const said = placedIn(flips(data)).filter(({ text }) => text.includes(": "));
    expect(said).toHaveLength(all.length);
  });

  test("says what changes first, in units, and of whose place it speaks", async () => {
    const said = await words(flips(planSample()));
    expect(said[0]).toBe(
      "The answer changes first when the speed of phone rises by 60 %, to 0.4 × host: then sptq on cloud is as good",
    );
    expect(said).toEqual(
      expect.arrayContaining([
        "now 50 Mbit/s",
        "8 Mbit/s: sptq on cloud",
        "210 Mbit/s: sptq on cloud",
        "now 0.25 × host",
      ]),
    );
    const loaded = planOf({
      choices: [
        { operator: "identity", placement: "edge", infer_s: 0.1, transfer_s: 0, load: { p50: 1, p95: 2, p99: 3 } },
      ],
      flips: [flip("topology.devices.phone.speed", 1, 5)],
    });
    expect(subtitle(flips(loaded))).toContain(
      "For a request that is alone, not under load, where identity on edge is the best",
    );
    expect(headline(flips(loaded))).toContain("rises 5-fold, to 5 × host");
  });
});

describe("tornado", () => {
  test.prop([anyPlan, fc.constantFrom(720, 350)])(
    "draws each input's changes from the present latency",
    (data, width) => {
      const found = data.tornado;
      if (!found || found.bars.length === 0) return;
      const layers = layersOf(tornado(data, { width }));
      const { rows } = layers.find(({ mark }) => mark.type === "bar")!;
      expect(rows).toHaveLength(2 * Math.min(found.bars.length, 10));
      for (const { row, change, latency, zero } of rows) {
        const { at_low, at_high } = found.bars[Number(row)]!;
        expect(zero).toBe(0);
        expect([at_low, at_high].some((s) => near(s * 1e3, latency))).toBe(true);
        expect([at_low, at_high].some((s) => near((s - found.value) * 1e3, change))).toBe(true);
      }
      for (const { mark, rows: labels, encoding, width: plot } of layers) {
        if (mark.type !== "text" || encoding.x?.field !== "change") continue;
        const [low, high] = (layers[1]!.encoding.x!.scale as { domain: [number, number] }).domain;
        for (const { change, value } of labels) {
          const x = ((Number(change) - low) / (high - low)) * plot;
          const end = x + (mark.align === "left" ? 1 : -1) * (5 + textWidth(String(value), TEXT_SIZE));
          expect(end).toBeGreaterThanOrEqual(-1);
          expect(end).toBeLessThanOrEqual(plot + 1);
        }
      }
    },
  );

  test("writes values with what they count", async () => {
    const said = await words(tornado(planSample()));
    expect(said[0]).toBe(
      "What matters most to distilled on mobile>edge is the speed of phone: it moves the latency by 17 %, then the bandwidth of mobile>edge (5.0 %)",
    );
    expect(said).toEqual(
      expect.arrayContaining(["speed of phone, 0.25 × host", "0.225 × host", "0.275 × host", "45 Mbit/s", "low ends"]),
    );
    const cores = planOf({
      choices: [{ operator: "identity", placement: "edge", infer_s: 0.1, transfer_s: 0 }],
      tornado: {
        share: 0.1,
        value: 0.1,
        inputs: 1,
        bars: [bar("topology.tiers.edge.cpu_quota", ["1", "0.9", "1.1"], 0.12, 0.1)],
      },
    });
    expect(await words(tornado(cores))).toEqual(expect.arrayContaining(["cpu quota of edge, 1 core", "0.9 cores"]));
  });
});

describe("overTrace", () => {
  test.prop([fc.array(fc.double({ min: 1e4, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 9 })])(
    "draws every phase of every policy and link, to the trace's end",
    (bandwidths) => {
      const moving = movingOf(bandwidths);
      const layers = layersOf(overTrace({ ...planSample(), plan: { ...planSample().plan, moving } }));
      const lines = layers.filter(({ mark }) => mark.type === "line");
      expect(lines.map(({ rows }) => rows[0]!.line)).toEqual(["fixed", "robust", "adaptive", "mobile>edge"]);
      for (const { rows } of lines) {
        expect(rows).toHaveLength(bandwidths.length + 1);
        expect(rows.at(-1)!.s).toBe(bandwidths.length * 10);
        expect(rows.at(-1)!.value).toBe(rows.at(-2)!.value);
      }
      expect(lines[3]!.rows.slice(0, -1).every(({ value }, i) => near(value, bandwidths[i]! / 1e6))).toBe(true);
      const circles = layers.find(({ mark }) => mark.type === "point")!;
      expect(circles.rows).toHaveLength(moving.switches.length);
    },
  );

  test("says what following the bandwidth saves", async () => {
    const said = await words(overTrace(planSample()));
    expect(said[0]).toBe(
      "Following the bandwidth with 2 switches saves 56 %: 40.0 ms on average, against 90.0 ms of distilled on mobile>edge".replace(
        "56 %: 40.0 ms on average, against 90.0 ms",
        saving(),
      ),
    );
    expect(said).toEqual(expect.arrayContaining(["latency, ms", "fixed", "robust", "adaptive", "mobile>edge"]));
  });

  function saving(): string {
    const { fixed, adaptive } = movingOf([20e6, 1e6, 20e6]);
    const ms = (s: number) => `${(s * 1e3).toPrecision(3)} ms`;
    return `${Math.round((1 - adaptive.mean_s / fixed.mean_s) * 100)} %: ${ms(adaptive.mean_s)} on average, against ${ms(fixed.mean_s)}`;
  }
});

describe("predictedMeasured", () => {
  const cells = fc.array(
    fc.tuple(fc.double({ min: 1e-3, max: 10, noNaN: true }), fc.double({ min: 0.5, max: 2, noNaN: true })),
    { minLength: 1, maxLength: 60 },
  );

  test.prop([cells])(
    "draws every cell by its latencies and by its error; red is what its interval misses",
    (sketched) => {
      const made = sketched.map(([measured, ratio]) => cellOf(measured, ratio));
      const data = planOf({
        choices: [{ operator: "identity", placement: "edge", infer_s: 0.1, transfer_s: 0 }],
        cells: made,
      });
      const panels = layersOf(predictedMeasured(data)).filter(({ mark }) => mark.type === "circle");
      expect(panels.map(({ encoding }) => encoding.y!.field)).toEqual(["predicted", "error"]);
      for (const { rows } of panels) {
        expect(rows).toHaveLength(made.length);
        for (const [index, { measured, predicted, error, colour }] of rows.entries()) {
          const cell = made[index]!;
          expect(near(measured, cell.measured_s * 1e3) && near(predicted, cell.predicted_s * 1e3)).toBe(true);
          expect(Number(error)).toBeCloseTo((cell.predicted_s / cell.measured_s - 1) * 100, 0);
          const missed = cell.measured_s < cell.low_s || cell.measured_s > cell.high_s;
          expect(colour).toBe(missed ? palette.BAD : palette.NEUTRAL);
        }
      }
      const errors = made.map(({ measured_s, predicted_s }) => Math.abs(predicted_s / measured_s - 1));
      const within = errors.filter((error) => error <= 0.1).length;
      const percent = median(errors) * 100;
      expect(headline(predictedMeasured(data))).toBe(
        `${within} of ${made.length} prediction${made.length === 1 ? "" : "s"} within 10 % of measured: ` +
          `${percent.toFixed(percent < 10 ? 1 : 0)} % off in the median; repeats differ by 3.0 %`,
      );
    },
  );

  test("names those that are farthest off, by what they are", async () => {
    expect(await words(predictedMeasured(planSample()))).toContain("+22 % net · identity");
  });
});

/** Words that were placed one by one, as boxes; the rims below them left out. */
function placedIn(spec: TopLevelSpec) {
  return layersOf(spec).flatMap((panel: Drawn, kind) =>
    panel.mark.type === "text" && panel.encoding.x?.field === "textX" && panel.mark.stroke === undefined
      ? panel.rows.map((row) => {
          const { text, textX, textY, bold } = row as { text: string; textX: number; textY: number; bold?: boolean };
          return { text, kind, panel, box: boxOf({ textX, textY }, textWidth(text, TEXT_SIZE, bold)) };
        })
      : [],
  );
}

/** Places are rounded to four digits. */
const shrunk = <Box extends { left: number; right: number; top: number; bottom: number }>(box: Box): Box => ({
  ...box,
  left: box.left + 0.2,
  right: box.right - 0.2,
  top: box.top + 0.2,
  bottom: box.bottom - 0.2,
});

/** Equal as far as rounding to four digits, and adding such, allows. */
function near(a: unknown, b: unknown): boolean {
  return Math.abs(Number(a) - Number(b)) <= 5e-3 * Math.max(Math.abs(Number(a)), Math.abs(Number(b)), 1e-9);
}
