import type { Measurement } from "../formats/common.ts";
import type { Graph } from "../onnx/index.ts";
import type { Settings } from "./planning.ts";
import { type Feeds, loadSession, type Values } from "./runtime.ts";
import { Runner, sampleInterleaved } from "./sampling.ts";
import { medianInterval } from "./statistics.ts";

/** The two parts of a model that was really cut: paths of ONNX files. */
export interface Parts {
  readonly head: string;
  readonly tail: string;
}

/** How long both parts of a cut took, one after the other, as JavaScript sees it. */
export interface CheckedCut {
  readonly head: Measurement;
  readonly tail: Measurement;
  /** Largest difference of an output of the chained parts from the whole's, relative to the output's largest value. */
  readonly difference: number;
}

/**
 * Runs a model whole and cut, by turns, and compares outputs.
 * @param whole path of the model
 * @param budgetSeconds for all repetitions together
 */
export async function checkParts(
  graph: Graph,
  whole: string,
  parts: readonly Parts[],
  feeds: Feeds,
  settings: Settings,
  budgetSeconds: number,
  onProgress: (share: number) => void,
): Promise<{ whole: Measurement; cuts: CheckedCut[] }> {
  const wholeSession = await loadSession(whole, settings);
  const expected = await wholeSession.run(feeds);
  const wholeRunner = new Runner(wholeSession, feeds);
  const loaded = [];
  for (const { head, tail } of parts) {
    const [first, second] = [await loadSession(head, settings), await loadSession(tail, settings)];
    const headFeeds = pick(feeds, first.inputs.keys());
    const crossing = await first.run(headFeeds);
    const tailFeeds = pick({ ...feeds, ...crossing }, second.inputs.keys());
    const outputs = { ...crossing, ...(await second.run(tailFeeds)) };
    const names = graph.model.outputs.map(({ name }) => name);
    const difference = Math.max(...names.map((name) => relativeDifference(expected[name]!, outputs[name]!)));
    loaded.push({ head: new Runner(first, headFeeds), tail: new Runner(second, tailFeeds), difference });
  }
  await sampleInterleaved(
    [wholeRunner, ...loaded.flatMap(({ head, tail }) => [head, tail])],
    budgetSeconds,
    onProgress,
  );
  const requests = async (runner: Runner) => medianInterval((await runner.finish()).request);
  const cuts: CheckedCut[] = [];
  for (const { head, tail, difference } of loaded)
    cuts.push({ head: await requests(head), tail: await requests(tail), difference });
  return { whole: await requests(wholeRunner), cuts };
}

function pick(feeds: Feeds, names: Iterable<string>): Feeds {
  return Object.fromEntries([...names].map((name) => [name, feeds[name]!]));
}

function relativeDifference(expected: Values, actual: Values): number {
  const a = expected.data as ArrayLike<number | bigint>;
  const b = actual.data as ArrayLike<number | bigint>;
  let largest = 0;
  let difference = 0;
  for (let index = 0; index < a.length; index++) {
    largest = Math.max(largest, Math.abs(Number(a[index])));
    difference = Math.max(difference, Math.abs(Number(a[index]) - Number(b[index])));
  }
  return largest > 0 ? difference / largest : difference;
}
