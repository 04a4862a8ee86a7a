import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseDevice } from "../../src/formats/device.ts";

const FOLDER = fileURLToPath(new URL("../../devices/", import.meta.url));
const files = readdirSync(FOLDER);
const read = (file: string) => parseDevice(readFileSync(path.join(FOLDER, file), "utf8"), file);

describe("the catalogue", () => {
  test("has devices of every kind, from phones to data centres", () => {
    expect(files.length).toBeGreaterThanOrEqual(20);
    const kinds = new Set(files.map((file) => read(file).kind));
    expect([...kinds].sort()).toEqual([
      ...["desktop", "edge-accelerator", "gpu", "laptop", "phone", "server-cpu", "single-board"],
    ]);
  });

  test.each(files)("%s is called as its file, and every figure has a source", (file) => {
    const device = read(file);
    expect(`${device.name}.yaml`).toBe(file);
    expect(device.bench).toBeUndefined();
    const { peak_flops_per_s, ...rest } = device;
    const figures = [...Object.values(peak_flops_per_s), ...Object.values(rest)].filter(
      (value): value is NonNullable<typeof device.power_w> => typeof value === "object" && "source" in value,
    );
    expect(figures.length).toBeGreaterThan(0);
    for (const figure of figures) {
      expect(figure.source.length).toBeGreaterThan(10);
      expect(figure.measured).toBe(false);
      // Only what was really read has a date.
      expect(figure.date !== undefined).toBe(figure.verified);
    }
  });

  test("a figure without a source, or verified on no day, is refused with its place", () => {
    const text = "{format: tierwise/device, version: 1, name: a, title: A, kind: gpu, power_w: ";
    expect(() => parseDevice(`${text}{value: 5}}`, "a.yaml")).toThrow("a.yaml: power_w.source: is missing");
    expect(() => parseDevice(`${text}{value: 5, source: b}}`, "a.yaml")).toThrow("power_w.date");
    expect(() => parseDevice(`${text}{value: -5, source: b, verified: false}}`, "a.yaml")).toThrow("power_w.value");
  });
});
