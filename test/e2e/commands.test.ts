import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { simulationSchema } from "../../src/formats/simulation.ts";
import { fixture, freshFolder, tierwise } from "./tierwise.ts";

const RESNET = fixture("fmnist_resnet.onnx");
const SHAPE = ["--shape", "image=1x1x28x28"];
const folder = freshFolder();

test("a reader that goes before it has all gets no stack trace", async () => {
  const running = spawn(process.execPath, [path.resolve("bin/tierwise.js"), "--help"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.stdout.destroy();
  let said = "";
  running.stderr.on("data", (chunk: Buffer) => (said += chunk));
  const [status] = await once(running, "close");
  expect(said).toBe("");
  expect(status).toBe(0);
});

describe("from model to report", () => {
  const inspected = tierwise(["inspect", RESNET, ...SHAPE, "--json"]).json();

  test("inspect lists nodes, kernels and cuts", () => {
    expect(inspected.nodes).toHaveLength(52);
    expect(inspected.parameters).toBe(271402);
    expect(inspected.kernels.length).toBeGreaterThan(10);
    expect(inspected.kernels.length).toBeLessThan(52);
    expect(inspected.cuts).toHaveLength(51);
    expect(inspected.cuts[0].bytes).toBe(16 * 28 * 28 * 4);
  });

  test("split writes parts that give the whole's outputs", async () => {
    const cut = inspected.cuts[25].id;
    const { status, json } = tierwise([
      "split",
      RESNET,
      ...SHAPE,
      "--cut",
      cut,
      "-o",
      path.join(folder, "parts"),
      "--json",
    ]);
    expect(status).toBe(0);
    expect(json().cut).toBe(cut);
    const image = new ort.Tensor(
      "float32",
      Float32Array.from({ length: 784 }, (_, i) => (i % 17) / 17),
      [1, 1, 28, 28],
    );
    const [whole, head, tail] = await Promise.all(
      [RESNET, json().head, json().tail].map((file) => ort.InferenceSession.create(file)),
    );
    const crossing = await head!.run({ image });
    const chained = await tail!.run(crossing);
    const expected = await whole!.run({ image });
    expect(Array.from(chained.logits!.data as Float32Array)).toEqual(
      Array.from(expected.logits!.data as Float32Array, (value) => expect.closeTo(value, 3)),
    );
  });

  test("profile, once measured, is reused, and predicts, and reports", () => {
    const first = tierwise(["profile", RESNET, ...SHAPE, "--budget", "2", "-o", "profiles", "--json"], folder);
    expect(first.stderr).not.toContain("error");
    expect(first.status).toBe(0);
    const [made] = first.json().profiles;
    expect(made.median_s).toBeGreaterThan(0);
    expect(made.cuts).toBe(51);
    expect(made.reused).toBe(false);
    expect(readdirSync(path.join(folder, "profiles"))).toEqual([path.basename(made.file)]);

    const again = tierwise(["profile", RESNET, ...SHAPE, "-o", "profiles", "--json"], folder).json().profiles[0];
    expect(again).toEqual({ ...made, reused: true });
    const kept = path.join(folder, made.file);
    const document = JSON.parse(readFileSync(kept, "utf8"));
    const reuse = (settings: object) => {
      writeFileSync(kept, JSON.stringify({ ...document, settings: { ...document.settings, ...settings } }));
      return tierwise(["profile", RESNET, ...SHAPE, "-o", "profiles", "--json"], folder).stderr;
    };
    expect(reuse({ load_average: 2 * document.host.cores, converged: true })).toMatch(
      /taken from .*\n.*the machine was busy/,
    );
    expect(reuse({ load_average: 0, converged: true })).not.toMatch(/machine was busy|budget was spent/);
    expect(reuse({ load_average: 0, converged: false, relative_ci: 0.031 })).toContain(
      "the budget was spent when times were known to ±3.10 %",
    );
    writeFileSync(kept, JSON.stringify(document));

    const { predictions } = tierwise(["predict", made.file, "--cut", "all", "--json"], folder).json();
    expect(predictions).toHaveLength(3 + 3 * 51);
    for (const { latency_s, low_s, high_s, stages } of predictions) {
      expect(low_s).toBeLessThanOrEqual(latency_s);
      expect(high_s).toBeGreaterThanOrEqual(latency_s);
      const sum = stages.reduce((total: number, { seconds }: { seconds: number }) => total + seconds, 0);
      expect(sum).toBeCloseTo(latency_s, 9);
    }
    expect(tierwise(["predict", made.file], folder).stdout).toContain("mobile>edge");

    const report = tierwise(
      ["report", made.file, "-o", "out/r.html", "--svg", "--png", "--vega-lite", "--json"],
      folder,
    ).json();
    expect(readFileSync(path.join(folder, report.file), "utf8")).toContain("<!doctype html>");
    expect(report.charts.length).toBeGreaterThanOrEqual(12);
    for (const chart of report.charts) expect(statSync(path.join(folder, chart)).size).toBeGreaterThan(500);
  }, 120_000);

  test.each(["profile", "topology", "prediction", "report", "dataset", "variants", "provenance"])(
    "schema %s is a JSON Schema",
    (name) => {
      expect(tierwise(["schema", name]).json().$schema).toContain("json-schema.org");
    },
  );

  test("the shipped profile of the default model predicts at once", () => {
    const shipped = readdirSync("profiles").filter((name) => name.endsWith(".json"));
    expect(shipped.length).toBeGreaterThan(0);
    const { predictions } = tierwise(["predict", path.resolve("profiles", shipped[0]!), "--json"]).json();
    expect(predictions[0].latency_s).toBeGreaterThan(0);
  });
});

test("every command's help has an example", () => {
  for (const command of [
    "tour",
    "inspect",
    "profile",
    "predict",
    "plan",
    "simulate",
    "apply",
    "split",
    "report",
    "schema",
    "evaluate",
    "zoo",
    "agent",
    "measure",
    "whatif",
    "sweep",
    "serve",
    "calibrate",
    "validate",
    "device",
  ]) {
    const { status, stdout } = tierwise([command, "--help"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}\$ tierwise/);
  }
});

test("a killed profile is picked up where it stopped", async () => {
  const cwd = freshFolder();
  const args = ["profile", RESNET, ...SHAPE, "--budget", "1", "-o", ".", "--json"];
  const killed = spawn(process.execPath, [path.resolve("bin/tierwise.js"), ...args], { cwd, stdio: "ignore" });
  const ended = once(killed, "exit");
  const journal = () => readdirSync(cwd).find((name) => name.endsWith(".partial"));
  const lines = () => readFileSync(path.join(cwd, journal()!), "utf8").trimEnd().split("\n");
  while (killed.exitCode === null && !(journal() && lines().length > 5)) await setTimeout(5);
  killed.kill("SIGKILL");
  await ended;
  expect(readdirSync(cwd)).toEqual([journal()]);
  const kept = lines().length;
  expect(kept).toBeGreaterThan(5);

  const done = tierwise(args, cwd);
  expect(done.status).toBe(0);
  expect(done.json().profiles[0].cuts).toBe(51);
  expect(readdirSync(cwd)).toEqual([done.json().profiles[0].file]);
}, 60_000);

describe("simulate", () => {
  test("answers for a shipped scenario, the same for the same seed, with a trace to look at", () => {
    const args = ["simulate", "receipts-at-the-till", "--requests", "4000", "--json"];
    const { status, stdout, json, cwd } = tierwise([...args, "--seed", "7", "--trace", "trace.json"]);
    expect(status).toBe(0);
    const { success, error } = simulationSchema.safeParse(json());
    expect(error?.issues).toBeUndefined();
    expect(success).toBe(true);
    const { latency_s, classes, requests } = json();
    expect(requests).toBe(4000);
    for (const name of ["mean", "p50", "p95", "p99"]) {
      expect(latency_s[name].low).toBeLessThanOrEqual(latency_s[name].value);
      expect(latency_s[name].high).toBeGreaterThanOrEqual(latency_s[name].value);
    }
    for (const { unloaded_s, latency_s: own } of classes) expect(own.mean.value).toBeGreaterThan(0.9 * unloaded_s);
    const trace = JSON.parse(readFileSync(path.join(cwd, "trace.json"), "utf8"));
    expect(trace.traceEvents.length).toBeGreaterThan(400);
    expect(tierwise([...args, "--seed", "7"]).stdout).toBe(stdout);
    expect(tierwise([...args, "--seed", "8"]).stdout).not.toBe(stdout);
  });

  test("prints a table for people", () => {
    const { stdout } = tierwise(["simulate", "receipts-at-the-till", "--requests", "1000"]);
    expect(stdout).toMatch(/till +edge/);
    expect(stdout).toMatch(/medium:wi-fi/);
  });
});
