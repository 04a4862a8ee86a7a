import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";

const document = readFileSync(new URL("../../docs/simulator.md", import.meta.url), "utf8");
const examples = [...document.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
const file = fileURLToPath(new URL("./example.generated.ts", import.meta.url));
afterEach(() => rmSync(file, { force: true }));

test("the document has both doors", () => expect(examples).toHaveLength(2));

test.each([
  [0, (printed: unknown[]) => (printed[0] as { value: number }).value, 5],
  [1, (printed: unknown[]) => printed[0] as number, 3.2],
] as const)("example %i runs as it stands, and is M/M/1", async (index, figureOf, truth) => {
  writeFileSync(file, examples[index]!.replace('"tierwise"', '"../../src/index.ts"'));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  vi.resetModules();
  await import(/* @vite-ignore */ `${file}?${index}`);
  const printed = log.mock.calls.at(-1)!;
  log.mockRestore();
  expect(Math.abs(figureOf(printed) / truth - 1)).toBeLessThan(0.1);
  expect(printed[1]).toBeCloseTo(0.8, 1);
});
