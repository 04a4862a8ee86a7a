import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { deviceSchema } from "../../src/formats/device.ts";
import { profileSchema } from "../../src/formats/profile.ts";
import { fixture, freshFolder, tierwise } from "./tierwise.ts";

const folder = freshFolder();
const TINY = ["--budget", "1", "--passes", "1", "--every", "12"];
const MODEL = fixture("fmnist_resnet.onnx");
const SHAPE = ["--shape", "image=1x1x28x28"];

describe("devices, from bench to prediction", () => {
  test("device bench measures micro-kernels on the native runtime", { timeout: 240_000 }, () => {
    const { status, stderr, json } = tierwise(["device", "bench", ...TINY, "-o", "here.json", "--json"], folder);
    expect(stderr).not.toContain("error");
    expect(status).toBe(0);
    const device = deviceSchema.parse(json());
    expect(device).toEqual(deviceSchema.parse(JSON.parse(readFileSync(path.join(folder, "here.json"), "utf8"))));
    expect(device.bench!.threads).toBe(1);
    expect(device.bench!.kernels.length).toBeGreaterThan(60);
    const kinds = new Set(device.bench!.kernels.map(({ kind }) => kind));
    for (const kind of ["conv", "depthwise", "matmul", "qconv", "unary:Relu"]) expect(kinds).toContain(kind);
    expect(device.peak_flops_per_s.float32!.value).toBeGreaterThan(1e8);
    if (device.cores!.value > 1) expect(device.thread_scaling![0]).toEqual({ threads: 1, speedup: 1 });
    expect(existsSync(path.join(folder, ".here.json.partial"))).toBe(false);
  });

  test("device bench measures the WebAssembly runtime, which has kernels of its own", { timeout: 240_000 }, () => {
    const { status, json } = tierwise(
      ["device", "bench", ...TINY, "--runtime", "wasm", "-o", "wasm.json", "--json"],
      folder,
    );
    expect(status).toBe(0);
    const device = deviceSchema.parse(json());
    expect(device.bench!.host.runtime).toContain("onnxruntime-web");
    const kinds = device.bench!.kernels.map(({ kind }) => kind);
    expect(kinds).toContain("conv");
    // The blocked layout is the native runtime's alone.
    expect(kinds.filter((kind) => kind.startsWith("reorder:Reorder"))).toEqual([]);
  });

  test("a profile moves to the other runtime, to a variant, and to a device of the catalogue", {
    timeout: 240_000,
  }, () => {
    const made = tierwise(["profile", MODEL, ...SHAPE, "--budget", "2", "--cuts", "3", "-o", ".", "--json"], folder);
    const [{ file }] = made.json().profiles;
    const transfer = (...to: string[]) =>
      tierwise(["device", "transfer", file, "--from", "here.json", ...to, "--json"], folder);

    const wasm = transfer("--to", "wasm.json", "-o", "on-wasm.json");
    expect(wasm.status).toBe(0);
    expect(wasm.json()).toMatchObject({ method: "bench", file: "on-wasm.json" });
    const profile = profileSchema.parse(JSON.parse(readFileSync(path.join(folder, "on-wasm.json"), "utf8")));
    const reorders = profile.kernels.filter(({ op }) => op.includes("nchwc.Reorder"));
    expect(reorders.every(({ median_s }) => median_s === 0)).toBe(true);

    const variant = path.join(folder, "sptq.onnx");
    expect(tierwise(["apply", "sptq", MODEL, ...SHAPE, "--twin", "-o", variant], folder).status).toBe(0);
    const planned = transfer("--variant", variant, ...SHAPE, "--cuts", "3", "-o", "int8.json");
    expect(planned.stderr).not.toContain("error");
    expect(planned.json()).toMatchObject({ method: "bench", from_model: "fmnist_resnet", model: "sptq" });
    const integers = profileSchema.parse(JSON.parse(readFileSync(path.join(folder, "int8.json"), "utf8")));
    expect(integers.kernels.some(({ op, median_s }) => op.includes("QLinearConv") && median_s > 0)).toBe(true);

    const pi = transfer("--to", "raspberry-pi-5", "-o", "on-a-pi.json");
    expect(pi.json()).toMatchObject({ method: "catalogue", to: "raspberry-pi-5" });
    expect(pi.json().low_s).toBeLessThan(pi.json().median_s);
    expect(pi.json().median_s).toBeLessThan(pi.json().high_s);

    const predicted = tierwise(
      ["predict", "on-a-pi.json", "--topology", "mobile-edge-cloud", "--placement", "mobile", "--json"],
      folder,
    );
    expect(predicted.status).toBe(0);
  });

  test("what is not known is refused, with what to do", () => {
    const file = path.join(folder, "none.json");
    writeFileSync(
      file,
      JSON.stringify({ format: "tierwise/device", version: 1, name: "none", title: "None", kind: "gpu" }),
    );
    const profiles = tierwise(
      ["profile", MODEL, ...SHAPE, "--budget", "1", "--cuts", "3", "-o", ".", "--json"],
      folder,
    );
    const [{ file: profile }] = profiles.json().profiles;
    for (const [to, message] of [
      ["coral-edge-tpu", "its peak rate in float32 is unknown"],
      ["none.json", "its peak rate in float32 is unknown"],
      ["aws-c6i-large", "its memory bandwidth is unknown"],
      ["rapsberry-pi-5", 'did you mean "raspberry-pi-5"?'],
    ] as const) {
      const { status, stderr } = tierwise(
        ["device", "transfer", profile, "--from", "here.json", "--to", to, "-o", "x.json"],
        folder,
      );
      expect(status).toBe(2);
      expect(stderr).toContain(message);
    }
    expect(tierwise(["device", "bench", "--runtime", "wasm", "--threads", "2"], folder).status).toBe(2);
  });

  test("list and show say what is known, and what is not", () => {
    const { devices } = tierwise(["device", "list", "--json"]).json();
    expect(devices.length).toBeGreaterThanOrEqual(20);
    const shown = tierwise(["device", "show", "hailo-8"]);
    expect(shown.stdout).toMatch(/memory bandwidth\s+unknown/);
    expect(shown.stdout).toContain("cnx-software");
  });
});
