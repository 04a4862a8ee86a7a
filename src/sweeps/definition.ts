import { createHash } from "node:crypto";
import type { Profile } from "../formats/profile.ts";
import type { Sweep } from "../formats/sweep.ts";
import {
  type Axis,
  axesOf,
  type Documents,
  modelSource,
  openWorld,
  type Sampling,
  samplingOf,
  setPath,
} from "../whatif/index.ts";

/** All that a sweep's rows depend on, as plain data: it can be sent to a thread or another machine, which needs no files. */
export interface SweepDefinition {
  /** Of Tierwise, because another version may compute other rows. */
  readonly version: string;
  readonly sweep: Sweep;
  /** Documents as parsed from YAML. */
  readonly scenario: unknown;
  readonly topology: unknown;
  readonly files: { readonly sweep: string; readonly scenario: string; readonly topology: string };
  /** By the names under which the scenario has them. */
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** A sweep ready to compute rows. */
export interface OpenSweep {
  readonly sweep: Sweep;
  readonly documents: Documents;
  readonly axes: readonly Axis[];
  readonly sampling: Sampling;
  /** Rows that are computed, written and resumed together. */
  readonly chunkRows: number;
  readonly chunks: number;
}

/** Of a request alone a chunk takes a fraction of a second; with a search per row, some seconds. */
const CHUNK_ROWS = 16_384;
/** Simulations are slow: that many pieces, so that little is lost when one is interrupted. */
const SIMULATED_CHUNKS = 1024;

/** @throws Problem when paths, values or the world are wrong */
export function openSweep({ sweep, scenario, topology, files, profiles }: SweepDefinition): OpenSweep {
  const world = openWorld(
    scenario,
    topology,
    files,
    modelSource((name) => profiles[name]!),
    sweep.class,
  );
  const documents = Object.entries(sweep.set).reduce((at, [path, value]) => setPath(at, path, value), world);
  const axes = axesOf(documents, sweep.axes, files.sweep);
  const sampling = samplingOf(axes, sweep.sampling);
  const chunkRows =
    sweep.load === "none" ? CHUNK_ROWS : Math.min(CHUNK_ROWS, Math.ceil(sampling.count / SIMULATED_CHUNKS));
  return { sweep, documents, axes, sampling, chunkRows, chunks: Math.ceil(sampling.count / chunkRows) };
}

/** Tells sweeps apart: equal where all rows are equal. File names do not count. */
export function fingerprintOf({ files: _, ...definition }: SweepDefinition): string {
  return createHash("sha256")
    .update(JSON.stringify([CHUNK_ROWS, SIMULATED_CHUNKS, definition]))
    .digest("hex")
    .slice(0, 16);
}
