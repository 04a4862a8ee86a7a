import { type Calibrated, calibratedFrom } from "../calibration/index.ts";
import { calibrationSchema } from "../formats/calibration.ts";
import { problemOf } from "../formats/issues.ts";
import { Problem } from "../formats/problem.ts";
import type { Topology } from "../formats/topology.ts";
import { readText } from "../store/index.ts";

/**
 * Reads a calibration file.
 * @throws Problem naming the file and the field
 */
export function readCalibration(file: string, topology?: Topology): Calibrated {
  let document: unknown;
  try {
    document = JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Problem(`${file} is not JSON: ${error.message}`);
    throw error;
  }
  const parsed = calibrationSchema.safeParse(document);
  if (!parsed.success) throw problemOf(parsed.error, file);
  return calibratedFrom(parsed.data, topology);
}
