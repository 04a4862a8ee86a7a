import { Problem } from "../formats/problem.ts";
import { formatBandwidth, formatDuration, formatSize, type QuantityKind, readQuantity } from "../units/index.ts";
import { type FieldSchema, isInteger, numberShape } from "./fields.ts";
import type { Field } from "./paths.ts";

/** How a field that holds a number is written: in which unit, and whether only whole numbers are. */
export interface NumberField {
  readonly integer: boolean;
  /** Undefined where it has no unit. */
  readonly kind: QuantityKind | undefined;
  /** The least that the field may hold, where the schema says; and whether it is excluded. */
  readonly least: number;
  readonly excludesLeast: boolean;
  readonly most: number;
}

/**
 * @param like a value of the field, where it may have one of several kinds of unit
 * @returns undefined where the field holds no number
 */
export function numberField({ schema }: { readonly schema: FieldSchema }, like?: unknown): NumberField | undefined {
  const shape = numberShape(schema);
  if (!shape) return undefined;
  const kinds = shape["x-quantity"];
  const reading =
    kinds && (typeof like === "string" || typeof like === "number") ? readQuantity(like, kinds) : undefined;
  return {
    integer: isInteger(shape),
    kind: reading && "kind" in reading ? reading.kind : kinds?.[0],
    least: shape.exclusiveMinimum ?? shape.minimum ?? (kinds ? 0 : Number.NEGATIVE_INFINITY),
    excludesLeast: shape.exclusiveMinimum !== undefined,
    most: shape.maximum ?? Number.POSITIVE_INFINITY,
  };
}

/** The number, in SI units, that a field's written value says; undefined where it says none. */
export function amountOf({ schema }: { readonly schema: FieldSchema }, value: unknown): number | undefined {
  const shape = numberShape(schema);
  if (!shape || (typeof value !== "number" && typeof value !== "string")) return undefined;
  const kinds = shape["x-quantity"];
  if (!kinds) return typeof value === "number" ? value : undefined;
  const reading = readQuantity(value, kinds);
  return "amount" in reading ? reading.amount : undefined;
}

/** @throws Problem when the text is no number of the field's kind, in the field's own words */
export function requireAmount(field: Field, value: unknown, what: string): number {
  const amount = amountOf(field, value);
  if (amount !== undefined) return amount;
  const kinds = numberShape(field.schema)?.["x-quantity"];
  if (!kinds) throw new Problem(`${what}: ${JSON.stringify(value)} is not a number`);
  const reading = readQuantity(String(value), kinds);
  throw new Problem(`${what}: ${"fault" in reading ? reading.fault : JSON.stringify(value)}`);
}

const SI: Readonly<Record<QuantityKind, string>> = {
  bandwidth: "bit/s",
  duration: "s",
  size: "B",
  power: "W",
  energy: "J",
  "energy per size": "J/B",
};

/** An amount as a document may hold it: a number where that is understood as this unit, else a text with the unit. */
export function rawAmount(
  field: { readonly schema: FieldSchema },
  kind: QuantityKind | undefined,
  amount: number,
): unknown {
  const kinds = numberShape(field.schema)?.["x-quantity"];
  return kind === undefined || kinds?.[0] === kind ? amount : `${amount} ${SI[kind]}`;
}

/** An amount with all its digits, in its SI unit. */
export const exactAmount = (kind: QuantityKind | undefined, amount: number): string =>
  kind === undefined ? String(amount) : `${amount} ${SI[kind]}`;

/** An amount as people write it. */
export function formatAmount(kind: QuantityKind | undefined, amount: number): string {
  switch (kind) {
    case "bandwidth":
      return formatBandwidth(amount);
    case "duration":
      return formatDuration(amount);
    case "size":
      return formatSize(amount);
    case undefined:
      return String(Number(amount.toPrecision(4)));
    default:
      return `${Number(amount.toPrecision(4))} ${SI[kind]}`;
  }
}
