import { InvalidArgumentError } from "commander";
import { Problem } from "../formats/problem.ts";
import type { RawInputs, Shapes } from "../profiler/index.ts";
import { openFile } from "../store/index.ts";

/** Collects a repeatable option. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

/** @throws InvalidArgumentError unless the text is a whole number from 1 on. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
}

/** @throws InvalidArgumentError unless the text is a whole number from 0 on. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError("It must be a whole number from 0 on.");
  return value;
}

/** @throws InvalidArgumentError unless the text is a whole number from 0 to 2³² − 1. */
export function seedNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0 || value >= 2 ** 32)
    throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
  return value;
}

/** @throws InvalidArgumentError unless the text is a positive number. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

/** @throws InvalidArgumentError unless the text is a whole number from 0 to 65535. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (text.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
  return port;
}

/**
 * Shapes as `--shape NAME=1x3x224x224` gives them. The name is all before the last `=`.
 * @throws Problem when one is malformed or given twice.
 */
export function parseShapes(options: readonly string[]): Shapes {
  const shapes: Record<string, number[]> = {};
  for (const option of options) {
    const [name, value] = splitAtLast(option, "=");
    const dimensions = value === "" ? [] : value.split(/[x,]/).map(Number);
    if (name === "" || dimensions.some((size) => !Number.isInteger(size) || size < 1))
      throw new Problem(`--shape ${option}: write NAME=1x3x224x224, with whole dimensions from 1 on.`);
    if (name in shapes) throw new Problem(`--shape: the shape of '${name}' is given twice.`);
    shapes[name] = dimensions;
  }
  return shapes;
}

/**
 * Raw values as `--input NAME=FILE` gives them.
 * @throws Problem when one is malformed or its file cannot be read.
 */
export function readInputs(options: readonly string[]): RawInputs {
  return new Map(
    options.map((option) => {
      const at = option.indexOf("=");
      if (at < 1) throw new Problem(`--input ${option}: write NAME=FILE.`);
      const file = openFile(option.slice(at + 1));
      const bytes = file.read(0, file.length).slice();
      file.close();
      return [option.slice(0, at), bytes] as const;
    }),
  );
}

function splitAtLast(text: string, separator: string): [string, string] {
  const at = text.lastIndexOf(separator);
  return at < 0 ? ["", text] : [text.slice(0, at), text.slice(at + 1)];
}
