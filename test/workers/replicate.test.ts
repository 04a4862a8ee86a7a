import { expect, test } from "vitest";
import { simulate } from "../../src/simulator/index.ts";
import { replicate } from "../../src/workers/index.ts";
import { exponential, single, TANDEM } from "../simulator/networks.ts";

test("replications are the runs of consecutive seeds, whatever the number of threads", async () => {
  const [one, two] = await Promise.all(
    [1, 2].map((threads) => replicate(TANDEM, { seed: 5, requests: 3000 }, { replications: 4, threads })),
  );
  expect(two).toEqual(one);
  const alone = [5, 6, 7, 8].map((seed) => simulate(TANDEM, { seed, requests: 3000 }).latency.mean.value);
  expect(one!.latency.mean.value).toBeCloseTo(alone.reduce((sum, mean) => sum + mean, 0) / 4, 12);
  expect(one!.requests).toBe(12_000);
});

test("their interval holds the truth", async () => {
  const progress: number[] = [];
  const outcome = await replicate(
    single({}, 0.7, exponential(1)),
    { requests: 20_000, confidence: 0.99 },
    { replications: 20, threads: 2, onProgress: (done) => void progress.push(done) },
  );
  expect(outcome.latency.mean.low).toBeLessThan(1 / 0.3);
  expect(outcome.latency.mean.high).toBeGreaterThan(1 / 0.3);
  expect(outcome.latency.mean.high - outcome.latency.mean.low).toBeLessThan(0.5);
  expect(progress).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

test("a network that cannot be simulated is a Problem, from the other thread, too", async () => {
  const network = single({ servers: 0 }, 0.7, exponential(1));
  await expect(replicate(network, {}, { replications: 2 })).rejects.toThrow('station "s": servers is 0');
});
