/**
 * Predicted against measured time of variants, whole and cut: `npm run bench:fidelity -- --operators`.
 *
 * Each variant is profiled with a few cuts. In the same turns as the profile's own samples, which alone make predictions,
 * are sampled: heads and tails of the cuts; the variant once more, from its file, in a session of its own; the model itself,
 * for the speed-up; and where the variant is a twin of something that was really trained, that.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { loadModel, segmentSeconds } from "../../src/costmodel/index.ts";
import { analyse } from "../../src/onnx/index.ts";
import {
  inputTypes,
  loadSession,
  makeFeeds,
  medianInterval,
  profileModel,
  Runner,
  type Shapes,
} from "../../src/profiler/index.ts";
import { openModel } from "../../src/store/index.ts";
import type { Effort } from "./session.ts";
import { madeVariant, type Subject, type WantedVariant } from "./variants.ts";

/** Seconds of a run as JavaScript sees it. */
export interface OperatorRow {
  readonly model: string;
  readonly operator: string;
  /** `trained`: the trained variant's file was measured, its twin's profile predicts. */
  readonly part: "whole" | "head" | "tail" | "trained";
  /** Null where nothing is cut. */
  readonly cut: string | null;
  /** Whether all that crosses the cut is 8 bits wide; null where nothing is cut. */
  readonly quantisedCut: boolean | null;
  readonly measured: number;
  readonly predicted: number;
}

/** A variant against the model itself. */
export interface SpeedUp {
  readonly model: string;
  readonly operator: string;
  /** Seconds of a run: of the variant, and of the model itself in the same turns. */
  readonly seconds: number;
  readonly identitySeconds: number;
  /** The model's time over the variant's: measured in the same turns, and predicted from the profiles of both. */
  readonly measured: number;
  readonly predicted: number;
  /** Share of the multiply-adds in convolutions and products that integer kernels do; null where nothing is quantised. */
  readonly integerShare: number | null;
}

export interface OperatorResult {
  readonly rows: readonly OperatorRow[];
  readonly speedUps: readonly SpeedUp[];
}

const SETTINGS = { threads: 1, optimisation: "all" } as const;

export async function compareOperators(subject: Subject, { perModel, budgetSeconds }: Effort): Promise<OperatorResult> {
  const { name, shapes, variants } = subject;
  const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-fidelity-"));
  const original = subject.file();
  const rows: OperatorRow[] = [];
  const speedUps: SpeedUp[] = [];
  let identity = Number.NaN;
  try {
    for (const wanted of variants) {
      process.stderr.write(`${wanted.label} … `);
      const found = await madeVariant(original, wanted, shapes, folder, async (file, integerShare) => ({
        ...(await measured(file, original, wanted, shapes, perModel, budgetSeconds / variants.length)),
        integerShare: integerShare ?? null,
      }));
      const whole = found.rows.find(({ part }) => part === "whole")!;
      if (wanted.operators === undefined) identity = whole.predicted;
      rows.push(...found.rows.map((row) => ({ model: name, operator: wanted.label, ...row })));
      speedUps.push({
        model: name,
        operator: wanted.label,
        seconds: whole.measured,
        identitySeconds: found.identitySeconds,
        measured: found.identitySeconds / whole.measured,
        predicted: identity / whole.predicted,
        integerShare: found.integerShare,
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, speedUps };
}

type Row = Omit<OperatorRow, "model" | "operator">;

async function measured(
  file: string,
  original: string,
  { label, operators, trained }: WantedVariant,
  shapes: Shapes,
  cuts: number,
  budgetSeconds: number,
): Promise<{ rows: Row[]; identitySeconds: number }> {
  const again = await runner(file, shapes);
  const itself = operators === undefined ? undefined : await runner(original, shapes);
  const real = trained === undefined ? undefined : await runner(trained, shapes);
  const { profile, measured } = await profileModel(file, openModel(file), undefined, {
    settings: SETTINGS,
    shapes,
    inputs: new Map(),
    budgetSeconds,
    cuts,
    operator: label,
    onProgress: () => {},
    alsoMeasure: (asked, end) =>
      asked.flatMap(({ position }) => [
        { from: 0, to: position },
        { from: position, to: end },
      ]),
    beside: [again, itself, real].filter((one) => one !== undefined),
  });
  const model = loadModel(profile);
  const whole = segmentSeconds(model, null, null).seconds;
  const uncut = { cut: null, quantisedCut: null, predicted: whole };
  const rows: Row[] = [{ part: "whole", ...uncut, measured: await seconds(again) }];
  if (real) rows.push({ part: "trained", ...uncut, measured: await seconds(real) });
  for (const { from, to, requests } of measured.slice(1)) {
    const part = from === 0 ? "head" : "tail";
    const cut = profile.cuts.find(({ position }) => position === (part === "head" ? to : from))!;
    rows.push({
      part,
      cut: cut.id,
      quantisedCut: cut.tensors.every((index) => ["uint8", "int8"].includes(profile.tensors[index]!.dtype)),
      measured: medianInterval(requests).median_s,
      predicted: segmentSeconds(model, part === "head" ? null : cut.id, part === "head" ? cut.id : null).seconds,
    });
  }
  return { rows, identitySeconds: itself ? await seconds(itself) : rows[0]!.measured };
}

async function runner(file: string, shapes: Shapes): Promise<Runner> {
  const feeds = makeFeeds(inputTypes(analyse(openModel(file)), shapes));
  return new Runner(await loadSession(file, SETTINGS), feeds);
}

async function seconds(one: Runner): Promise<number> {
  return medianInterval((await one.finish()).request).median_s;
}
