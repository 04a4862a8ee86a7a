import { describe, expect, test } from "vitest";
import { tierwise } from "./tierwise.ts";

const ask = (...args: string[]) => tierwise(["whatif", "receipts-at-the-till", ...args]);
const BANDWIDTH = "topology.links.mobile>edge.bandwidth";

describe("tierwise whatif", () => {
  test("--set: before, after, and what was changed", () => {
    const { changes, before, after, solution } = ask(
      "--set",
      `${BANDWIDTH}=20 Mbit/s`,
      "--requests",
      "2000",
      "--json",
    ).json();
    expect(changes).toEqual([{ path: BANDWIDTH, from: "120 Mbit/s", to: "20 Mbit/s" }]);
    expect(solution).toBeNull();
    expect(after.compute_s).toBe(before.compute_s);
    // Six times as long on the link, but for its delay of 2 ms there and back.
    expect(after.network_s - 0.004).toBeCloseTo(6 * (before.network_s - 0.004), 9);
    expect(before.stages).toHaveLength(7);
    expect(before.under_load.p95_s.value).toBeGreaterThan(before.latency_s);
    expect(after.under_load.overloaded).toEqual(["medium:wi-fi"]);
  });

  test("--set prints tables with the difference per stage", () => {
    const { stdout, status } = ask("--set", `${BANDWIDTH}=20 Mbit/s`, "--no-load");
    expect(status).toBe(0);
    expect(stdout).toMatch(/network\s+222 ms\s+1\.31 s\s+\+491 %/);
    expect(stdout).toMatch(/transfer\s+link:mobile>edge\s+request\s+166 ms\s+985 ms\s+\+819 ms/);
  });

  test("--solve: the solution, and the world with it", () => {
    const { solution, after } = ask("--solve", BANDWIDTH, "--until", "latency_s <= 0.3", "--no-load", "--json").json();
    expect(solution.crossings).toHaveLength(1);
    expect(after.latency_s).toBeLessThanOrEqual(0.3);
    expect(after.latency_s).toBeCloseTo(0.3, 8);
    expect(solution.text).toMatch(/Mbit\/s$/);
  });

  test("--tornado and --sobol", () => {
    const { tornado, sobol } = ask(
      "--tornado",
      "0.2",
      "--sobol",
      `${BANDWIDTH}=50 Mbit/s..200 Mbit/s`,
      "--samples",
      "256",
      "--no-load",
      "--json",
    ).json();
    expect(tornado).toMatchObject({ outcome: "latency_s", share: 0.2 });
    expect(tornado.bars[0].path).toBe(BANDWIDTH);
    expect(sobol.inputs).toEqual([expect.objectContaining({ path: BANDWIDTH, from: "50 Mbit/s", to: "200 Mbit/s" })]);
    expect(sobol.inputs[0].total.value).toBeCloseTo(1, 1);
  });

  test("--paths lists what can be set", () => {
    const { paths } = ask("--paths", "--json").json();
    expect(paths).toContainEqual({ path: BANDWIDTH, value: "120 Mbit/s" });
  });

  test.each([
    [[], "nothing is asked"],
    [["--set", "x"], "write PATH=VALUE"],
    [["--set", `${BANDWIDTH}=20 ms`], "'20 ms' is not a bandwidth"],
    [["--set", `${BANDWIDTH}=1`, "--set", `${BANDWIDTH}=2`], "is set twice"],
    [["--solve", BANDWIDTH], "belong together"],
    [["--solve", BANDWIDTH, "--until", "p95_s < 1", "--no-load"], "need the load that --no-load leaves out"],
    [["--solve", BANDWIDTH, "--until", "latency_s < 0.01", "--no-load"], "nearest: 120 Gbit/s gives latency_s = "],
    [["--solve", BANDWIDTH, "--until", "latency_s < 0.3", "--between", "1 s..2 s"], "'1 s' is not a bandwidth"],
    [["--tornado", "2"], "write a share above 0 and below 1"],
    [["--sobol", `${BANDWIDTH}=1 Mbit/s`], "write LOW..HIGH"],
    [["--class", "tll", "--tornado"], 'did you mean "till"'],
  ])("what cannot be answered is said: %j", (args, message) => {
    const { status, stderr } = ask(...args, "--requests", "500");
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(status).toBe(2);
  });
});
