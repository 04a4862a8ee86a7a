import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import { readRuns } from "../../src/store/index.ts";
import { isLeftover, ownerName } from "../../src/testbed/owner.ts";
import { fixture, freshFolder, tierwise } from "./tierwise.ts";

const MODEL = `{ file: ${fixture("fmnist_resnet.onnx")}, shapes: { image: 1x1x28x28 } }`;
const TOPOLOGY = `
tiers: [{ name: mobile }, { name: edge }, { name: cloud }]
links:
  - { from: mobile, to: edge, bandwidth: 20 Mbit/s, delay: 3 ms }
  - { from: edge, to: cloud, bandwidth: 50 Mbit/s, burst: 20 kB }
`;

/** A folder with a scenario that measures so. */
function scenario(measure: string, topology = TOPOLOGY): string {
  const folder = freshFolder();
  writeFileSync(path.join(folder, "t.yaml"), topology);
  writeFileSync(
    path.join(folder, "s.yaml"),
    `topology: t.yaml\nmeasure:\n${/^models:/m.test(measure) ? "" : `  models: [${MODEL}]\n`}${measure.replace(/^/gm, "  ")}\n`,
  );
  return folder;
}

const BIN = path.resolve("bin/tierwise.js");
const start = (args: readonly string[], cwd: string) =>
  spawn(process.execPath, [BIN, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
const rowsOf = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(1, -1).length : 0);
const cellOf = ({ placement, cut, codec, session, links, tiers, repeat }: MeasuredRun) =>
  JSON.stringify([placement, cut, codec, session, links, tiers, repeat]);
const USER = ["--emulation", "user", "--json"];

async function killed(process: ChildProcess, signal: NodeJS.Signals) {
  const ended = once(process, "exit");
  process.kill(signal);
  await ended;
}

describe("measure without rights", () => {
  test("writes a row for each cell and repeat, which reads as measured runs", () => {
    const folder = scenario(
      "placements: [mobile, edge, mobile>edge>cloud]\ncuts: 1\ncodecs: [raw, json]\nsessions: [warm, cold]\nlinks: { mobile>edge: { bandwidth: [4 Mbit/s, 40 Mbit/s] } }\nrepeats: 2",
    );
    const { status, stderr, json } = tierwise(["measure", "s.yaml", "-o", "runs.csv", ...USER], folder);
    expect(stderr).not.toMatch(/error/);
    expect(status).toBe(0);
    const cells = 2 + 8 + 8;
    expect(json()).toMatchObject({ runs: 2 * cells, failed: 0, skipped: 0, file: "runs.csv", emulation: "user" });
    const { runs } = readRuns(path.join(folder, "runs.csv"));
    expect(runs).toHaveLength(2 * cells);
    expect(new Set(runs.map(cellOf)).size).toBe(2 * cells);
    for (const { placement, latency_s, stages, bytes, links, session, codec } of runs) {
      const spent = Object.values(stages).reduce((sum, seconds) => sum + seconds, 0);
      expect(spent).toBeLessThanOrEqual(latency_s! * 1.01 + 1e-4);
      expect("mobile_load" in stages).toBe(session === "cold" && placement !== "edge");
      if (placement === "mobile") expect(codec).toBeUndefined();
      else {
        const { bandwidth_bps, delay_s } = links["mobile>edge"]!;
        const shaped = ((bytes["mobile>edge"]! + bytes["edge>mobile"]!) * 8) / bandwidth_bps! + 2 * delay_s!;
        expect(stages.mobile_edge_transfer).toBeGreaterThanOrEqual(shaped * 0.999);
      }
    }
    // Every cell is run once before any is run again.
    expect(runs.map(({ repeat }) => repeat)).toEqual([...Array(cells).fill(0), ...Array(cells).fill(1)]);
    expect(readdirSync(folder).sort()).toEqual(["runs.csv", "s.yaml", "t.yaml"]);
  });

  test("goes on with cells whose medians are not known well enough, and with no others", () => {
    const folder = scenario("placements: [mobile, edge]\nrepeats: 6\nuntil: { precision: 1.0e-6, repeats: 8 }");
    const file = path.join(folder, "runs.csv");
    const countsOf = () => {
      const { runs } = readRuns(file);
      return ["mobile", "edge"].map((placement) => runs.filter((run) => run.placement === placement).length);
    };
    expect(tierwise(["measure", "s.yaml", "-o", "runs.csv", ...USER], folder).json()).toMatchObject({
      runs: 16,
      repeats: 6,
      most_repeats: 8,
    });
    expect(countsOf()).toEqual([8, 8]);
    const [head, ...rows] = readFileSync(file, "utf8").trimEnd().split("\n");
    const column = (name: string) => head!.split(",").indexOf(name);
    // One placement scatters no more, and has two runs less.
    const edited = rows.flatMap((row) => {
      const values = row.split(",");
      if (values[column("placement")] === "edge") return [row];
      if (Number(values[column("repeat")]) >= 6) return [];
      return [values.with(column("latency_s"), "0.01").join(",")];
    });
    writeFileSync(file, `${[head, ...edited].join("\n")}\n`);
    const later = scenario("placements: [mobile, edge]\nrepeats: 6\nuntil: { precision: 1.0e-6, repeats: 10 }");
    writeFileSync(path.join(folder, "s.yaml"), readFileSync(path.join(later, "s.yaml")));
    expect(tierwise(["measure", "s.yaml", "-o", "runs.csv", ...USER], folder).json()).toMatchObject({
      runs: 2,
      skipped: 14,
      most_repeats: 10,
    });
    expect(countsOf()).toEqual([6, 10]);
  });

  test("killed at any moment and run again, it has each cell and repeat exactly once", async () => {
    const folder = scenario("placements: [mobile, edge, mobile>edge]\ncuts: 2\nsessions: [warm, cold]\nrepeats: 6");
    const file = path.join(folder, "runs.csv");
    const args = ["measure", "s.yaml", "-o", "runs.csv", ...USER];
    for (const [least, signal] of [
      [3, "SIGKILL"],
      [9, "SIGTERM"],
      [15, "SIGKILL"],
    ] as const) {
      const running = start(args, folder);
      while (running.exitCode === null && rowsOf(file) < least) await sleep(5);
      await killed(running, signal);
    }
    const kept = rowsOf(file);
    expect(kept).toBeGreaterThanOrEqual(15);
    const text = readFileSync(file, "utf8");
    // What a kill in the middle of a line would leave.
    writeFileSync(file, `${text}fmnist_resnet,identity,mobi`);
    const { status, json } = tierwise(args, folder);
    expect(status).toBe(0);
    expect(json()).toMatchObject({ runs: 48 - kept, failed: 0, skipped: kept });
    const { runs } = readRuns(file);
    expect(readFileSync(file, "utf8").startsWith(text)).toBe(true);
    expect(runs).toHaveLength(48);
    expect(new Set(runs.map(cellOf)).size).toBe(48);
    expect(tierwise(args, folder).json()).toMatchObject({ runs: 0, skipped: 48 });
  }, 120_000);

  test.skipIf(os.platform() !== "linux")(
    "a tier that is killed is a row that says so, is started again, and all else is measured",
    async () => {
      const folder = scenario("placements: [edge]\nlinks: { mobile>edge: { bandwidth: 200 kbit/s } }\nrepeats: 6");
      const file = path.join(folder, "runs.csv");
      const running = start(["measure", "s.yaml", "-o", "runs.csv", ...USER], folder);
      const said: Buffer[] = [];
      running.stdout.on("data", (bytes: Buffer) => said.push(bytes));
      while (running.exitCode === null && rowsOf(file) < 2) await sleep(5);
      await sleep(100);
      for (const pid of agentsOf(running.pid!)) process.kill(pid, "SIGKILL");
      const [code] = running.exitCode === null ? await once(running, "exit") : [running.exitCode];
      expect(code).toBe(0);
      const { failed, runs } = JSON.parse(Buffer.concat(said).toString());
      expect(runs).toBe(6);
      expect(failed).toBeGreaterThanOrEqual(1);
      expect(failed).toBeLessThan(6);
      const broken = readRuns(file).runs.filter(({ error }) => error !== undefined);
      expect(broken).toHaveLength(failed);
      for (const { latency_s, error } of broken) {
        expect(latency_s).toBeNull();
        expect(error).toMatch(/50[24].*tier "(mobile|edge)"|testbed/);
      }
      const again = ["measure", "s.yaml", "-o", "runs.csv", "--retry-failed", ...USER];
      expect(tierwise(again, folder).json()).toMatchObject({ runs: failed, failed: 0, skipped: 6 - failed });
    },
  );

  test("open streams have a row for each request, and a stream that was cut short is run again", async () => {
    const folder = scenario("placements: [edge]\nrates: [closed, 40]\nrequests: 30\nrepeats: 1\nstolen_at_most: 1");
    const args = ["measure", "s.yaml", "-o", "runs.csv", ...USER];
    expect(tierwise(args, folder).json()).toMatchObject({ runs: 31, failed: 0 });
    const file = path.join(folder, "runs.csv");
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const { runs } = readRuns(file);
    const stream = runs.filter(({ rate }) => rate === 40);
    expect(stream.map(({ request }) => request)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    for (const { latency_s, processor_s, stolen_s } of stream) {
      expect(latency_s!).toBeGreaterThan(0.006);
      expect(processor_s!.edge).toBeGreaterThan(0);
      if (process.platform === "linux") expect(stolen_s!.edge).toBeGreaterThanOrEqual(0);
    }
    const of = (line: string) => line.split(",")[6] === "40";
    writeFileSync(file, `${[...lines.filter((line) => !of(line)), ...lines.filter(of).slice(0, 7)].join("\n")}\n`);
    expect(tierwise(args, folder).json()).toMatchObject({ runs: 30, skipped: 1 });
    expect(readRuns(file).runs).toHaveLength(31);
  });

  test("tiers may run elsewhere, as agents with a token", async () => {
    const models = path.dirname(fixture("x"));
    const edge = spawn(process.execPath, [BIN, "agent", "--port", "0", "--models", models, "--json"], {
      env: { ...process.env, TIERWISE_TOKEN: "secret" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(() => void edge.kill("SIGKILL"));
    const { url, token_required } = JSON.parse(String((await once(edge.stdout!, "data"))[0]));
    expect(token_required).toBe(true);
    const measure = (token: string) =>
      scenario(`placements: [mobile>edge]\ncuts: 1\nrepeats: 2\nagents: { edge: { url: "${url}", token: ${token} } }`);
    const { json } = tierwise(["measure", "s.yaml", "-o", "runs.csv", "--json"], measure("secret"));
    expect(json()).toMatchObject({ runs: 2, failed: 0, emulation: "user" });
    const refused = tierwise(["measure", "s.yaml", "-o", "runs.csv", "--json"], measure("wrong"));
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/error: tier "edge" refused \(401\).*token/);
    const ended = once(edge, "exit");
    edge.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  });

  const MISTAKES: readonly (readonly [string, string, RegExp])[] = [
    ["a model that is not there", "x: 1", /unknown field "x"/],
    ["an unknown cut", "cuts: [nowhere]", /has none of them/],
    [
      "an unknown shape",
      `models: [${fixture("fmnist_resnet.onnx")}]`,
      /s\.yaml: measure: models: .*fmnist_resnet\.onnx: input 'image' has free dimensions.*shapes: \{ image: /,
    ],
    [
      "an unreachable agent",
      "agents: { edge: { url: 'http://127.0.0.1:9' } }",
      /tier "edge" cannot be reached.*nothing listens/,
    ],
  ];
  test.each(MISTAKES)("%s is said before anything is measured", (_, measure, says) => {
    const { status, stderr } = tierwise(["measure", "s.yaml", "-o", "runs.csv", ...USER], scenario(measure));
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(2);
  });

  test("a table of something else is refused, and one that is being written too", async () => {
    const folder = scenario("placements: [mobile]");
    writeFileSync(path.join(folder, "other.csv"), "a,b\n");
    const other = tierwise(["measure", "s.yaml", "-o", "other.csv", ...USER], folder);
    expect(other.status).toBe(2);
    expect(other.stderr).toMatch(/other\.csv is a table of something else/);
    writeFileSync(path.join(folder, ".runs.csv.lock"), ownerName());
    const locked = tierwise(["measure", "s.yaml", "-o", "runs.csv", ...USER], folder);
    expect(locked.status).toBe(2);
    expect(locked.stderr).toMatch(/being written by another/);
  });
});

/** Processes that a process started, without those of the relays: the tiers. */
function agentsOf(parent: number): number[] {
  const { stdout } = spawnSync("ps", ["-o", "pid=,args=", "--ppid", String(parent)], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => line.includes("agentprocess"))
    .map((line) => Number.parseInt(line, 10));
}

const possible = kernelPossible();
if (!possible)
  console.warn("SKIPPED: emulation by the kernel needs root on Linux, network namespaces, tbf and cgroups.");

function kernelPossible(): boolean {
  if (os.platform() !== "linux" || process.getuid?.() !== 0) return false;
  const name = `${ownerName()}-probe`;
  const made = spawnSync("ip", ["netns", "add", name]).status === 0;
  const shaped =
    made &&
    spawnSync("tc", [
      "-n",
      name,
      "qdisc",
      "add",
      "dev",
      "lo",
      "root",
      "tbf",
      "rate",
      "1mbit",
      "burst",
      "5kb",
      "limit",
      "1mb",
    ]).status === 0;
  if (made) spawnSync("ip", ["netns", "del", name]);
  return shaped && existsSync("/sys/fs/cgroup");
}

describe.skipIf(!possible)("measure with the kernel's help", () => {
  // Others may be measuring on this machine: what is theirs has an owner.
  const leftovers = () =>
    ["/run/netns", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup", os.tmpdir()]
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder).filter(isLeftover));
  const KERNEL = ["--emulation", "kernel", "--json"];

  test("links and quotas are kept, and nothing stays behind", () => {
    const folder = scenario(
      "placements: [edge]\nlinks: { mobile>edge: { bandwidth: [1 Mbit/s, 40 Mbit/s] } }\ntiers: { edge: { cpus: [0.2, 1], cores: '0' } }\nrepeats: 2",
    );
    const { status, json, stderr } = tierwise(["measure", "s.yaml", "-o", "runs.csv", ...KERNEL], folder);
    expect(stderr).not.toMatch(/NOTE/);
    expect(status).toBe(0);
    expect(json()).toMatchObject({ runs: 8, failed: 0, emulation: "kernel" });
    const { runs } = readRuns(path.join(folder, "runs.csv"));
    for (const { stages, links, bytes } of runs) {
      const { bandwidth_bps, delay_s } = links["mobile>edge"]!;
      // The least bucket that the kernel can do with is let off.
      const shaped = ((bytes["mobile>edge"]! - 3200) * 8) / bandwidth_bps! + 2 * delay_s!;
      expect(stages.mobile_edge_transfer).toBeGreaterThanOrEqual(shaped);
    }
    expect(new Set(runs.map(({ tiers }) => tiers.edge!.cpus))).toEqual(new Set([0.2, 1]));
    expect(leftovers()).toEqual([]);
  });

  test("what a killed measurement leaves is gone after the next one; a terminated one leaves nothing", async () => {
    const folder = scenario("placements: [edge]\nrepeats: 40\ntiers: { edge: { cpus: 0.5 } }");
    const file = path.join(folder, "runs.csv");
    const args = ["measure", "s.yaml", "-o", "runs.csv", ...KERNEL];
    const first = start(args, folder);
    while (first.exitCode === null && rowsOf(file) < 2) await sleep(5);
    await killed(first, "SIGKILL");
    expect(leftovers().length).toBeGreaterThan(0);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const next = start(args, folder);
      const before = rowsOf(file);
      while (next.exitCode === null && rowsOf(file) < before + 2) await sleep(5);
      await killed(next, signal);
      expect(next.exitCode).toBe(signal === "SIGINT" ? 130 : 143);
      expect(leftovers()).toEqual([]);
    }
    const { json } = tierwise(args, folder);
    expect(json().runs + json().skipped).toBe(40);
    expect(json().failed).toBe(0);
    expect(leftovers()).toEqual([]);
  }, 120_000);

  test("a full disk keeps what there was, says so, and is gone on from", () => {
    const folder = scenario("placements: [mobile, edge]\nrepeats: 50");
    const disk = path.join(folder, "disk");
    mkdirSync(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", disk]).status === 0;
    if (!mounted) {
      console.warn("SKIPPED: no file system can be mounted here, and so none can be filled.");
      return;
    }
    onTestFinished(() => void spawnSync("umount", [disk]));
    const args = ["measure", "s.yaml", "-o", "disk/runs.csv", ...USER];
    const full = tierwise(args, folder);
    expect(full.status).toBe(2);
    expect(full.stderr).toMatch(/error: cannot write disk\/runs\.csv: the disk is full.*kept/);
    const kept = readRuns(path.join(disk, "runs.csv")).runs.length;
    expect(kept).toBeGreaterThan(0);
    spawnSync("mount", ["-o", "remount,size=1m", disk]);
    expect(tierwise(args, folder).json()).toMatchObject({ runs: 100 - kept, failed: 0, skipped: kept });
  });
});
