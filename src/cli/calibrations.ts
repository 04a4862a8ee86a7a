import { type Calibrated, calibratedFrom, type Known } from "../calibration/index.ts";
import { calibrationSchema } from "../formats/calibration.ts";
import { problemOf } from "../formats/issues.ts";
import { Problem } from "../formats/problem.ts";
import { readText } from "../store/index.ts";
import { readProfile } from "./profiling.ts";
import { readTopology } from "./topologies.ts";

/**
 * Reads a calibration file.
 * @throws Problem naming the file and the field
 */
export function readCalibration(file: string, known: Known): Calibrated {
  let document: unknown;
  try {
    document = JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Problem(`${file} is not JSON: ${error.message}`);
    throw error;
  }
  const parsed = calibrationSchema.safeParse(document);
  if (!parsed.success) throw problemOf(parsed.error, file);
  return calibratedFrom(parsed.data, known);
}

/** What `--profiles` and `--topology` say. */
export function readKnown(profiles: readonly string[], topology: string | undefined): Known {
  return {
    profiles: profiles.map(readProfile),
    topology: topology === undefined ? undefined : readTopology(topology),
  };
}
