/**
 * What if: a scenario and its topology with fields changed by path, and questions about them. `setPath` and `outcomeOf`
 * answer one change, always by way of the documents' own checks; `solve` finds the value at which a condition begins to
 * hold; `tornado` and `sobolIndices` say which inputs matter; an `Engine` answers a million changes a second, and
 * `samplingOf` chooses them. Pure: documents and profiles are handed in, and random numbers come from a seed.
 */
export { type Axis, axesOf } from "./axes.ts";
export { Engine, type Input } from "./engine.ts";
export { factsOf } from "./facts.ts";
export {
  ALONE,
  type Expression,
  type Facts,
  type Goal,
  LOADED,
  loadedFigure,
  parseExpression,
  parseGoal,
} from "./goal.ts";
export { type Interval, type SobolIndex, type SobolOptions, sobolIndices } from "./indices.ts";
export {
  type LoadedOutcome,
  type LoadOptions,
  loadedOutcomeOf,
  type Outcome,
  outcomeOf,
  PARTS,
  type Part,
} from "./outcome.ts";
export { type Field, fieldOf, knownPaths, read } from "./paths.ts";
export { type Sampling, samplingOf } from "./sampling.ts";
export { type Range, type Sensitivity, sensitivity } from "./sensitivity.ts";
export { MOST_DIMENSIONS, SobolSequence } from "./sobol.ts";
export { type Crossing, choicesOf, type Solution, type SolveOptions, solve } from "./solve.ts";
export { type Tornado, type TornadoBar, tornado } from "./tornado.ts";
export { amountOf, formatAmount, numberField, rawAmount, requireAmount } from "./values.ts";
export {
  type Documents,
  type ModelSource,
  modelSource,
  openWorld,
  operatorsOf,
  parseWorld,
  setPath,
  type World,
} from "./world.ts";
