import type { MicroCase } from "./microcase.ts";
import { convolutions } from "./microconvolutions.ts";
import { elementwise } from "./microelementwise.ts";
import { encoders } from "./microencoders.ts";
import { matrices } from "./micromatrices.ts";
import { others } from "./microothers.ts";

export type { MicroCase } from "./microcase.ts";

/** Which micro-kernels there are: the sizes that convolutional networks and encoders are made of, and some between them. */
export function microCases(): MicroCase[] {
  return [...convolutions(), ...matrices(), ...elementwise(), ...others(), ...encoders()];
}
