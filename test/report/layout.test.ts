import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { columns, thinned } from "../../src/report/columns.ts";
import { dodge } from "../../src/report/dodge.ts";
import { shorten, textWidth, wrap } from "../../src/report/text.ts";

const text = fc.string({ unit: "binary", maxLength: 140 });

describe("dodge", () => {
  const wishes = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 12 });

  test.prop([wishes])("keeps labels apart, in the order of their wishes", (wanted) => {
    const places = dodge(wanted, 14, 0, 100);
    const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!);
    for (const [index, label] of order.entries()) {
      if (index > 0) expect(places[label]! - places[order[index - 1]!]!).toBeGreaterThanOrEqual(14 - 1e-9);
    }
  });

  test.prop([fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 7 })])("stays inside", (wanted) => {
    for (const place of dodge(wanted, 14, 0, 100)) {
      expect(place).toBeGreaterThanOrEqual(-1e-9);
      expect(place).toBeLessThanOrEqual(100 + 1e-9);
    }
  });

  test("moves nothing that is apart already", () => {
    expect(dodge([80, 10, 40], 14, 0, 100)).toEqual([80, 10, 40]);
  });
});

describe("columns", () => {
  const graph = fc
    .integer({ min: 1, max: 1500 })
    .chain((nodes) =>
      fc.tuple(fc.constant(nodes), fc.uniqueArray(fc.integer({ min: 0, max: nodes }), { maxLength: 100 })),
    );

  test.prop([graph])("lie side by side inside the plot, on whole pixels", ([nodes, positions]) => {
    const width = 500;
    const items = thinned(
      positions.map((position) => ({ position })),
      nodes,
      100,
      () => 0,
    );
    const cells = columns(items, nodes, width);
    for (const [index, { left, right }] of cells.entries()) {
      const [from, to] = [(left * width) / nodes, (right * width) / nodes];
      expect(from).toBeCloseTo(Math.round(from), 6);
      expect(to - from).toBeGreaterThan(0.5);
      expect(from).toBeGreaterThanOrEqual(-1e-6);
      const next = cells[index + 1];
      if (next) expect(left).toBeLessThanOrEqual(next.left);
    }
  });

  test("keep the item of least cost when there are too many", () => {
    const items = Array.from({ length: 700 }, (_, position) => ({ position, cost: (position * 37) % 701 }));
    const few = thinned(items, 700, 100, ({ cost }) => cost);
    expect(few).toHaveLength(100);
    expect(few.some(({ cost }) => cost === 0)).toBe(true);
  });
});

describe("text", () => {
  test.prop([text, fc.integer({ min: 20, max: 300 })])("is shortened to its room", (name, room) => {
    const shorter = shorten(name, room, 11);
    expect(textWidth(shorter, 11)).toBeLessThanOrEqual(room);
    if (textWidth(name, 11) <= room) expect(shorter).toBe(name);
  });

  test.prop([text, fc.integer({ min: 40, max: 300 })])("is wrapped without losing anything", (paragraph, room) => {
    const lines = wrap(paragraph, room, 11);
    expect(lines.join("").replace(/\s/g, "")).toBe(paragraph.replace(/\s/g, ""));
    for (const line of lines) expect(textWidth(line, 11)).toBeLessThanOrEqual(room);
  });

  test("keeps both ends of a name, and numbers with their units", () => {
    expect(shorten("/model/layers.17/attention/MatMul_output_0", 150, 11)).toMatch(/^\/model.*….*output_0$/);
    expect(wrap("it takes 203 ms", textWidth("it takes 203", 11), 11)).toEqual(["it takes", "203 ms"]);
  });
});
