import { type Calibrated, calibratedFrom, type Known } from "../calibration/index.ts";
import { calibrationSchema } from "../formats/calibration.ts";
import { Problem } from "../formats/problem.ts";
import type { Profile } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";
import type { RunTable } from "../store/index.ts";
import { readJson } from "./documents.ts";
import { note } from "./output.ts";
import { readProfile } from "./profiles.ts";
import { readTopology } from "./topologies.ts";

/**
 * Reads a calibration file that predicts tables of runs.
 * @throws Problem naming the file and the field
 */
export function readCalibration(file: string, known: Known): Calibrated {
  const document = readJson(file, calibrationSchema);
  if (document.profiled && !known.profiles?.length) {
    throw new Problem(`${file} was fitted with profiles; give them with --profiles`);
  }
  if (!document.profiled && known.profiles?.length) throw withoutProfiles(file);
  return calibratedFrom(document, known);
}

/**
 * Reads a calibration file that corrects predictions from profiles.
 * @throws Problem when it was not fitted with profiles, or not of this model
 */
export function readProfiledCalibration(file: string, profiles: readonly Profile[], topology: Topology): Calibrated {
  const document = readJson(file, calibrationSchema);
  if (!document.profiled) throw withoutProfiles(file);
  return calibratedFrom(document, { profiles, topology });
}

function withoutProfiles(file: string): Problem {
  return new Problem(`${file} was fitted without profiles and knows no stages; run: tierwise calibrate --profiles …`);
}

/** A table without its open streams: their requests wait for one another, which is `simulate`'s to predict. */
export function withoutStreams(table: RunTable): RunTable {
  const closed = table.runs.map(({ rate }) => rate === undefined);
  const left = closed.filter((one) => !one).length;
  if (left === 0) return table;
  if (left === table.runs.length) throw new Problem(`${table.file} has streams only; they are for tierwise simulate`);
  note(`${left} rows of streams (with a rate) are left out: tierwise simulate predicts those`);
  return {
    ...table,
    runs: table.runs.filter((_, i) => closed[i]),
    records: table.records.filter((_, i) => closed[i]),
  };
}

/** What `--profiles` and `--topology` say. */
export function readKnown(profiles: readonly string[], topology: string | undefined): Known {
  return {
    profiles: profiles.map(readProfile),
    topology: topology === undefined ? undefined : readTopology(topology),
  };
}
