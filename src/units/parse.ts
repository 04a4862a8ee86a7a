import type { Unit } from "mathjs";
import mathjs from "mathjs/lib/browser/math.js";
import { Problem } from "../formats/problem.ts";

const { create, createUnitDependencies, unitDependencies } = mathjs;

// An instance of its own, so that the units added here do not show in other users of mathjs.
const math = create({ createUnitDependencies: createUnitDependencies!, unitDependencies: unitDependencies! });
// mathjs knows "bit" without prefixes only, and no "bps" at all; networks are specified in both.
math.createUnit("bit", { definition: "1 b", prefixes: "binary_short" }, { override: true });
math.createUnit("bps", { definition: "1 b/s", prefixes: "binary_short" });

/** The kinds of quantity that files and options hold, each with its SI unit and an example to show. */
const KINDS = {
  bandwidth: { unit: "bit/s", example: "50 Mbit/s" },
  duration: { unit: "s", example: "20 ms" },
  size: { unit: "B", example: "4 GiB" },
  power: { unit: "W", example: "5 W" },
  energy: { unit: "J", example: "2 J" },
  "energy per size": { unit: "J/B", example: "50 nJ/B" },
} as const;
export type QuantityKind = keyof typeof KINDS;

/**
 * Reads a quantity written by a person: a number with a unit (`50 Mbit/s`, `20 ms`, `4 GiB`, `200 kB`), or a plain
 * number in the SI unit of its kind. Prefixes are SI (k, M, G) or IEC (Ki, Mi, Gi); `b` and `bit` are bits, `B` bytes.
 *
 * @param what name of the option or field, for the message
 * @returns the quantity in the SI unit of its kind: bit/s, seconds, bytes, watts, joules or joules per byte; finite and not negative
 * @throws Problem when the text is not a quantity, or one of another kind
 */
export function parseQuantity(value: string | number, kind: QuantityKind, what: string = kind): number {
  const read = readQuantity(value, [kind]);
  if ("fault" in read) throw new Problem(`${what}: ${read.fault}`);
  return read.amount;
}

/** What {@link readQuantity} found: an amount in the SI unit of its kind, or what is wrong with the text. */
export type Reading = { kind: QuantityKind; amount: number } | { fault: string };

/**
 * Like {@link parseQuantity}, for callers that word errors themselves and accept any of several kinds. A plain number
 * is of the first kind.
 */
export function readQuantity(value: string | number, kinds: readonly [QuantityKind, ...QuantityKind[]]): Reading {
  const wanted = kinds
    .map((kind) => `write e.g. ${KINDS[kind].example}`)
    .join(" or ")
    .replace(/ or write/g, " or");
  const found = typeof value === "number" ? { kind: kinds[0], amount: value } : readText(value, kinds);
  if ("fault" in found) return { fault: `${found.fault}; ${wanted}` };
  if (!Number.isFinite(found.amount)) return { fault: `'${value}' is not finite; ${wanted}` };
  if (found.amount < 0) return { fault: `'${value}' is negative; ${wanted}` };
  return found;
}

function readText(text: string, kinds: readonly [QuantityKind, ...QuantityKind[]]): Reading {
  const trimmed = text.trim();
  if (trimmed !== "" && !Number.isNaN(Number(trimmed))) return { kind: kinds[0], amount: Number(trimmed) };
  let parsed: Unit;
  try {
    // mathjs writes the prefix micro as u; people also write it as either of Unicode's two letters mu.
    parsed = math.unit(trimmed.replace(/[\u00b5\u03bc]/g, "u"));
  } catch (error) {
    const unit = /^Unit "(.*)" not found/.exec((error as Error).message)?.[1];
    const unknown = /^[-+]?[\d.]/.test(trimmed) && unit !== undefined ? `: no unit is called '${unit}'` : "";
    return { fault: `'${text}' is not a quantity${unknown}` };
  }
  // A unit without a number ("ms") parses, with null for its value.
  if (parsed.toJSON().value === null) return { fault: `'${text}' has no number` };
  const kind = kinds.find((candidate) => parsed.equalBase(math.unit(KINDS[candidate].unit)));
  if (kind === undefined) return { fault: `'${text}' is not a ${kinds.join(" or ")}` };
  return { kind, amount: parsed.toNumber(KINDS[kind].unit) };
}
