import { fc, test } from "@fast-check/vitest";
import { mean, quantile } from "simple-statistics";
import { describe, expect } from "vitest";
import {
  aloneIn,
  amongOthers,
  type Demands,
  demandsIn,
  networkOf,
  rateAt,
  type StreamRun,
  slowed,
  slownessOf,
} from "../../bench/fidelity/demands.ts";
import { type Pace, paceFrom, paceIn } from "../../bench/fidelity/pace.ts";
import { pooled, spreadIn } from "../../bench/fidelity/rounds.ts";
import { RandomStream } from "../../src/random/index.ts";
import { simulate } from "../../src/simulator/index.ts";

const STEADY: Pace = { mobile: { steps: [{ at_s: 0, rate: 1 }] }, edge: { steps: [{ at_s: 0, rate: 1 }] } };
const LINK_BPS = 1e9;

/** A detector cut in two: 6 ms and 2 of handling at the entering tier, 9 and 0.5 at the other; one message in fifty is held up. */
const DETECTOR: Demands = {
  out: 0.006,
  there: 0.009,
  back: 0.0001,
  rest: Array.from({ length: 200 }, (_, i) => (i < 196 ? 0.004 + i * 1e-5 : 0.06)),
  processor_s: { mobile: 0.0081, edge: 0.0095 },
  bits: 1e5,
};

function moments(rate: number, count: number, seed: number): number[] {
  const random = new RandomStream(seed);
  let at = 0;
  return Array.from({ length: count }, () => {
    at += random.exponential() / rate;
    return at;
  });
}

/** What would be measured of such requests, and each one's latency. */
function streamOf(demands: Demands, rate: number, count: number, seed: number, pace = STEADY): StreamRun[] {
  const times = moments(rate, count, seed);
  const stays = new Map<number, { started_s: number; entered_s: number; left_s: number }[]>();
  simulate(networkOf(demands, pace, times), {
    requests: count,
    seed,
    record: ({ request, ...stay }) => {
      stays.set(request, [...(stays.get(request) ?? []), stay]);
    },
  });
  return [...stays.values()].map(([out, , there, back], request) => {
    const inferred = (stop: typeof out, share: number) => (stop!.left_s - stop!.started_s) * share;
    return {
      model: "detector",
      operator: "identity",
      placement: "mobile>edge",
      links: {},
      tiers: {},
      request,
      repeat: 1,
      rate,
      sent_s: out!.entered_s,
      latency_s: back!.left_s - out!.entered_s,
      stages: {
        mobile_infer: inferred(out, demands.out / (demands.processor_s.mobile - demands.back)),
        edge_infer: inferred(there, demands.there / demands.processor_s.edge),
        mobile_decode: inferred(back, 1),
      },
      bytes: { "mobile>edge": demands.bits / 8 },
      processor_s: demands.processor_s,
      waited_s: [out, there, back].reduce((sum, stop) => sum + stop!.started_s - stop!.entered_s, 0),
    };
  });
}

const latencies = (stream: readonly StreamRun[]) => stream.map(({ latency_s }) => latency_s!);

describe("what requests take", () => {
  const light = aloneIn(streamOf(DETECTOR, 20, 5000, 1));
  const full = demandsIn(streamOf(DETECTOR, 100, 5000, 2));

  test("is found in streams of any rate", () => {
    for (const found of [light, full]) {
      for (const stop of ["out", "there", "back"] as const) expect(found[stop]).toBeCloseTo(DETECTOR[stop], 8);
      expect(found.processor_s).toEqual(DETECTOR.processor_s);
      expect(found.bits).toBe(DETECTOR.bits);
      // What is handled between two services is on the request's own way, too.
      expect(mean([...found.rest])).toBeCloseTo(mean([...DETECTOR.rest]), 3);
    }
  });

  test("is not less for lone requests because long ones seldom stay alone", () => {
    const heldUp = ({ rest }: Demands) => rest.filter((seconds) => seconds > 0.03).length / rest.length;
    expect(heldUp(light)).toBeGreaterThan(0.012);
    expect(heldUp(light)).toBeLessThan(0.028);
  });

  test("makes the latencies of streams that were not looked at", () => {
    for (const utilisation of [0.3, 0.5, 0.8]) {
      const rate = rateAt(utilisation, light, full, LINK_BPS);
      expect(rate).toBeCloseTo(utilisation / DETECTOR.processor_s.edge, 6);
      const truth = latencies(streamOf(DETECTOR, rate, 20_000, 3));
      const guess = latencies(streamOf(amongOthers(rate, light, full), rate, 20_000, 3));
      for (const share of [0.5, 0.95]) expect(quantile(guess, share) / quantile(truth, share)).toBeCloseTo(1, 1);
    }
  });

  test("is limited by the link where that is the narrowest", () => {
    expect(rateAt(0.5, light, full, 1e5)).toBeCloseTo(0.5, 9);
  });
});

describe("speeds", () => {
  const factor = fc.double({ min: 0.5, max: 2, noNaN: true });
  const both = fc.record({ mobile: factor, edge: factor });

  test.prop([both])("are found again", (slowness) => {
    const found = slownessOf(slowed(DETECTOR, slowness), DETECTOR);
    expect(found.mobile).toBeCloseTo(slowness.mobile, 9);
    expect(found.edge).toBeCloseTo(slowness.edge, 9);
  });

  test.prop([fc.array(fc.tuple(both, both), { minLength: 2, maxLength: 8 })])(
    "are one to a round, and its requests those of the others but for it",
    (all) => {
      const shown = all.map(([alone, busy]) => ({ alone: slowed(DETECTOR, alone), busy: slowed(DETECTOR, busy) }));
      const rounds = pooled(shown);
      for (const { alone, busy } of rounds) {
        for (const round of rounds) {
          const slower = round.alone.there / alone.there;
          expect(round.busy.there / busy.there).toBeCloseTo(slower, 9);
          expect(round.busy.processor_s.edge / busy.processor_s.edge).toBeCloseTo(slower, 9);
        }
      }
    },
  );

  test.prop([fc.array(both, { minLength: 2, maxLength: 8 })])("have no spread where both streams agree", (all) => {
    const rounds = all.map((slowness) => ({ alone: slowed(DETECTOR, slowness), busy: slowed(DETECTOR, slowness) }));
    expect(spreadIn(rounds).mobile).toBeCloseTo(0, 9);
    expect(spreadIn(rounds).edge).toBeCloseTo(0, 9);
  });
});

describe("paces", () => {
  const SLOW: Pace["edge"] = {
    steps: [
      { at_s: 0, rate: 1 },
      { at_s: 2, rate: 0.25 },
      { at_s: 3, rate: 1 },
    ],
  };

  test("say when a tier was slow, and that it was 1 in the mean of its services", () => {
    const { edge } = paceIn(streamOf(DETECTOR, 60, 300, 4, { ...STEADY, edge: SLOW }));
    const at = (moment: number) => edge.steps.findLast(({ at_s }) => at_s <= moment)!.rate;
    const served = Array.from({ length: 50 }, (_, i) => [at(0.5 + i / 50), at(2.1 + i * 0.016)] as const);
    const quick = quantile(
      served.map(([rate]) => rate),
      0.9,
    );
    const slow = quantile(
      served.map(([, rate]) => rate),
      0.5,
    );
    expect(quick / slow).toBeCloseTo(4, 1);
    expect(edge.steps.at(-1)!.rate).toBe(1);
  });

  const steps = fc
    .array(fc.tuple(fc.double({ min: 1e-3, max: 5, noNaN: true }), fc.double({ min: 0.1, max: 4, noNaN: true })), {
      minLength: 1,
      maxLength: 12,
    })
    .map((lengths) => {
      let at_s = 0;
      const begun = lengths.map(([length, rate]) => {
        const step = { at_s, rate };
        at_s += length;
        return step;
      });
      return { steps: [...begun, { at_s, rate: 1 }] };
    });

  test.prop([steps, fc.double({ min: 0, max: 0.999, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })])(
    "begun later do the same work later, and again and again",
    (pace, share, moment) => {
      const { edge } = paceFrom(share, { mobile: pace, edge: pace });
      const period = pace.steps.at(-1)!.at_s;
      expect(edge.repeat_s).toBe(period);
      expect(edge.steps[0]!.at_s).toBe(0);
      const done = (some: Pace["edge"]["steps"], until: number) =>
        some.reduce((work, { at_s, rate }, i) => {
          const end = Math.min(some[i + 1]?.at_s ?? period, until);
          return work + Math.max(0, end - at_s) * rate;
        }, 0);
      const own = pace.steps.slice(0, -1);
      const [start, until] = [share * period, moment * period];
      const wrapped = Math.max(0, start + until - period);
      const expected = done(own, Math.min(period, start + until)) - done(own, start) + done(own, wrapped);
      expect(done(edge.steps, until)).toBeCloseTo(expected, 6);
    },
  );
});
