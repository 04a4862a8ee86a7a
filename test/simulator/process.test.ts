import { describe, expect, test } from "vitest";
import { type Body, Simulation } from "../../src/simulator/index.ts";

describe("processes", () => {
  test("let time pass, one after the other or side by side", () => {
    const simulation = new Simulation();
    const seen: string[] = [];
    function* clock(name: string, tick: number): Body {
      for (let i = 0; i < 3; i++) {
        seen.push(`${name} ${simulation.now}`);
        yield tick;
      }
    }
    simulation.process(clock("fast", 0.5));
    simulation.process(clock("slow", 1));
    simulation.run();
    expect(seen).toEqual(["fast 0", "slow 0", "fast 0.5", "slow 1", "fast 1", "slow 2"]);
    expect(simulation.now).toBe(3);
  });

  test("wait for a unit of a resource in the order in which they asked", () => {
    const simulation = new Simulation();
    const resource = simulation.resource(2);
    const started: [string, number][] = [];
    function* job(name: string): Body {
      yield resource;
      started.push([name, simulation.now]);
      yield 2;
      resource.release();
    }
    for (const name of ["a", "b", "c", "d", "e"]) simulation.process(job(name));
    simulation.run();
    expect(started).toEqual([
      ["a", 0],
      ["b", 0],
      ["c", 2],
      ["d", 2],
      ["e", 4],
    ]);
    expect(resource.utilisation).toBeCloseTo(10 / 12, 12);
    // Three waited for 2 s, one of them for 2 s more.
    expect(resource.meanQueue).toBeCloseTo((3 * 2 + 2) / 6, 12);
    expect(resource.queued).toBe(0);
  });

  test("wait for other processes, also for those that have ended", () => {
    const simulation = new Simulation();
    const seen: number[] = [];
    function* work(seconds: number): Body {
      yield seconds;
    }
    function* boss(): Body {
      const long = simulation.process(work(5));
      const short = simulation.process(work(1));
      yield long;
      seen.push(simulation.now);
      yield short;
      seen.push(simulation.now);
      expect(short.ended).toBe(true);
    }
    simulation.process(boss());
    simulation.run();
    expect(seen).toEqual([5, 5]);
  });

  test("take items out of a store, or wait for them", () => {
    const simulation = new Simulation();
    const store = simulation.store<string>();
    const taken: [string, number][] = [];
    function* taker(): Body {
      for (let i = 0; i < 3; i++) {
        const item: string = yield store;
        taken.push([item, simulation.now]);
      }
    }
    function* maker(): Body {
      store.put("first");
      yield 1;
      store.put("second");
      store.put("third");
    }
    simulation.process(maker());
    simulation.process(taker());
    simulation.run();
    expect(taken).toEqual([
      ["first", 0],
      ["second", 1],
      ["third", 1],
    ]);
    expect(store.size).toBe(0);
  });

  test("go on when a signal is given, or at once if it was", () => {
    const simulation = new Simulation();
    const signal = simulation.signal();
    const seen: number[] = [];
    function* waiter(delay: number): Body {
      yield delay;
      yield signal;
      seen.push(simulation.now);
    }
    function* giver(): Body {
      yield 2;
      signal.give();
    }
    simulation.process(waiter(0));
    simulation.process(waiter(5));
    simulation.process(giver());
    simulation.run();
    expect(seen).toEqual([2, 5]);
  });

  test("draw the same numbers for the same seed and label, and others for another", () => {
    const draws = (seed: number, label: string) => {
      const draw = new Simulation(seed).draw({ kind: "gamma", mean: 2, cv: 0.5 }, label);
      return Array.from({ length: 5 }, draw);
    };
    expect(draws(1, "a")).toEqual(draws(1, "a"));
    expect(draws(1, "a")).not.toEqual(draws(1, "b"));
    expect(draws(1, "a")).not.toEqual(draws(2, "a"));
  });

  test("mistakes are said", () => {
    const simulation = new Simulation();
    expect(() => simulation.resource(0)).toThrow("at least one unit");
    expect(() => simulation.resource(1).release()).toThrow("nobody holds a unit");
    function* backwards(): Body {
      yield -1;
    }
    simulation.process(backwards());
    expect(() => simulation.run()).toThrow("cannot wait for -1 seconds");
  });
});
