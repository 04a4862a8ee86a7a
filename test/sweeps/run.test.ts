import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readSweep } from "../../src/cli/worlds.ts";
import { openSweep, RowMaker } from "../../src/sweeps/index.ts";
import { freshFolder, tierwise } from "../e2e/tierwise.ts";
import { census, difference, query } from "./duckdb.ts";
import { journaled, Tierwise, until, writeSweep } from "./processes.ts";

const BANDWIDTH = "topology.links.mobile>edge.bandwidth";
const sweep = (document: object) => {
  const folder = freshFolder();
  writeFileSync(path.join(folder, "sweep.yaml"), JSON.stringify({ scenario: "receipts-at-the-till", ...document }));
  return {
    folder,
    run: (...args: string[]) => tierwise(["sweep", "sweep.yaml", "-o", "out.parquet", ...args], folder),
  };
};

test("a killed sweep goes on where it was, and loses or repeats no row", { timeout: 240_000 }, async () => {
  const folder = freshFolder();
  const file = writeSweep(folder, 600_000);
  const [killed, whole] = [path.join(folder, "killed.parquet"), path.join(folder, "whole.parquet")];
  let times = 0;
  for (const least of [1, 6]) {
    const run = new Tierwise(["sweep", file, "-o", killed, "--threads", "1"], folder);
    await until(() => journaled(killed) >= least || run.process.exitCode !== null, "chunks");
    await run.kill();
    times += run.process.signalCode === "SIGKILL" ? 1 : 0;
  }
  expect(times).toBe(2);
  const left = journaled(killed);
  const finished = await new Tierwise(["sweep", file, "-o", killed, "--json"], folder).json();
  expect(finished).toMatchObject({ scenarios: 600_000, file: killed, resumed: left * 16_384 });
  await new Tierwise(["sweep", file, "-o", whole, "--json", "--threads", "2"], folder).json();
  expect(await census(killed)).toEqual([600_000, 600_000, 0, 599_999]);
  expect(await difference(killed, whole)).toBe(0);
});

test("a row is what whatif says", async () => {
  const { folder, run } = sweep({
    axes: {
      [BANDWIDTH]: ["5 Mbit/s", "80 Mbit/s"],
      "topology.devices.edge-box.speed": { from: 0.5, to: 2, steps: 3, scale: "log" },
      placement: ["edge", "best"],
    },
  });
  const { scenarios, file } = run("--json").json();
  expect(scenarios).toBe(12);
  expect(file).toBe("out.parquet");
  const rows = await query(
    `SELECT "${BANDWIDTH}", "topology.devices.edge-box.speed", placement, latency_s, network_s, bytes, feasible, chosen_placement, chosen_cut FROM '${folder}/out.parquet' ORDER BY scenario`,
  );
  expect(rows.map(([bandwidth]) => bandwidth)).toEqual([...Array(6).fill(5e6), ...Array(6).fill(80e6)]);
  for (const [bandwidth, speed, placement, ...outcome] of [rows[0]!, rows[3]!, rows[11]!]) {
    const { after } = tierwise([
      "whatif",
      "receipts-at-the-till",
      "--no-load",
      "--json",
      ...[
        "--set",
        `${BANDWIDTH}=${bandwidth}`,
        "--set",
        `topology.devices.edge-box.speed=${speed}`,
        "--set",
        `placement=${placement}`,
      ],
    ]).json();
    expect(outcome).toEqual([
      after.latency_s,
      after.network_s,
      after.bytes,
      after.feasible,
      after.placement,
      after.cut ?? "",
    ]);
  }
});

test("under load a row is what simulate says", async () => {
  const { folder, run } = sweep({
    axes: { "workload.till.arrivals.users": [2, 10] },
    load: { requests: 3000, seed: 7 },
  });
  expect(run().status).toBe(0);
  const rows = await query(
    `SELECT p95_s, throughput, failed, overloaded, "utilisation_tier:edge" FROM '${folder}/out.parquet' ORDER BY scenario`,
  );
  const simulated = tierwise([
    "simulate",
    "receipts-at-the-till",
    "--requests",
    "3000",
    "--seed",
    "7",
    "--json",
  ]).json();
  const till = simulated.classes.find(({ name }: { name: string }) => name === "till");
  expect(rows[1]).toEqual([
    till.latency_s.p95.value,
    simulated.throughput,
    0,
    false,
    simulated.utilisation["tier:edge"],
  ]);
  expect(rows[0]![0] as number).toBeLessThan(rows[1]![0] as number);
});

test.each([
  [{ axes: {} }, "axes: needs at least one"],
  [{ axes: { [BANDWIDTH]: { from: 1, to: 2 } } }, "a range of a grid needs steps"],
  [{ axes: { "topology.links.mobile>egde.bandwidth": [1] } }, 'did you mean "topology.links.mobile>edge.bandwidth"'],
  [{ axes: { [BANDWIDTH]: ["20 ms"] } }, "'20 ms' is not a bandwidth"],
  [{ axes: { [BANDWIDTH]: { from: 0, to: 2, steps: 2, scale: "log" } } }, "begins above 0"],
  [{ axes: { "tiers.edge.replicas": [1, 2] } }, "simulate the load"],
  [{ axes: { placement: ["edge", "moon"] } }, 'unknown tier "moon"'],
  [{ axes: { [BANDWIDTH]: 5 } }, "neither a list of values nor a range"],
  [{ axes: { [BANDWIDTH]: [5] }, sampling: { method: "sobol" } }, "sampling"],
  [{ axes: { [BANDWIDTH]: [5] }, scenario: "receits" }, "cannot read"],
])("a sweep that makes no sense is refused: %j", (document, message) => {
  const file = path.join(freshFolder(), "sweep.yaml");
  writeFileSync(file, JSON.stringify({ scenario: "receipts-at-the-till", ...document }));
  expect(() => new RowMaker(openSweep(readSweep(file)))).toThrow(
    expect.objectContaining({ name: "Problem", message: expect.stringContaining(message) }),
  );
});

test("a mistake is one message, and no file is begun", () => {
  const { folder, run } = sweep({ axes: { [BANDWIDTH]: ["20 ms"] } });
  const { status, stderr } = run();
  expect(stderr).toMatch(/^error: .*sweep\.yaml: axes\..*: '20 ms' is not a bandwidth/m);
  expect(stderr).not.toContain("    at ");
  expect(status).toBe(2);
  expect(readdirSync(folder)).toEqual(["sweep.yaml"]);
});
