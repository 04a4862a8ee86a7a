import { z } from "zod";
import { type QuantityKind, readQuantity } from "../units/index.ts";

/**
 * A quantity as a person writes it, of one of several kinds; a plain number is in the SI unit of the first. The JSON
 * Schema says the kinds as `x-quantity`, so that whatever reads it knows which fields have units.
 */
export function quantityOf(kinds: readonly [QuantityKind, ...QuantityKind[]], description: string, example: string) {
  return z
    .union([z.number(), z.string()], {
      error: ({ input }) =>
        input === undefined ? "is missing" : `'${input}' is not a quantity; write e.g. ${example}`,
    })
    .transform((value, context) => {
      const reading = readQuantity(value, kinds);
      if (!("fault" in reading)) return reading;
      context.issues.push({ code: "custom", message: reading.fault, input: value });
      return z.NEVER;
    })
    .meta({ description: `${description}; such as "${example}"`, "x-quantity": kinds });
}

/** Seconds, written as a duration. */
export const seconds = (description: string, example: string) =>
  quantityOf(["duration"], description, example).transform(({ amount }) => amount);

/** Bit/s above zero, written as a bandwidth. */
export const bitsPerSecond = (description: string) =>
  quantityOf(["bandwidth"], description, "50 Mbit/s").transform(({ amount }) => amount);
